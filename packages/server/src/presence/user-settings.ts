// What users let others see and whom they keep away: the store's truth, with what was used last in memory.
import type { UserId } from '@parley/protocol/ids';
import { BLOCKED_USERS_MAX_COUNT } from '@parley/protocol/limits';
import { DEFAULT_SETTINGS, type ContactStore, type Settings } from '@parley/ports/contact-store';
import { KeyedQueue } from '../account/keyed-queue.ts';
import { SETTINGS_KEPT_MAX_COUNT } from './limits.ts';
import { RecentCache } from './recent-cache.ts';

/** Called once a change is durable and before it is answered. What a listener returns is waited for. */
export interface SettingsListener {
  /** It is to hear of blocks from every node, not only of those that were made on this one; it waits for nothing. */
  readonly isPerNode?: true;
  settingsChanged?(user: UserId, before: Settings, after: Settings): void;
  /** Also when the store had it so before: then a request was asked again, and may have got no further last time. */
  blockChanged?(user: UserId, other: UserId, blocked: boolean): void | Promise<void>;
}

/** The other nodes, where there are any: told of a change before it is answered. Neither rejects. */
export interface SettingsElsewhere {
  settingsChanged(user: UserId, before: Settings, after: Settings): Promise<void>;
  blockChanged(user: UserId, other: UserId, blocked: boolean): Promise<void>;
}

/** Of one user, as far as it was asked for. */
interface Known {
  readonly settings?: Settings;
  readonly blocked?: ReadonlySet<UserId>;
}

