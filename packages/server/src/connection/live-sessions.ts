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

/** The other nodes' sessions, where there are other nodes. */
export interface OtherNodes {
  /** A hint, as any push. The array is not changed afterwards. */
  push(users: readonly UserId[], frame: string): void;
}

export class LiveSessions {
  /** Most users have one session, so a lone one is kept without an array around it. */
  readonly #byUser = new Map<UserId, LiveSession | LiveSession[]>();
  readonly #detached: ((session: LiveSession) => void)[] = [];
  #others: OtherNodes | undefined;

  attach(session: LiveSession): void {
    const present = this.#byUser.get(session.user);
    if (present === undefined) this.#byUser.set(session.user, session);
    else if (Array.isArray(present)) present.push(session);
    else this.#byUser.set(session.user, [present, session]);
  }

  /** Pushes go to these as well from here on. */
  join(others: OtherNodes): void {
    this.#others = others;
  }

  /** What is kept of a session elsewhere ends with it. */
  onDetach(call: (session: LiveSession) => void): void {
    this.#detached.push(call);
  }

  detach(session: LiveSession, user: UserId): void {
    for (const call of this.#detached) call(session);
    const present = this.#byUser.get(user);
    if (present === session) this.#byUser.delete(user);
    else if (Array.isArray(present)) {
      const rest = present.filter((other) => other !== session);
      const [only] = rest;
      if (only === undefined) this.#byUser.delete(user);
      else this.#byUser.set(user, rest.length === 1 ? only : rest);
    }
  }

  /** Gives the frame to every session of every one of these users, whichever node holds it. */
  push(users: readonly UserId[], frame: string): void {
    this.pushHere(users, frame);
    this.#others?.push(users, frame);
  }

  /** Those of this node alone. */
  pushHere(users: readonly UserId[], frame: string): void {
    for (const user of users) {
      const present = this.#byUser.get(user);
      if (present === undefined) continue;
      if (Array.isArray(present)) for (const session of present) session.push(frame);
      else present.push(frame);
    }
  }

  /** Gives the frame to the sessions of the session's user, but not to this one. */
  pushOthers(session: LiveSession, frame: string): void {
    for (const other of this.of(session.user)) if (other !== session) other.push(frame);
    this.#others?.push([session.user], frame);
  }

  /** Of these users, those who may have a session somewhere: with other nodes nobody knows without asking. */
  maybeConnected(users: readonly UserId[]): readonly UserId[] {
    return this.#others === undefined ? users.filter((user) => this.#byUser.has(user)) : users;
  }

  /** Whether the session is attached and not detached yet. */
  holds(session: LiveSession): boolean {
    return this.of(session.user).includes(session);
  }

  /** Users with a session. May be iterated over several turns: who comes or goes meanwhile is in it or not. */
  users(): Iterable<UserId> {
    return this.#byUser.keys();
  }

  get userCount(): number {
    return this.#byUser.size;
  }

  count(user: UserId): number {
    const present = this.#byUser.get(user);
    if (present === undefined) return 0;
    return Array.isArray(present) ? present.length : 1;
  }

  has(user: UserId, device: DeviceId): boolean {
    return this.of(user).some((session) => session.device === device);
  }

  revokeDevice(user: UserId, device: DeviceId): void {
    for (const session of this.of(user)) if (session.device === device) session.revoke();
  }

  /** The user's sessions. */
  of(user: UserId): readonly LiveSession[] {
    const present = this.#byUser.get(user) ?? [];
    return Array.isArray(present) ? present : [present];
  }
}
