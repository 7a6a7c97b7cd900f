// Who is online, as a cache that may be wiped at any time: an entry lives only as long as its node's lease.
import type { UserId } from '@parley/protocol/ids';
import type { PresenceState } from '@parley/protocol/presence';

export interface Status {
  readonly state: PresenceState;
  readonly node: string;
  /** Orders transitions of one user: when the session began, then a counter. An older one never beats a newer one. */
  readonly sessionStart: number;
  readonly counter: number;
  readonly lastSeen: number;
}

export interface StatusCache extends AsyncDisposable {
  /** Stores the status unless a newer one is there; `until` is the end of the node's lease by the clock. */
  set(user: UserId, status: Status, until: number): Promise<boolean>;
  /**
   * Extends every entry of a node that is still live, but for offline ones: those are there only to keep an older
   * transition out, and end with the lease they were set with.
   */
  renew(node: string, until: number): Promise<void>;
  /** Only entries whose lease has not ended; at most `users.length`. */
  get(users: readonly UserId[]): Promise<ReadonlyMap<UserId, Status>>;
}
