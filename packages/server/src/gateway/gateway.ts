// Holds the sockets: reads what they say, lets them in, hands their requests on, looks after them, drains them.
import { decodeUp } from '@parley/protocol/codec';
import { fault, type Fault } from '@parley/protocol/error-code';
import {
  BEAT_INTERVAL_MS,
  HEARTBEAT_INTERVAL_MS,
  HELLO_WITHIN_MS,
  REQUESTS_IN_FLIGHT_MAX_COUNT,
} from '@parley/protocol/limits';
import type { Received } from '@parley/protocol/log';
import type { Up } from '@parley/protocol/up';
import type { Clock } from '@parley/ports/clock';
import type { Randomness } from '@parley/ports/randomness';
import type { Timer, Timers } from '@parley/ports/timers';
import type { LiveSession, LiveSessions } from '../connection/live-sessions.ts';
import type { DeviceId, SessionId, UserId } from '@parley/protocol/ids';
import type { InboxLook } from '../message/inbox-look.ts';
import type { PresenceService } from '../presence/presence-service.ts';
import type { LogRead, Request } from '../request/request.ts';
import type { FrameRouter } from './frame-router.ts';
import type { Handshake } from './handshake.ts';
import {
  DRAIN_SPREAD_MS,
  LOOK_SPREAD_MS,
  POLL_INTERVAL_MS,
  PULLS_ACTIVE_MAX_COUNT,
  REQUESTS_ACTIVE_MAX_COUNT,
  REQUESTS_IN_FLIGHT_MAX_BYTES,
  SLOW_CLOSE_GRACE_MS,
  UNAUTHENTICATED_MAX_COUNT,
  VISIT_INTERVAL_MAX_MS,
  WHEEL_SLOT_MS,
} from './limits.ts';
import { Flusher } from './outbox.ts';
import { RequestLane } from './request-lane.ts';
import { Session, type SessionHost, type SessionState } from './session.ts';
import type { Socket } from './socket.ts';
import { TimingWheel } from './timing-wheel.ts';
import type { Log } from '@parley/ports/log';

export interface GatewayParts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly randomness: Randomness;
  readonly log: Log;
  readonly sessions: LiveSessions;
  readonly handshake: Handshake;
  readonly look: InboxLook;
  readonly router: FrameRouter;
  readonly presence: PresenceService;
  /** Absent where no other node is. */
  readonly cluster?: ClusterGate | undefined;
}

/** What a session of a node among others needs besides. */
export interface ClusterGate {
  /** The session is attached: others are to find it. Resolves when they can, or have had their time to; never rejects. */
  entered(session: LiveSession, id: SessionId): Promise<void>;
  /** False for a device that was signed out, of which a node that should have told it may have died. */
  isSignedIn(user: UserId, device: DeviceId): Promise<boolean>;
}

interface Lanes {
  readonly logReads: RequestLane<LogRead>;
  readonly others: RequestLane<Request>;
}

export class Gateway implements SessionHost {
  readonly flusher: Flusher;
  readonly #parts: GatewayParts;
  readonly #wheel = new TimingWheel<Session>(Math.max(VISIT_INTERVAL_MAX_MS, HELLO_WITHIN_MS));
  /** Only sessions with requests in flight have lanes. */
  readonly #lanes = new WeakMap<Session, Lanes>();
  readonly #ticking: Timer;
  #openCount = 0;
  #unauthenticated = 0;
  #draining = false;

  constructor(parts: GatewayParts) {
    this.#parts = parts;
    this.flusher = new Flusher(parts.timers);
    this.#ticking = parts.timers.every(WHEEL_SLOT_MS, () => this.#wheel.turn(this.nowMs()));
  }

  nowMs(): number {
    return this.#parts.clock.monotonic();
  }

  wallMs(): number {
    return this.#parts.clock.now();
  }

