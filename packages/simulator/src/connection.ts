// One connection: two directions that keep their order, each message with a delay; what a cut catches under way is lost.
import type { SocketEvents } from '@parley/client';
import type { CloseCode } from '@parley/protocol/close-code';
import { OUTBOX_MAX_BYTES } from '@parley/server/gateway/limits';
import type { Session } from '@parley/server/gateway/session';
import type { SendOutcome, Socket } from '@parley/server/gateway/socket';
import type { Network, NodeEnd } from './network.ts';

/** One life of a client process. */
export interface ClientEnd {
  readonly name: string;
  readonly alive: boolean;
}

type Down =
  | { readonly kind: 'open' }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'close'; readonly code: number };

/** What one unread byte counts for, so that the limits of a slow reader are met with short texts. */
const UNREAD_WEIGHT = 64;
const ABNORMAL = 1006;
const CONNECT_MAX_MS = 12_000;
const CLOSE_UNANSWERED_MS = 5_000;
const TRICKLE_INTERVAL_MS = 400;

export class Connection {
  readonly id: string;
  readonly client: ClientEnd;
  node: NodeEnd | undefined;
  readonly #network: Network;
  readonly #events: SocketEvents;
  readonly #latency: { readonly min: number; readonly max: number };
  #clientState: 'connecting' | 'open' | 'closed' = 'connecting';
  #session: Session | undefined;
  #serverOpen = false;
  /** What is under way is lost. */
  #severed = false;
  /** Messages of these directions vanish, and nobody is told. */
  #lost = { up: false, down: false };
  #upAtMs = 0;
  #downAtMs = 0;
  #slow = false;
  #unread: Down[] = [];
  #unreadBytes = 0;

  constructor(network: Network, parts: { id: string; client: ClientEnd; events: SocketEvents }) {
    const { chance } = network.options;
    this.#network = network;
    this.id = parts.id;
    this.client = parts.client;
    this.#events = parts.events;
    const min = chance.happens(0.1) ? chance.between(50, 300) : chance.between(1, 20);
    this.#latency = { min, max: min * 3 };
  }

  get isOpen(): boolean {
    return this.#clientState === 'open' && this.#serverOpen;
  }

