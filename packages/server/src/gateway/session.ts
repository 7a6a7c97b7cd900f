// One socket's conversation with the server: its state, what waits for it, and what it still owes.
import type { CloseCode } from '@parley/protocol/close-code';
import type { Down } from '@parley/protocol/down';
import type { Fault } from '@parley/protocol/error-code';
import type { ConversationId, DeviceId, Seq, UserId } from '@parley/protocol/ids';
import { BEAT_INTERVAL_MS, HEARTBEAT_MISSING_MS, HELLO_WITHIN_MS } from '@parley/protocol/limits';
import type { HeadRow } from '@parley/protocol/log';
import type { LiveSession } from '../connection/live-sessions.ts';
import { BAD_FRAMES_MAX_COUNT, CONGESTED_MAX_MS, VISIT_INTERVAL_MAX_MS, WHEEL_SLOT_MS } from './limits.ts';
import { Outbox, type Flusher, type OutboxEvents } from './outbox.ts';
import type { Socket } from './socket.ts';
import type { Visited } from './timing-wheel.ts';

export interface Identity {
  readonly user: UserId;
  readonly device: DeviceId;
  readonly expiresAt: number;
}

export type SessionState =
  | { readonly kind: 'awaiting_hello' }
  | { readonly kind: 'authenticating' }
  | (Identity & { readonly kind: 'connected' })
  | (Identity & { readonly kind: 'draining' })
  /** A request that was under way when it closed goes on, for whoever asked: `last`, where it ever was anybody's. */
  | { readonly kind: 'closed'; readonly last: Identity | undefined };

/** What a session asks of the gateway. */
export interface SessionHost {
  readonly flusher: Flusher;
  nowMs(): number;
  wallMs(): number;
  pollDelayMs(): number;
  look(session: Session): void;
  /** Pushes were dropped, and there is room again. */
  caughtUp(session: Session): void;
  /** Closes the socket of a session that is over; soon also when its client does not read. */
  closeSlow(socket: Socket, reason: string): void;
  /** What the session had to say was written. */
  flushed(session: Session): void;
  closed(session: Session, before: SessionState): void;
}

export class Session implements LiveSession, Visited, OutboxEvents {
  readonly #socket: Socket;
  readonly #host: SessionHost;
  readonly #outbox: Outbox;
  readonly #openedMs: number;
  #state: SessionState = { kind: 'awaiting_hello' };
  #heardMs: number;
  #sentMs: number;
  #pollAtMs = Number.POSITIVE_INFINITY;
  #badFrames = 0;
  /** While congested: how much waited, and since when it is no less. */
  #stuck: { bytes: number; sinceMs: number } | undefined;
  /** The first look goes on, or the device has yet to confirm what it named, or was told that its queue is empty. */
  #queue: 'looked_at' | 'awaited' | 'empty' = 'looked_at';
  /** What the first look named and the device has not confirmed. Nearly all sessions need no map. */
  #awaited: Map<ConversationId, Seq> | undefined;
  /** A look at its queue is under way; `again` when another was asked for meanwhile. */
  looking: 'no' | 'once' | 'again' = 'no';
  requestsInFlight = 0;
  bytesInFlight = 0;

  constructor(socket: Socket, host: SessionHost) {
    this.#socket = socket;
    this.#host = host;
    this.#outbox = new Outbox(socket, host.flusher, this);
    this.#openedMs = host.nowMs();
    this.#heardMs = this.#openedMs;
    this.#sentMs = this.#openedMs;
  }

  get state(): SessionState {
    return this.#state;
  }

