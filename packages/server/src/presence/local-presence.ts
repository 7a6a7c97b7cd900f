// The sessions of this node as transitions of their users: who came, who is away, who vanished and may be back in time.
import type { DeviceId, UserId } from '@parley/protocol/ids';
import { HEARTBEAT_MISSING_MS } from '@parley/protocol/limits';
import type { PresenceState } from '@parley/protocol/presence';
import type { Clock } from '@parley/ports/clock';
import type { Status } from '@parley/ports/status-cache';
import type { Timer, Timers } from '@parley/ports/timers';
import type { LiveSession, LiveSessions } from '../connection/live-sessions.ts';
import { OFFLINE_PER_TURN_MAX_COUNT, VANISHED_LOOK_INTERVAL_MS } from './limits.ts';

/** A session that is no more, counted as if it were until its time is over. */
interface Vanished {
  readonly device: DeviceId;
  readonly heardMs: number;
  readonly away: boolean;
}

export interface LocalPresenceParts {
  readonly node: string;
  readonly sessions: LiveSessions;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly onTransition: (user: UserId, status: Status) => void;
}

export class LocalPresence {
  readonly #parts: LocalPresenceParts;
  /** The users of this node who are online or away. */
  readonly #present = new Map<UserId, Status>();
  readonly #away = new Set<LiveSession>();
  readonly #vanished = new Map<UserId, readonly Vanished[]>();
  #looking: Timer | undefined;
  #draining = false;
  #counter = 0;
  #lastStart = 0;

  constructor(parts: LocalPresenceParts) {
    this.#parts = parts;
  }

  /** To be called once the session is among the live ones. */
  attached({ user, device }: LiveSession): void {
    this.#forget(user, device);
    this.#update(user, this.#parts.clock.monotonic());
  }

  /** To be called once the session is not among the live ones any more. */
  detached(session: LiveSession, heardMs: number): void {
    const { user, device } = session;
    const away = this.#away.delete(session);
    if (heardMs + HEARTBEAT_MISSING_MS > this.#parts.clock.monotonic()) {
      const others = this.#vanished.get(user) ?? [];
      this.#vanished.set(user, [...others, { device, heardMs, away }]);
      this.#lookLater();
    }
    this.#update(user, heardMs);
  }

  /** What vanished of this device does not come back. */
  signedOut(user: UserId, device: DeviceId): void {
    const heardMs = this.#heardMs(user);
    this.#forget(user, device);
    this.#update(user, heardMs);
  }

  setAway(session: LiveSession, away: boolean): void {
    if (!this.#parts.sessions.holds(session)) return;
    if (away) this.#away.add(session);
    else this.#away.delete(session);
    this.#update(session.user, this.#parts.clock.monotonic());
  }

  /** From here on nobody becomes offline because of the time: their clients are told to go to another node. */
  drain(): void {
    this.#draining = true;
    this.#looking?.cancel();
    this.#looking = undefined;
  }

  /** Users who vanished and whose time is not over, with when they were heard. */
  *vanished(): Iterable<{ readonly user: UserId; readonly at: number }> {
    for (const user of this.#vanished.keys()) yield { user, at: this.#wallOf(this.#heardMs(user)) };
  }

  isPresent(user: UserId): boolean {
    return this.#present.has(user);
  }

  /** Of all who are present. May be iterated over several turns. */
  statuses(): Iterable<readonly [UserId, Status]> {
    return this.#present;
  }

  get size(): { readonly present: number; readonly vanished: number; readonly away: number } {
    return { present: this.#present.size, vanished: this.#vanished.size, away: this.#away.size };
  }

  #update(user: UserId, heardMs: number): void {
    const known = this.#present.get(user);
    const state = this.#stateOf(user);
    if (state === (known?.state ?? 'offline')) return;
    this.#counter += 1;
    const status: Status = {
      state,
      node: this.#parts.node,
      sessionStart: known?.sessionStart ?? this.#start(),
      counter: this.#counter,
      lastSeen: this.#wallOf(heardMs),
    };
    if (state === 'offline') this.#present.delete(user);
    else this.#present.set(user, status);
    this.#parts.onTransition(user, status);
  }

  /** A user is as present as the most present of the sessions. */
  #stateOf(user: UserId): PresenceState {
    const live = this.#parts.sessions.of(user);
    const vanished = this.#vanished.get(user) ?? [];
    if (live.some((session) => !this.#away.has(session)) || vanished.some(({ away }) => !away))
      return 'online';
    return live.length + vanished.length > 0 ? 'away' : 'offline';
  }

  /** Never behind an earlier one, whatever the wall clock does: the next session would count as older than the last. */
  #start(): number {
    this.#lastStart = Math.max(this.#lastStart, this.#parts.clock.now());
    return this.#lastStart;
  }

  #heardMs(user: UserId): number {
    return Math.max(0, ...(this.#vanished.get(user) ?? []).map(({ heardMs }) => heardMs));
  }

  #wallOf(heardMs: number): number {
    const { clock } = this.#parts;
    return Math.round(clock.now() - (clock.monotonic() - heardMs));
  }

  #forget(user: UserId, device: DeviceId): void {
    const present = this.#vanished.get(user);
    if (present !== undefined)
      this.#keep(
        user,
        present.filter((each) => each.device !== device),
      );
  }

  #keep(user: UserId, vanished: readonly Vanished[]): void {
    if (vanished.length === 0) this.#vanished.delete(user);
    else this.#vanished.set(user, vanished);
  }

  #lookLater(): void {
    if (this.#draining) return;
    this.#looking ??= this.#parts.timers.after(VANISHED_LOOK_INTERVAL_MS, () => this.#look());
  }

  /** When all clients of a network vanish together, the node does other things between their becoming offline. */
  #look(users = this.#vanished.entries()): void {
    const overMs = this.#parts.clock.monotonic() - HEARTBEAT_MISSING_MS;
    let gone = 0;
    for (let next = users.next(); next.done !== true; next = users.next()) {
      const [user, vanished] = next.value;
      if (vanished.every(({ heardMs }) => heardMs > overMs)) continue;
      const heardMs = this.#heardMs(user);
      this.#keep(
        user,
        vanished.filter((each) => each.heardMs > overMs),
      );
      this.#update(user, heardMs);
      gone += 1;
      if (gone < OFFLINE_PER_TURN_MAX_COUNT) continue;
      this.#parts.timers.soon(() => this.#draining || this.#look(users));
      return;
    }
    this.#looking = undefined;
    if (this.#vanished.size > 0) this.#lookLater();
  }
}