  pollDelayMs(): number {
    return POLL_INTERVAL_MS * (0.75 + this.#parts.randomness.fraction() / 2);
  }

  /** Whether a new socket may come: asked at the handshake. */
  get accepts(): boolean {
    return !this.#draining && this.#unauthenticated < UNAUTHENTICATED_MAX_COUNT;
  }

  get sessionCount(): number {
    return this.#openCount;
  }

  opened(socket: Socket): Session {
    const session = new Session(socket, this);
    this.#openCount += 1;
    this.#unauthenticated += 1;
    this.#wheel.add(session, HELLO_WITHIN_MS);
    if (this.#draining) session.close(4503, 'shutting down');
    return session;
  }

  /** A WebSocket message came. Handled before it returns, but for what has to wait. */
  message(session: Session, text: string): void {
    session.heard();
    const frames = decodeUp(text);
    // What a message costs while it is in flight is shared by its frames.
    const bytes = Math.ceil(text.length / Math.max(1, frames.length));
    for (const decoded of frames) {
      if (session.state.kind === 'closed') return;
      if (decoded.kind === 'frame') this.#frame(session, decoded.frame, bytes);
      else if (session.state.kind !== 'awaiting_hello') session.bad(decoded.fault, decoded.ref);
      else if (decoded.type === 'hello') this.#notHello(session, decoded.fault);
      else this.#notHello(session, fault('hello_expected', decoded.fault.message));
    }
  }

  /** A message that is binary or over the size limit. */
  unreadable(session: Session, reason: string): void {
    session.close(4413, reason);
  }

  drained(session: Session): void {
    session.drained();
    this.flushed(session);
  }

  closed(session: Session, before: SessionState): void {
    this.#openCount -= 1;
    const lanes = this.#lanes.get(session);
    lanes?.logReads.clear();
    lanes?.others.clear();
    if (before.kind === 'connected' || before.kind === 'draining') {
      this.#parts.sessions.detach(session, before.user);
      this.#parts.presence.detached(session, session.heardMs);
    } else {
      this.#unauthenticated -= 1;
    }
  }

  caughtUp(session: Session): void {
    this.look(session);
    // Some of what changed may have been dropped.
    this.#parts.presence.snapshot(session);
  }

  /** Tells the session which conversations have gone beyond its device, page by page. */
  look(session: Session): void {
    if (session.state.kind === 'closed') return;
    const isFirst = session.looking === 'no';
    // A look under way may have passed by what this one is asked for.
    session.looking = isFirst ? 'once' : 'again';
    // `#look` handles its own failures.
    if (isFirst) void this.#look(session);
  }

  /** Every session's queue is looked at soon: pushes may have been lost. */
  lookAll(): void {
    const nowMs = this.nowMs();
    for (const session of this.#open()) {
      session.lookBy(nowMs + this.#parts.randomness.fraction() * LOOK_SPREAD_MS);
    }
  }

  /** A close frame stands behind what waits, and once it is written the runtime keeps both until they are read. */
  closeSlow(socket: Socket, reason: string): void {
    if (socket.bufferedBytes === 0) return socket.close(4430, reason);
    this.#parts.timers.after(SLOW_CLOSE_GRACE_MS, () => {
      if (socket.bufferedBytes === 0) socket.close(4430, reason);
      else socket.terminate();
    });
  }

  flushed(session: Session): void {
    const lanes = this.#lanes.get(session);
    lanes?.logReads.next();
    lanes?.others.next();
  }

  /** Stops taking requests and tells the clients to come back, spread over a while. */
  drain(): void {
    this.#draining = true;
    for (const session of this.#open()) {
      session.drain(Math.round(this.#parts.randomness.fraction() * DRAIN_SPREAD_MS));
    }
  }

  /** True when every request that was taken has its answer. */
  get idle(): boolean {
    for (const session of this.#open()) if (session.requestsInFlight > 0) return false;
    return true;
  }

  closeAll(): void {
    this.#ticking.cancel();
    for (const session of this.#open()) session.close(4503, 'shutting down');
  }

  *#open(): Iterable<Session> {
    for (const session of this.#wheel.all()) if (session.state.kind !== 'closed') yield session;
  }

  #frame(session: Session, frame: Up, bytes: number): void {
    switch (session.state.kind) {
      case 'awaiting_hello':
        if (frame.type === 'hello') void this.#enter(session, frame);
        else
          this.#notHello(
            session,
            fault('hello_expected', `The first frame must be hello, not ${frame.type}.`),
          );
        return;
      case 'authenticating':
        session.bad(fault('hello_expected', 'Nothing is carried out before the welcome.'), refOf(frame));
        return;
      case 'draining':
        if ('ref' in frame)
          session.error(fault('shutting_down', 'The server is going away. Reconnect.'), frame.ref);
        else this.#connectedFrame(session, frame, bytes);
        return;
      case 'connected':
        this.#connectedFrame(session, frame, bytes);
        return;
      case 'closed':
        return;
    }
  }

  #connectedFrame(session: Session, frame: Up, bytes: number): void {
    switch (frame.type) {
      case 'hello':
        session.bad(fault('hello_expected', 'There is one hello, at the beginning.'), undefined);
        return;
      case 'heartbeat':
        return;
      case 'received':
        this.#received(session, frame, bytes);
        return;
      case 'pull':
      case 'get_versions':
        if (this.#begin(session, bytes)) this.#lanesOf(session).logReads.add({ frame, bytes });
        return;
      case 'send':
        if (this.#begin(session, bytes))
          void this.#end(session, bytes, this.#parts.router.send(session, frame));
        return;
      case 'typing':
      case 'view':
        this.#parts.router.signal(session, frame);
        return;
      default:
        if (this.#begin(session, bytes)) this.#lanesOf(session).others.add({ frame, bytes });
    }
  }

  /** Counts a request in, or closes the session that has too many. */
  #begin(session: Session, bytes: number): boolean {
    session.requestsInFlight += 1;
    session.bytesInFlight += bytes;
    if (
      session.requestsInFlight <= REQUESTS_IN_FLIGHT_MAX_COUNT &&
      session.bytesInFlight <= REQUESTS_IN_FLIGHT_MAX_BYTES
    ) {
      return true;
    }
    session.close(4429, 'too many requests in flight');
    return false;
  }

  async #end(session: Session, bytes: number, done: Promise<void>): Promise<void> {
    await done;
    session.requestsInFlight -= 1;
    session.bytesInFlight -= bytes;
    // Most sessions ask now and then and are quiet for long: idle lanes are not kept for them.
    if (session.requestsInFlight === 0) this.#lanes.delete(session);
  }

  /** Marks are not answered, but those that must be looked up count as a request, or a flood of them had no limit. */
  #received(session: Session, frame: Received, bytes: number): void {
    const pending = this.#parts.router.received(session, frame);
    if (pending !== undefined && this.#begin(session, bytes)) void this.#end(session, bytes, pending);
  }

  #lanesOf(session: Session): Lanes {
    const present = this.#lanes.get(session);
    if (present !== undefined) return present;
    const { router } = this.#parts;
    const waitingBytes = () => session.waitingBytes;
    const lanes: Lanes = {
      logReads: new RequestLane({
        activeMaxCount: PULLS_ACTIVE_MAX_COUNT,
        waitingBytes,
        carryOut: ({ frame, bytes }) => this.#end(session, bytes, router.read(session, frame)),
      }),
      others: new RequestLane({
        activeMaxCount: REQUESTS_ACTIVE_MAX_COUNT,
        waitingBytes,
        carryOut: ({ frame, bytes }) => this.#end(session, bytes, router.request(session, frame)),
      }),
    };
    this.#lanes.set(session, lanes);
    return lanes;
  }

  #notHello(session: Session, reason: Fault): void {
    session.error(reason);
    session.close(4400, 'the first frame must be hello');
  }

  async #enter(session: Session, hello: Extract<Up, { type: 'hello' }>): Promise<void> {
    session.authenticating();
    const { clock, sessions, handshake } = this.#parts;
    const outcome = await handshake.check(hello);
    if (session.state.kind !== 'authenticating') return;
    if (outcome.kind === 'refused') {
      session.error(outcome.fault);
      return session.close(outcome.close, outcome.fault.code);
    }
    const { identity, welcome } = outcome;
    // Asked in the turn in which the session is attached: a sign-out is seen here, or finds the session attached.
    const late = handshake.lastRefusal(identity);
    if (late !== undefined) {
      session.error(late.fault);
      return session.close(late.close, late.fault.code);
    }
    this.#unauthenticated -= 1;
    session.connected(identity);
    session.send({
      ...welcome,
      server_time: clock.now(),
      heartbeat_interval_ms: HEARTBEAT_INTERVAL_MS,
      beat_interval_ms: BEAT_INTERVAL_MS,
    });
    // Attached before the queue is read: what is committed from here on is pushed, what was before is found.
    sessions.attach(session);
    this.#parts.presence.attached(session);
    // Where others are to find it, that comes before the look too, for the same reason.
    const { cluster } = this.#parts;
    if (cluster !== undefined) await cluster.entered(session, welcome.session_id);
    this.look(session);
  }

  async #look(session: Session): Promise<void> {
    const { look, cluster } = this.#parts;
    try {
      const { user, device } = session;
      if (cluster !== undefined && !(await cluster.isSignedIn(user, device))) return session.revoke();
      for await (const rows of look.pages(user, device)) {
        if (session.state.kind === 'closed') return;
        session.expect(rows);
        session.send({ type: 'heads', rows: [...rows] });
      }
      // What was missed comes first: who is there can wait.
      if (session.looked()) this.#parts.presence.snapshot(session);
    } catch (error) {
      // The next poll looks again. A session that never got its first look would wait too long: it reconnects.
      this.#parts.log.error({ error }, 'a look at a queue failed');
      session.lookFailed();
    }
    const again = session.looking === 'again';
    session.looking = 'no';
    if (again) this.look(session);
  }
}

function refOf(frame: Up): number | undefined {
  return 'ref' in frame ? frame.ref : undefined;
}
