// The life of one socket: hello, welcome, frames both ways, signs of life, and one end.
import { decodeDown } from '@parley/protocol/codec';
import type { Down } from '@parley/protocol/down';
import type { Fault } from '@parley/protocol/error-code';
import type { Hello, Welcome } from '@parley/protocol/hello';
import type { Up } from '@parley/protocol/up';
import { CONNECT_WITHIN_MS } from './client-limits.ts';
import type { ClientSocket, OpenSocket } from './client-socket.ts';
import { deferred } from './deferred.ts';
import type { EndOfTick } from './end-of-tick.ts';
import type { Environment, Timer } from './environment.ts';
import { Outbox } from './outbox.ts';
import type { WireFault } from './parley-error.ts';
import { QuietTimer } from './quiet-timer.ts';

/** How a session ended. `greeting` is what the server answered instead of a welcome. */
export type SessionEnd = { code: number; greeting: WireFault | undefined };

export interface SessionHandler {
  welcomed(welcome: Welcome): void;
  /** Every frame after the welcome that can be read and says something. */
  frame(frame: Down): void;
  /** A frame that cannot be read; `ref` is that of the request it answers, where that much could be read. */
  unreadable(fault: Fault, ref: number | undefined): void;
  /** Exactly once. */
  ended(end: SessionEnd): void;
}

export type SessionOptions = {
  environment: Environment;
  endOfTick: EndOfTick;
  openSocket: OpenSocket;
  url: string;
  hello: Hello;
  handler: SessionHandler;
};

/** What a client says of a connection that it gave up itself: the same as of one that the network cut. */
const ABNORMAL = 1006;
const INTERVAL_MIN_MS = 10;

type State =
  | { kind: 'greeting'; within: Timer; fault: WireFault | undefined }
  | { kind: 'open'; heartbeat: QuietTimer; silence: QuietTimer }
  | { kind: 'ended' };

export class Session {
  readonly #options: SessionOptions;
  readonly #outbox: Outbox;
  readonly #socket: ClientSocket;
  readonly #closed = deferred<void>();
  #state: State;

  constructor(options: SessionOptions) {
    this.#options = options;
    const { timers } = options.environment;
    this.#outbox = new Outbox({ endOfTick: options.endOfTick, write: (text) => this.#write(text) });
    this.#socket = options.openSocket({
      url: options.url,
      events: {
        opened: () => this.#socket.send(JSON.stringify([options.hello])),
        message: (text) => this.#receive(text),
        closed: (code) => {
          this.#closed.resolve();
          this.#ended(code);
        },
      },
    });
    this.#state = {
      kind: 'greeting',
      within: timers.after(CONNECT_WITHIN_MS, () => this.end()),
      fault: undefined,
    };
  }

  /** Resolves when the socket itself is closed, which is later than the end where the client closes it. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  /** Sends at the end of the tick. Does nothing before the welcome and after the end. */
  send(frame: Up): void {
    if (this.#state.kind === 'open') this.#outbox.push(frame);
  }

  /** Closes the socket, after what was sent. The end is told at once: a dead peer may take minutes to answer. */
  end(): void {
    if (this.#state.kind === 'ended') return;
    this.#outbox.flush();
    this.#socket.close();
    this.#ended(ABNORMAL);
  }

  #write(text: string): void {
    if (this.#state.kind !== 'open') return;
    this.#state.heartbeat.touch();
    this.#socket.send(text);
  }

  #receive(text: string | undefined): void {
    if (text === undefined) return;
    if (this.#state.kind === 'open') this.#state.silence.touch();
    for (const decoded of decodeDown(text)) {
      if (decoded.kind === 'frame') this.#handle(decoded.frame);
      else if (decoded.fault.code !== 'unknown_frame') this.#unreadable(decoded.fault, decoded.ref);
    }
  }

  #unreadable(fault: Fault, ref: number | undefined): void {
    if (this.#state.kind !== 'ended') this.#options.handler.unreadable(fault, ref);
  }

  #handle(frame: Down): void {
    switch (this.#state.kind) {
      case 'ended':
        return;
      case 'greeting':
        if (frame.type === 'welcome') this.#open(frame);
        else if (frame.type === 'error') this.#state.fault = frame;
        return;
      case 'open':
        if (frame.type !== 'beat' && frame.type !== 'welcome') this.#options.handler.frame(frame);
        return;
    }
  }

  #open(welcome: Welcome): void {
    if (this.#state.kind === 'greeting') this.#state.within.cancel();
    const { clock, timers } = this.#options.environment;
    const heartbeatMs = Math.max(welcome.heartbeat_interval_ms, INTERVAL_MIN_MS);
    const silenceMs = Math.max(welcome.beat_interval_ms, INTERVAL_MIN_MS) * 2;
    const heartbeat = new QuietTimer({
      clock,
      timers,
      afterMs: heartbeatMs,
      call: () => this.#write('[{"type":"heartbeat"}]'),
    });
    const silence = new QuietTimer({ clock, timers, afterMs: silenceMs, call: () => this.end() });
    this.#state = { kind: 'open', heartbeat, silence };
    heartbeat.start();
    silence.start();
    this.#options.handler.welcomed(welcome);
  }

  #ended(code: number): void {
    const state = this.#state;
    if (state.kind === 'ended') return;
    this.#state = { kind: 'ended' };
    if (state.kind === 'greeting') state.within.cancel();
    else {
      state.heartbeat.stop();
      state.silence.stop();
    }
    this.#options.handler.ended({ code, greeting: state.kind === 'greeting' ? state.fault : undefined });
  }
}
