// Whom the connected users watch: read when a user's first session asks, let go with the last. Nobody else has a list.
import type { UserId } from '@parley/protocol/ids';
import { CONTACTS_MAX_COUNT } from '@parley/protocol/limits';
import type { ContactStore } from '@parley/ports/contact-store';
import { KeyedQueue } from '../account/keyed-queue.ts';
import type { LiveSessions } from '../connection/live-sessions.ts';
import type { PresenceShard } from './presence-shard.ts';

/** Who watches whom, as far as one share of the users is concerned. */
export type Watching = Pick<PresenceShard, 'watch' | 'unwatch'>;

const NOBODY: readonly UserId[] = [];

export class WatchLists {
  readonly #contacts: ContactStore;
  readonly #sessions: LiveSessions;
  readonly #shardOf: (user: UserId) => Watching;
  readonly #lists = new Map<UserId, Set<UserId>>();
  /** What changes or reads one user's list is done one after another. */
  readonly #byUser = new KeyedQueue();

  constructor(parts: {
    contacts: ContactStore;
    sessions: LiveSessions;
    shardOf: (user: UserId) => Watching;
  }) {
    this.#contacts = parts.contacts;
    this.#sessions = parts.sessions;
    this.#shardOf = parts.shardOf;
  }

  /** The user's contacts. From here on their changes come, while the user has a session. */
  load(user: UserId): Promise<readonly UserId[]> {
    return this.#byUser.run(user, async () => {
      const present = this.#lists.get(user);
      if (present !== undefined) return [...present];
      const read = await this.#contacts.contacts(user, undefined, CONTACTS_MAX_COUNT);
      this.#add(user, read);
      return read.length === 0 ? NOBODY : read;
    });
  }

  /** False, and nothing is changed, where the user would have too many. */
  watch(user: UserId, others: readonly UserId[]): Promise<boolean> {
    return this.#byUser.run(user, async () => {
      const isStored = await this.#contacts.watch(user, others, CONTACTS_MAX_COUNT);
      if (isStored) this.#add(user, others);
      return isStored;
    });
  }

  unwatch(user: UserId, others: readonly UserId[]): Promise<void> {
    return this.#byUser.run(user, async () => {
      await this.#contacts.unwatch(user, others);
      const list = this.#lists.get(user);
      for (const other of others) {
        list?.delete(other);
        this.#shardOf(other).unwatch(user, other);
      }
      if (list?.size === 0) this.#lists.delete(user);
    });
  }

  /** The user's last session is gone. */
  left(user: UserId): void {
    for (const other of this.#lists.get(user) ?? []) this.#shardOf(other).unwatch(user, other);
    this.#lists.delete(user);
  }

  /** Undefined for one who watches nobody or is not connected. */
  of(user: UserId): ReadonlySet<UserId> | undefined {
    return this.#lists.get(user);
  }

  /** May be iterated over several turns. */
  all(): Iterable<readonly [UserId, ReadonlySet<UserId>]> {
    return this.#lists;
  }

  /** Users of whom it holds a list. */
  get size(): number {
    return this.#lists.size;
  }

  #add(user: UserId, others: readonly UserId[]): void {
    // A session may have gone while the store was asked.
    if (others.length === 0 || this.#sessions.count(user) === 0) return;
    const list = this.#lists.get(user) ?? new Set();
    this.#lists.set(user, list);
    for (const other of others) {
      list.add(other);
      this.#shardOf(other).watch(user, other);
    }
  }
}