  get identity(): Identity {
    const known = identityOf(this.#state);
    if (known !== undefined) return known;
    throw new Error(`A session that is ${this.#state.kind} has no identity.`);
  }

  get user(): UserId {
    return this.identity.user;
  }

  get device(): DeviceId {
    return this.identity.device;
  }

  /** Bytes that wait to be read by the client. */
  get waitingBytes(): number {
    return this.#outbox.waitingBytes;
  }

  /** When something was last heard, by the monotonic clock. */
  get heardMs(): number {
    return this.#heardMs;
  }

  heard(): void {
    this.#heardMs = this.#host.nowMs();
  }

  authenticating(): void {
    this.#state = { kind: 'authenticating' };
  }

  connected(identity: Identity): void {
    this.#state = { kind: 'connected', ...identity };
    this.#pollAtMs = this.#host.nowMs() + this.#host.pollDelayMs();
  }

  /** No new requests; the client is told when to come back. */
  drain(retryAfterMs: number): void {
    if (this.#state.kind !== 'connected') return this.close(4503, 'shutting down');
    this.#state = { ...this.#state, kind: 'draining' };
    this.send({ type: 'draining', retry_after_ms: retryAfterMs });
  }

  send(frame: Down): void {
    this.reply(JSON.stringify(frame));
  }

  /** An encoded frame that the client must get. */
  reply(frame: string): void {
    if (this.#state.kind === 'closed') return;
    this.#sentMs = this.#host.nowMs();
    this.#outbox.reply(frame);
  }

  push(frame: string): void {
    if (this.#outbox.push(frame)) this.#sentMs = this.#host.nowMs();
  }

  error(reason: Fault, ref?: number): void {
    this.send({ type: 'error', ...(ref === undefined ? {} : { ref }), ...reason });
  }

  /** A frame that could not be read. */
  bad(reason: Fault, ref: number | undefined): void {
    this.error(reason, ref);
    this.#badFrames += 1;
    if (this.#badFrames >= BAD_FRAMES_MAX_COUNT) this.close(4400, 'too many bad frames');
  }

  overflown(): void {
    this.close(4430, 'slow consumer');
  }

  caughtUp(): void {
    this.#host.caughtUp(this);
  }

  flushed(): void {
    this.#host.flushed(this);
  }

  drained(): void {
    this.#stuck = undefined;
    this.#outbox.drained();
  }

  /** A page of the first look: the queue is empty when all of it is confirmed. */
  expect(rows: readonly HeadRow[]): void {
    if (this.#queue !== 'looked_at') return;
    this.#awaited ??= new Map();
    for (const row of rows) this.#awaited.set(row.conversation_id, row.head);
  }

  /** A look is through. True after the first one. */
  looked(): boolean {
    const isFirst = this.#queue === 'looked_at';
    if (isFirst) this.#queue = 'awaited';
    this.#tellIfEmpty();
    return isFirst;
  }

  /** The first look is what a device catches up by: without it the client had better come again. */
  lookFailed(): void {
    if (this.#queue === 'looked_at') this.close(4500, 'the queue could not be read');
  }

  received(conversation: ConversationId, seq: Seq): void {
    const awaited = this.#awaited?.get(conversation);
    if (awaited === undefined || seq < awaited) return;
    this.#awaited?.delete(conversation);
    this.#tellIfEmpty();
  }

  /** Its queue is looked at by then, and not only when its time has come. */
  lookBy(atMs: number): void {
    this.#pollAtMs = Math.min(this.#pollAtMs, atMs);
  }

  revoke(): void {
    this.close(4401, 'the token was revoked');
  }

  /** Writes what waits and closes. Safe to call again. */
  close(code: CloseCode, reason: string): void {
    const before = this.#state;
    if (before.kind === 'closed') return;
    this.#outbox.flush();
    // A frame that was dropped by this very flush has closed the socket already, with a code of its own.
    if (this.#isClosed()) return;
    this.gone();
    if (code === 4430) this.#host.closeSlow(this.#socket, reason);
    else this.#socket.close(code, reason);
  }

  /** The socket is closed, by whichever side. */
  gone(): void {
    const before = this.#state;
    if (before.kind === 'closed') return;
    this.#state = { kind: 'closed', last: identityOf(before) };
    this.#awaited = undefined;
    this.#host.closed(this, before);
  }

  visit(nowMs: number): number | undefined {
    switch (this.#state.kind) {
      case 'closed':
        return undefined;
      case 'awaiting_hello':
      case 'authenticating': {
        const left = this.#openedMs + HELLO_WITHIN_MS - nowMs;
        if (left > 0) return left;
        this.close(4408, 'no hello within 5 s');
        return undefined;
      }
      case 'connected':
      case 'draining':
        return this.#visitConnected(nowMs, this.#state);
    }
  }

  #visitConnected(nowMs: number, identity: Identity): number | undefined {
    const silenceLeft = this.#heardMs + HEARTBEAT_MISSING_MS - nowMs;
    if (silenceLeft <= 0) this.close(4409, 'no sign of life for 12 s');
    else if (this.#host.wallMs() >= identity.expiresAt) this.close(4401, 'the token expired');
    else if (this.#isStuck(nowMs)) this.close(4430, 'slow consumer');
    if (this.#state.kind === 'closed') return undefined;
    // A visit may be late, and the promise is "at least every BEAT_INTERVAL_MS".
    if (nowMs - this.#sentMs >= BEAT_INTERVAL_MS - VISIT_INTERVAL_MAX_MS) this.send({ type: 'beat' });
    // Early by less than a slot rather than late, so that the longest delay between two polls is a bound.
    if (nowMs + WHEEL_SLOT_MS > this.#pollAtMs) {
      this.#pollAtMs = nowMs + this.#host.pollDelayMs();
      this.#host.look(this);
    }
    return Math.min(silenceLeft, this.#pollAtMs - nowMs, VISIT_INTERVAL_MAX_MS);
  }

  #isClosed(): boolean {
    return this.#state.kind === 'closed';
  }

  #isStuck(nowMs: number): boolean {
    if (this.#outbox.state.kind === 'open') {
      this.#stuck = undefined;
      return false;
    }
    const bytes = this.#outbox.waitingBytes;
    if (this.#stuck === undefined || bytes < this.#stuck.bytes) this.#stuck = { bytes, sinceMs: nowMs };
    return nowMs - this.#stuck.sinceMs >= CONGESTED_MAX_MS;
  }

  #tellIfEmpty(): void {
    if (this.#queue !== 'awaited' || (this.#awaited?.size ?? 0) > 0) return;
    this.#queue = 'empty';
    this.#awaited = undefined;
    this.send({ type: 'queue_empty' });
  }
}

function identityOf(state: SessionState): Identity | undefined {
  if (state.kind === 'connected' || state.kind === 'draining') return state;
  return state.kind === 'closed' ? state.last : undefined;
}