  connect(): void {
    const { chance, timers } = this.#network.options;
    const delayMs = chance.happens(0.03) ? chance.between(1_000, CONNECT_MAX_MS) : 2 * this.#delay();
    timers.after(delayMs, () => {
      if (this.#clientState !== 'connecting' || !this.client.alive) return this.#clientClosed(ABNORMAL);
      const node = this.#network.reach();
      if (node === undefined || !node.gateway.accepts) return this.#clientClosed(ABNORMAL);
      this.node = node;
      this.#note(`reaches ${node.name} for ${this.client.name}`);
      this.#serverOpen = true;
      this.#sendDown({ kind: 'open' });
      this.#session = node.gateway.opened(this.#serverSocket());
    });
  }

  /** The client's end: ClientSocket. */
  send(text: string): void {
    if (this.#clientState === 'open') this.#sendUp(() => this.#arriveUp(text));
  }

  close(): void {
    if (this.#clientState === 'closed') return;
    const { timers } = this.#network.options;
    if (this.#clientState === 'open') this.#sendUp(() => this.#serverGone());
    const unanswered = this.#lost.up || this.#lost.down;
    const code = unanswered ? ABNORMAL : 1000;
    timers.after(unanswered ? CLOSE_UNANSWERED_MS : 2 * this.#delay(), () => this.#clientClosed(code));
  }

  /** What is under way is lost, and both ends are told soon. */
  cut(): void {
    const { chance, timers } = this.#network.options;
    this.#note('is cut');
    this.#severed = true;
    timers.after(chance.between(0, 300), () => this.#clientClosed(ABNORMAL));
    timers.after(chance.between(0, 300), () => this.#serverGone());
  }

  /** From now on nothing arrives in one or both directions, and nobody is told. */
  goSilent(which: 'up' | 'down' | 'both'): void {
    this.#note(`goes silent: ${which}`);
    this.#lost = { up: this.#lost.up || which !== 'down', down: this.#lost.down || which !== 'up' };
  }

  /** The client reads hardly anything for a while. */
  readSlowly(forMs: number): void {
    if (this.#slow || !this.isOpen) return;
    this.#note(`is read slowly for ${forMs} ms`);
    this.#slow = true;
    const { timers } = this.#network.options;
    const trickle = timers.every(TRICKLE_INTERVAL_MS, () => this.#read(1));
    timers.after(forMs, () => {
      trickle.cancel();
      this.readFast();
    });
  }

  readFast(): void {
    if (!this.#slow) return;
    this.#slow = false;
    this.#read(this.#unread.length);
  }

  nodeDied(how: 'reset' | 'silent'): void {
    this.#serverOpen = false;
    if (how === 'silent') return this.goSilent('both');
    const { chance, timers } = this.#network.options;
    if (chance.happens(0.5)) this.#severed = true;
    timers.after(this.#delay() * 3, () => this.#clientClosed(ABNORMAL));
  }

  clientDied(how: 'reset' | 'silent'): void {
    const { timers } = this.#network.options;
    this.#clientState = 'closed';
    if (how === 'silent') return this.goSilent('both');
    timers.after(this.#delay(), () => this.#serverGone());
  }

  #serverSocket(): Socket {
    return new ServerEnd({
      write: (message) => this.#write(message),
      unreadBytes: () => this.#unreadBytes,
      close: (code) => {
        if (!this.#serverOpen) return;
        this.#note(`closed by the server with ${code}`);
        this.#serverOpen = false;
        this.#queueDown({ kind: 'close', code });
      },
      terminate: () => {
        if (this.#serverOpen) this.cut();
      },
    });
  }

  #write(message: string): SendOutcome {
    if (!this.#serverOpen || this.node?.alive !== true) return 'dropped';
    const { rewriteDown, tap } = this.#network.options;
    if (this.#slow && this.#unreadBytes + message.length * UNREAD_WEIGHT > OUTBOX_MAX_BYTES) return 'dropped';
    tap.sent(this, message);
    for (const text of rewriteDown?.(this, message) ?? [message]) this.#queueDown({ kind: 'text', text });
    return this.#slow ? 'buffered' : 'sent';
  }

  #queueDown(item: Down): void {
    if (!this.#slow) return this.#sendDown(item);
    this.#unread.push(item);
    if (item.kind === 'text') this.#unreadBytes += item.text.length * UNREAD_WEIGHT;
  }

  #read(count: number): void {
    const hadUnread = this.#unreadBytes > 0;
    for (const item of this.#unread.splice(0, count)) {
      if (item.kind === 'text') this.#unreadBytes -= item.text.length * UNREAD_WEIGHT;
      this.#sendDown(item);
    }
    if (!hadUnread || this.#unreadBytes > 0 || !this.#serverOpen || this.node?.alive !== true) return;
    if (this.#session !== undefined) this.node.gateway.drained(this.#session);
  }

  #sendDown(item: Down): void {
    const { timers } = this.#network.options;
    const { nowMs } = this.#network;
    this.#downAtMs = Math.max(this.#downAtMs, nowMs + this.#delay());
    timers.after(this.#downAtMs - nowMs, () => this.#arriveDown(item));
  }

  #arriveDown(item: Down): void {
    if (this.#severed || this.#lost.down || this.#clientState === 'closed' || !this.client.alive) return;
    switch (item.kind) {
      case 'open':
        this.#clientState = 'open';
        return this.#events.opened();
      case 'text':
        this.#network.options.tap.delivered(this, item.text);
        return this.#events.message(item.text);
      case 'close':
        return this.#clientClosed(item.code);
    }
  }

  #sendUp(arrive: () => void): void {
    const { timers } = this.#network.options;
    const { nowMs } = this.#network;
    this.#upAtMs = Math.max(this.#upAtMs, nowMs + this.#delay());
    timers.after(this.#upAtMs - nowMs, () => {
      if (!this.#severed && !this.#lost.up) arrive();
    });
  }

  #arriveUp(message: string): void {
    const { rewriteUp, tap } = this.#network.options;
    for (const text of rewriteUp?.(this, message) ?? [message]) {
      if (!this.#serverOpen || this.node?.alive !== true || this.#session === undefined) return;
      tap.received(this, text);
      this.node.gateway.message(this.#session, text);
    }
  }

  #clientClosed(code: number): void {
    if (this.#clientState !== 'closed') {
      this.#clientState = 'closed';
      if (this.client.alive) this.#events.closed(code);
    }
    this.#forgetIfOver();
  }

  #serverGone(): void {
    this.#serverOpen = false;
    if (this.node?.alive === true) this.#session?.gone();
    this.#forgetIfOver();
  }

  #forgetIfOver(): void {
    if (this.#clientState === 'closed' && !this.#serverOpen) this.#network.forget(this);
  }

  #delay(): number {
    const { chance } = this.#network.options;
    return chance.between(this.#latency.min, this.#latency.max) + this.#network.extraLatencyMs;
  }

  #note(line: string): void {
    this.#network.options.trace.note(`${this.id} ${line}`);
  }
}

interface ServerEndParts {
  readonly write: (message: string) => SendOutcome;
  readonly unreadBytes: () => number;
  readonly close: (code: CloseCode) => void;
  readonly terminate: () => void;
}

/** The connection as the gateway holds it. */
class ServerEnd implements Socket {
  readonly #parts: ServerEndParts;

  constructor(parts: ServerEndParts) {
    this.#parts = parts;
  }

  get bufferedBytes(): number {
    return this.#parts.unreadBytes();
  }

  send(message: string): SendOutcome {
    return this.#parts.write(message);
  }

  close(code: CloseCode): void {
    this.#parts.close(code);
  }

  terminate(): void {
    this.#parts.terminate();
  }
}
