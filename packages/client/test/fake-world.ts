// A world for one client: time that only moves when told, chance from a seed, and sockets that a test holds the end of.
import type { ClientSocket, OpenSocket, SocketEvents } from '../src/client-socket.ts';
import type { Clock, Randomness, Timer, Timers } from '../src/environment.ts';

type Pending = { at: number; order: number; call: () => void };

export class FakeWorld {
  #now = 1_764_000_000_000;
  #order = 0;
  #timers = new Set<Pending>();
  #soon: (() => void)[] = [];
  /** Every socket that was opened, the newest last. */
  readonly sockets: FakeSocket[] = [];
  /** What `randomness.fraction` answers; a test may set it. */
  fraction: () => number;
  #random: () => number;

  constructor(seed = 1) {
    this.#random = mulberry32(seed);
    this.fraction = this.#random;
  }

  readonly clock: Clock = { now: () => this.#now, monotonic: () => this.#now };

  readonly timers: Timers = {
    after: (delayMs, call): Timer => {
      const pending = { at: this.#now + delayMs, order: this.#order++, call };
      this.#timers.add(pending);
      return { cancel: () => void this.#timers.delete(pending) };
    },
    soon: (call) => void this.#soon.push(call),
  };

  readonly randomness: Randomness = {
    bytes: (count) => Uint8Array.from({ length: count }, () => Math.floor(this.#random() * 256)),
    fraction: () => this.fraction(),
  };

  readonly openSocket: OpenSocket = ({ url, events }) => {
    const socket = new FakeSocket(url, events);
    this.sockets.push(socket);
    return socket;
  };

  /** What a ChatClient takes from here. */
  get options(): { clock: Clock; timers: Timers; randomness: Randomness; openSocket: OpenSocket } {
    const { clock, timers, randomness, openSocket } = this;
    return { clock, timers, randomness, openSocket };
  }

  get now(): number {
    return this.#now;
  }

  get pendingTimers(): number {
    return this.#timers.size;
  }

  /** Runs until nothing is left to do at this moment. */
  async settle(): Promise<void> {
    for (let quiet = 0; quiet < 2; quiet++) {
      await new Promise((resolve) => setImmediate(resolve));
      if (this.#soon.length > 0) quiet = -1;
      for (const call of this.#soon.splice(0)) call();
    }
  }

  /** Lets time pass, timer by timer. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await this.settle();
    for (;;) {
      const due = [...this.#timers]
        .filter(({ at }) => at <= end)
        .sort((a, b) => a.at - b.at || a.order - b.order);
      const first = due[0];
      if (first === undefined) break;
      this.#timers.delete(first);
      this.#now = Math.max(this.#now, first.at);
      first.call();
      await this.settle();
    }
    this.#now = end;
  }

  /** The newest socket. */
  get socket(): FakeSocket {
    const socket = this.sockets.at(-1);
    if (socket === undefined) throw new Error('No socket was opened.');
    return socket;
  }
}

/** Both ends of a socket: the client's methods, and what a server does with its end. */
export class FakeSocket implements ClientSocket {
  readonly url: string;
  readonly #events: SocketEvents;
  /** WebSocket messages of the client that `take` has not taken, with the time-independent text of each. */
  #sent: string[] = [];
  state: 'connecting' | 'open' | 'closed' = 'connecting';
  /** A model server that answers by itself. */
  onText: ((text: string) => void) | undefined;
  onClosed: (() => void) | undefined;
  /** Answers `list_hidden` with nothing, as it is for most users, and tells no test of it. */
  nothingHidden = true;

  constructor(url: string, events: SocketEvents) {
    this.url = url;
    this.#events = events;
  }

  send(text: string): void {
    if (this.state !== 'open') return;
    if (this.onText !== undefined) this.onText(text);
    else if (this.nothingHidden) this.#answerHidden(text);
    else this.#sent.push(text);
  }

  close(): void {
    this.closeFromServer(1000);
  }

  accept(): void {
    if (this.state !== 'connecting') return;
    this.state = 'open';
    this.#events.opened();
  }

  sendText(text: string): void {
    if (this.state === 'open') this.#events.message(text);
  }

  sendFrames(...frames: object[]): void {
    this.sendText(JSON.stringify(frames));
  }

  closeFromServer(code: number): void {
    if (this.state === 'closed') return;
    this.state = 'closed';
    this.onClosed?.();
    this.#events.closed(code);
  }

  #answerHidden(text: string): void {
    const frames = JSON.parse(text) as Frame[];
    const asked = frames.filter(({ type }) => type === 'list_hidden');
    const others = frames.filter(({ type }) => type !== 'list_hidden');
    if (others.length > 0) this.#sent.push(asked.length > 0 ? JSON.stringify(others) : text);
    if (asked.length > 0) this.sendFrames(...asked.map(({ ref }) => ({ type: 'hidden', ref, rows: [] })));
  }

  /** The WebSocket messages that came since the last call, each an array of frames. */
  takeMessages(): Frame[][] {
    return this.#sent.splice(0).map((text) => JSON.parse(text) as Frame[]);
  }

  /** The frames that came since the last call. */
  take(): Frame[] {
    return this.takeMessages().flat();
  }
}

/** A frame of the client, read loosely: tests say what they expect of it. */
export type Frame = {
  type: string;
  ref: number;
  conversation_id: string;
  messages: { client_msg_id: string; content: { kind: string; text: string } }[];
  after?: number;
  limit?: number;
  marks: { conversation_id: string; seq: number }[];
  client_msg_id: string;
  token: string;
  [more: string]: unknown;
};

export function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
