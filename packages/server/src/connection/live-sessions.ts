// The sessions that this node holds, found by user. Attach before anything is read, or a push could fall between.
import type { DeviceId, UserId } from '@parley/protocol/ids';

export interface LiveSession {
  readonly user: UserId;
  readonly device: DeviceId;
  /** Takes an encoded frame. A hint: a session that reads too slowly drops it and catches up later. */
  push(frame: string): void;
  /** The device's tokens are void. */
  revoke(): void;
}

export class LiveSessions {
  /** Most users have one session, so a lone one is kept without an array around it. */
  readonly #byUser = new Map<UserId, LiveSession | LiveSession[]>();

  attach(session: LiveSession): void {
    const present = this.#byUser.get(session.user);
    if (present === undefined) this.#byUser.set(session.user, session);
    else if (Array.isArray(present)) present.push(session);
    else this.#byUser.set(session.user, [present, session]);
  }

  detach(session: LiveSession, user: UserId): void {
    const present = this.#byUser.get(user);
    if (present === session) this.#byUser.delete(user);
    else if (Array.isArray(present)) {
      const rest = present.filter((other) => other !== session);
      const [only] = rest;
      if (only === undefined) this.#byUser.delete(user);
      else this.#byUser.set(user, rest.length === 1 ? only : rest);
    }
  }

  /** Gives the frame to every session of every one of these users. */
  push(users: readonly UserId[], frame: string): void {
    for (const user of users) {
      const present = this.#byUser.get(user);
      if (present === undefined) continue;
      if (Array.isArray(present)) for (const session of present) session.push(frame);
      else present.push(frame);
    }
  }

  count(user: UserId): number {
    const present = this.#byUser.get(user);
    if (present === undefined) return 0;
    return Array.isArray(present) ? present.length : 1;
  }

  has(user: UserId, device: DeviceId): boolean {
    return this.#of(user).some((session) => session.device === device);
  }

  revokeDevice(user: UserId, device: DeviceId): void {
    for (const session of this.#of(user)) if (session.device === device) session.revoke();
  }

  #of(user: UserId): readonly LiveSession[] {
    const present = this.#byUser.get(user) ?? [];
    return Array.isArray(present) ? present : [present];
  }
}
