// Settings, contacts, blocks and last-seen times on SQLite: writes by the writer's thread, reads by the reader's.
import type { ContactStore, Settings } from '@parley/ports/contact-store';
import { DEFAULT_SETTINGS } from '@parley/ports/contact-store';
import type { UserId } from '@parley/protocol/ids';
import type { ReadQueue } from './read-queue.ts';
import type { WriteQueue } from './write-queue.ts';

const BEFORE_THE_FIRST = '0';
/** What a user id weighs in a request. */
const ID_BYTES = 24;

export interface SqliteContactStoreOptions {
  readonly writes: WriteQueue;
  readonly reads: ReadQueue;
}

export class SqliteContactStore implements ContactStore {
  readonly #writes: WriteQueue;
  readonly #reads: ReadQueue;

  constructor({ writes, reads }: SqliteContactStoreOptions) {
    this.#writes = writes;
    this.#reads = reads;
  }

  async settings(users: readonly UserId[]): Promise<ReadonlyMap<UserId, Settings>> {
    const found = await this.#reads.call('settings', users);
    return new Map(users.map((user, index) => [user, found[index] ?? DEFAULT_SETTINGS]));
  }

  setSettings(user: UserId, settings: Settings): Promise<void> {
    return this.#writes.call('setSettings', 0, user, settings);
  }

  watch(user: UserId, others: readonly UserId[], max: number): Promise<boolean> {
    return this.#writes.call('watch', others.length * ID_BYTES, user, others, max);
  }

  unwatch(user: UserId, others: readonly UserId[]): Promise<void> {
    return this.#writes.call('unwatch', others.length * ID_BYTES, user, others);
  }

  async contacts(user: UserId, after: UserId | undefined, limit: number): Promise<readonly UserId[]> {
    return asUsers(await this.#reads.call('contacts', user, after ?? BEFORE_THE_FIRST, limit));
  }

  async watchersAmong(user: UserId, others: readonly UserId[]): Promise<readonly UserId[]> {
    return asUsers(await this.#reads.call('watchersAmong', user, others));
  }

  async contactsAmong(user: UserId, others: readonly UserId[]): Promise<readonly UserId[]> {
    return asUsers(await this.#reads.call('contactsAmong', user, others));
  }

  block(user: UserId, other: UserId, max: number): Promise<boolean> {
    return this.#writes.call('block', 0, user, other, max);
  }

  unblock(user: UserId, other: UserId): Promise<void> {
    return this.#writes.call('unblock', 0, user, other);
  }

  async blocked(user: UserId, after: UserId | undefined, limit: number): Promise<readonly UserId[]> {
    return asUsers(await this.#reads.call('blocked', user, after ?? BEFORE_THE_FIRST, limit));
  }

  async blockersAmong(user: UserId, others: readonly UserId[]): Promise<readonly UserId[]> {
    return asUsers(await this.#reads.call('blockersAmong', user, others));
  }

  async lastSeen(users: readonly UserId[]): Promise<ReadonlyMap<UserId, number>> {
    const found = await this.#reads.call('lastSeen', users);
    return new Map(found.map(([user, at]) => [user as UserId, at]));
  }

  async setLastSeen(rows: readonly { readonly user: UserId; readonly at: number }[]): Promise<void> {
    if (rows.length === 0) return;
    const flat = rows.flatMap(({ user, at }) => [user, at]);
    await this.#writes.call('setLastSeen', flat.length * ID_BYTES, flat);
  }

  /** Nothing by itself: the stores share one database, which SqliteStores closes. */
  async [Symbol.asyncDispose](): Promise<void> {}
}

const asUsers = (ids: readonly string[]) => ids as readonly UserId[];