export class UserSettings {
  readonly #contacts: ContactStore;
  readonly #known = new RecentCache<UserId, Known>(
    SETTINGS_KEPT_MAX_COUNT,
    ({ blocked }) => 1 + (blocked?.size ?? 0),
  );
  readonly #listeners: SettingsListener[] = [];
  /** Changes of one user are made one after another, or one would undo what another says. */
  readonly #changes = new KeyedQueue();
  /** Counts changes: what was read while one was made is not kept. */
  #changed = 0;
  #elsewhere: SettingsElsewhere | undefined;

  constructor(contacts: ContactStore) {
    this.#contacts = contacts;
  }

  listen(listener: SettingsListener): void {
    this.#listeners.push(listener);
  }

  join(elsewhere: SettingsElsewhere): void {
    this.#elsewhere = elsewhere;
  }

  /** Another node changed it. What only one node is to do about it, that one did. */
  settingsChangedElsewhere(user: UserId, before: Settings, after: Settings): void {
    this.#letGo(user);
    for (const listener of this.#listeners) listener.settingsChanged?.(user, before, after);
  }

  blockChangedElsewhere(user: UserId, other: UserId, blocked: boolean): void {
    this.#letGo(user);
    for (const listener of this.#listeners) {
      // Those that every node has do not wait for anything.
      if (listener.isPerNode === true) void listener.blockChanged?.(user, other, blocked);
    }
  }

  /** What is kept of all users is let go: what other nodes said of them may be lost. */
  forget(): void {
    this.#changed += 1;
    this.#known.clear();
  }

  /** Of every one of these users. */
  async of(users: readonly UserId[]): Promise<ReadonlyMap<UserId, Settings>> {
    const found = new Map<UserId, Settings>();
    const missing: UserId[] = [];
    for (const user of users) {
      const known = this.#known.get(user)?.settings;
      if (known === undefined) missing.push(user);
      else found.set(user, known);
    }
    if (missing.length === 0) return found;
    const changed = this.#changed;
    for (const [user, read] of await this.#contacts.settings(missing)) {
      // Nearly all users have the default ones: they share one object.
      const settings = isDefault(read) ? DEFAULT_SETTINGS : read;
      if (changed === this.#changed) this.#keep(user, { settings });
      found.set(user, this.#known.get(user)?.settings ?? settings);
    }
    return found;
  }

  async one(user: UserId): Promise<Settings> {
    return (await this.of([user])).get(user) ?? DEFAULT_SETTINGS;
  }

  /** What is absent stays as it is. Resolves with what holds from now on, once it is durable. */
  set(user: UserId, change: Partial<Settings>): Promise<Settings> {
    return this.#changes.run(user, async () => {
      // Another node may have changed it, and what is absent here must not undo that.
      if (this.#elsewhere !== undefined) this.#letGo(user);
      const before = await this.one(user);
      const after: Settings = { ...before, ...change };
      await this.#write(user, () => this.#contacts.setSettings(user, after));
      this.#keep(user, { settings: after });
      if (this.#elsewhere !== undefined) await this.#elsewhere.settingsChanged(user, before, after);
      for (const listener of this.#listeners) listener.settingsChanged?.(user, before, after);
      return after;
    });
  }

  /** Whom the user blocks. */
  async blockedBy(user: UserId): Promise<ReadonlySet<UserId>> {
    const known = this.#known.get(user)?.blocked;
    if (known !== undefined) return known;
    const changed = this.#changed;
    const read = await this.#contacts.blocked(user, undefined, BLOCKED_USERS_MAX_COUNT);
    const blocked = read.length === 0 ? NOBODY : new Set(read);
    if (changed === this.#changed) this.#keep(user, { blocked });
    return this.#known.get(user)?.blocked ?? blocked;
  }

  /** Which of these users block `user`. */
  async blockersAmong(user: UserId, others: readonly UserId[]): Promise<ReadonlySet<UserId>> {
    const blockers: UserId[] = [];
    const missing: UserId[] = [];
    for (const other of others) {
      const known = this.#known.get(other)?.blocked;
      if (known === undefined) missing.push(other);
      else if (known.has(user)) blockers.push(other);
    }
    if (missing.length > 0) blockers.push(...(await this.#contacts.blockersAmong(user, missing)));
    return blockers.length === 0 ? NOBODY : new Set(blockers);
  }

  /** False, and nothing is changed, where the user would block too many. */
  block(user: UserId, other: UserId): Promise<boolean> {
    return this.#changes.run(user, async () => {
      const max = BLOCKED_USERS_MAX_COUNT;
      const isStored = await this.#write(user, () => this.#contacts.block(user, other, max));
      if (isStored) await this.#tellBlock(user, other, true);
      return isStored;
    });
  }

  unblock(user: UserId, other: UserId): Promise<void> {
    return this.#changes.run(user, async () => {
      await this.#write(user, () => this.#contacts.unblock(user, other));
      await this.#tellBlock(user, other, false);
    });
  }

  /** What is kept of the user is let go in the turn in which the store has answered, whatever the answer was. */
  async #write<Result>(user: UserId, write: () => Promise<Result>): Promise<Result> {
    try {
      return await write();
    } finally {
      this.#letGo(user);
    }
  }

  #letGo(user: UserId): void {
    this.#changed += 1;
    this.#known.delete(user);
  }

  /** Nearly all users have the default settings and block nobody: they share one object. */
  #keep(user: UserId, more: Known): void {
    const known = { ...this.#known.get(user), ...more };
    const isCommon = known.settings === DEFAULT_SETTINGS && known.blocked === NOBODY;
    this.#known.set(user, isCommon ? COMMON : known);
  }

  async #tellBlock(user: UserId, other: UserId, blocked: boolean): Promise<void> {
    // Others let go of what they have before the owner of the two's conversation is told: it may be reading it now.
    if (this.#elsewhere !== undefined) await this.#elsewhere.blockChanged(user, other, blocked);
    for (const listener of this.#listeners) await listener.blockChanged?.(user, other, blocked);
  }
}

const NOBODY: ReadonlySet<UserId> = new Set();
const COMMON: Known = { settings: DEFAULT_SETTINGS, blocked: NOBODY };

function isDefault({ readReceipts, visibility }: Settings): boolean {
  return readReceipts === DEFAULT_SETTINGS.readReceipts && visibility === DEFAULT_SETTINGS.visibility;
}
