// What a user lets others see, whom the user watches, whom the user keeps away, and when the user was last there.
import type { UserId } from '@parley/protocol/ids';
import type { Visibility } from '@parley/protocol/settings';

export interface Settings {
  readonly readReceipts: boolean;
  readonly visibility: Visibility;
}

export const DEFAULT_SETTINGS: Settings = { readReceipts: true, visibility: 'everyone' };

/** Durable when a call resolves; every call is idempotent. */
export interface ContactStore extends AsyncDisposable {
  /** Every user has some: the default ones, where nothing was set. */
  settings(users: readonly UserId[]): Promise<ReadonlyMap<UserId, Settings>>;
  setSettings(user: UserId, settings: Settings): Promise<void>;
  /** False, and nothing is stored, where the user would have more than `max`. */
  watch(user: UserId, others: readonly UserId[], max: number): Promise<boolean>;
  unwatch(user: UserId, others: readonly UserId[]): Promise<void>;
  /** By id. */
  contacts(user: UserId, after: UserId | undefined, limit: number): Promise<readonly UserId[]>;
  /** Which of these users watch `user`. */
  watchersAmong(user: UserId, others: readonly UserId[]): Promise<readonly UserId[]>;
  /** Which of these users `user` watches. */
  contactsAmong(user: UserId, others: readonly UserId[]): Promise<readonly UserId[]>;
  /** False, and nothing is stored, where the user would block more than `max`. */
  block(user: UserId, other: UserId, max: number): Promise<boolean>;
  unblock(user: UserId, other: UserId): Promise<void>;
  /** Whom the user blocks, by id. */
  blocked(user: UserId, after: UserId | undefined, limit: number): Promise<readonly UserId[]>;
  /** Which of these users block `user`. */
  blockersAmong(user: UserId, others: readonly UserId[]): Promise<readonly UserId[]>;
  lastSeen(users: readonly UserId[]): Promise<ReadonlyMap<UserId, number>>;
  /** An earlier time than what is stored changes nothing. */
  setLastSeen(rows: readonly { readonly user: UserId; readonly at: number }[]): Promise<void>;
}
