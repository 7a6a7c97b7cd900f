// Which node holds which session. May be stale or empty at any time: nothing depends on its truth.
import type { DeviceId, SessionId, UserId } from '@parley/protocol/ids';

export interface Route {
  readonly session: SessionId;
  readonly user: UserId;
  readonly device: DeviceId;
  readonly node: string;
}

export interface ConnectionRegistry extends AsyncDisposable {
  register(routes: readonly Route[]): Promise<void>;
  unregister(routes: readonly Route[]): Promise<void>;
  /** Routes on nodes whose lease lives, found in one round trip for all users. */
  find(users: readonly UserId[]): Promise<readonly Route[]>;
  /**
   * Keeps the node's routes alive until a time by the clock. False when the registry lost them (wiped, failed over,
   * or the lease had ended): register all sessions again.
   */
  renew(node: string, until: number): Promise<boolean>;
  /** Nodes whose lease lives. */
  nodes(): Promise<readonly string[]>;
}
