// What waits to be written to one socket. Flushed once a tick, many frames in one WebSocket message: the write is the cost.
import type { Timers } from '@parley/ports/timers';
import {
  COALESCED_MESSAGE_BYTES,
  FLUSHES_PER_TURN_MAX_COUNT,
  OUTBOX_MAX_BYTES,
  PUSH_BUFFER_MAX_BYTES,
} from './limits.ts';
import type { Socket } from './socket.ts';

/** Flushes the outboxes that have something, at the end of the tick, in turns of a bounded number. */
export class Flusher {
  readonly #timers: Timers;
  #waiting: Outbox[] = [];
  #scheduled = false;

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  add(outbox: Outbox): void {
    this.#waiting.push(outbox);
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#timers.soon(() => this.#turn());
  }

  #turn(): void {
    const now = this.#waiting;
    this.#waiting = now.length > FLUSHES_PER_TURN_MAX_COUNT ? now.splice(FLUSHES_PER_TURN_MAX_COUNT) : [];
    this.#scheduled = this.#waiting.length > 0;
    if (this.#scheduled) this.#timers.soon(() => this.#turn());
    for (const outbox of now) outbox.flush();
  }
}

export type OutboxState =
  | { readonly kind: 'open' }
  /** The peer reads slowly; frames are still accepted. */
  | { readonly kind: 'congested' }
  /** Pushes are dropped until the socket has drained; then the session looks at its queue. */
  | { readonly kind: 'behind' }
  /** Too much waited, or a frame was dropped: the session is to be closed. */
  | { readonly kind: 'overflown' };

const OPEN: OutboxState = { kind: 'open' };
const CONGESTED: OutboxState = { kind: 'congested' };
const BEHIND: OutboxState = { kind: 'behind' };
const OVERFLOWN: OutboxState = { kind: 'overflown' };

export interface OutboxEvents {
  /** The session must be closed as a slow consumer. */
  overflown(): void;
  /** Pushes were dropped, and there is room again. */
  caughtUp(): void;
  /** What waited here was written: there may be room for more answers. */
  flushed(): void;
}

export class Outbox {
  readonly #socket: Socket;
  readonly #flusher: Flusher;
  readonly #events: OutboxEvents;
  #frames: string[] | undefined;
  #bytes = 0;
  #state: OutboxState = OPEN;

  constructor(socket: Socket, flusher: Flusher, events: OutboxEvents) {
    this.#socket = socket;
    this.#flusher = flusher;
    this.#events = events;
  }

  get state(): OutboxState {
    return this.#state;
  }

  /** Bytes that wait here and in the socket. */
  get waitingBytes(): number {
    return this.#bytes + (this.#state === OPEN ? 0 : this.#socket.bufferedBytes);
  }

  /** A frame that the session must get, or be closed. */
  reply(frame: string): void {
    if (this.#state === OVERFLOWN) return;
    if (this.waitingBytes + frame.length > OUTBOX_MAX_BYTES) this.#overflow();
    else this.#add(frame);
  }

  /** A hint: dropped when the session is behind. True when it was taken. */
  push(frame: string): boolean {
    if (this.#state === BEHIND || this.#state === OVERFLOWN) return false;
    if (this.waitingBytes > PUSH_BUFFER_MAX_BYTES) {
      this.#state = BEHIND;
      return false;
    }
    this.#add(frame);
    return true;
  }

  flush(): void {
    const frames = this.#frames ?? [];
    this.#frames = undefined;
    this.#bytes = 0;
    let message = '';
    for (const frame of frames) {
      if (message.length > 0 && message.length + frame.length > COALESCED_MESSAGE_BYTES) {
        this.#write(`${message}]`);
        message = '';
      }
      message = message === '' ? `[${frame}` : `${message},${frame}`;
    }
    if (message !== '') this.#write(`${message}]`);
    // A socket that was never full tells nobody that it has drained.
    if (this.#state !== OPEN) this.drained();
    this.#events.flushed();
  }

  /** Called when the socket may have room again. */
  drained(): void {
    if (this.#state === OVERFLOWN || this.#socket.bufferedBytes > 0) return;
    const wasBehind = this.#state === BEHIND;
    this.#state = OPEN;
    if (wasBehind) this.#events.caughtUp();
  }

  #add(frame: string): void {
    this.#bytes += frame.length;
    if (this.#frames !== undefined) {
      this.#frames.push(frame);
      return;
    }
    this.#frames = [frame];
    this.#flusher.add(this);
  }

  #write(message: string): void {
    if (this.#state === OVERFLOWN) return;
    const outcome = this.#socket.send(message);
    if (outcome === 'dropped') this.#overflow();
    else if (outcome === 'buffered' && this.#state === OPEN) this.#state = CONGESTED;
  }

  #overflow(): void {
    this.#state = OVERFLOWN;
    this.#frames = undefined;
    this.#bytes = 0;
    this.#events.overflown();
  }
}
