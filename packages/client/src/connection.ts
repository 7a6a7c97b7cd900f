// Keeps one session alive after another: token, back-off, and when to give up for good.
import { afterClose, type AfterClose } from '@parley/protocol/close-code';
import type { Down } from '@parley/protocol/down';
import type { Fault } from '@parley/protocol/error-code';
import type { Hello, Welcome } from '@parley/protocol/hello';
import type { Up } from '@parley/protocol/up';
import { BackOff } from './back-off.ts';
import type { TokenSource } from './chat-client-options.ts';
import { SESSION_SETTLED_MS } from './client-limits.ts';
import type { OpenSocket } from './client-socket.ts';
import { deferred, errorOf, type Deferred } from './deferred.ts';
import type { EndOfTick } from './end-of-tick.ts';
import type { Environment, Timer } from './environment.ts';
import type { ClientState, ClosedReason } from './event.ts';
import { localError, ParleyError } from './parley-error.ts';
import { Session, type SessionEnd } from './session.ts';

export interface ConnectionHandler {
  /** Returns an error where this server's answer means that the client must stop. */
  welcomed(welcome: Welcome): ParleyError | undefined;
  frame(frame: Down): void;
  unreadable(fault: Fault, ref: number | undefined): void;
  /** A session that was welcomed is over; another one follows, unless the state is `closed`. */
  lost(): void;
  changed(state: ClientState): void;
  failed(error: Error): void;
}

export type ConnectionOptions = {
  environment: Environment;
  endOfTick: EndOfTick;
  openSocket: OpenSocket;
  url: string;
  token: TokenSource;
  hello: Omit<Hello, 'token'>;
  handler: ConnectionHandler;
};

type Phase =
  | { kind: 'idle' }
  | { kind: 'asking_token' }
  | { kind: 'session'; session: Session; welcomedAt: number | undefined }
  | { kind: 'waiting'; timer: Timer }
  | { kind: 'closed' };

/** The WebSocket close code of "not connected, and nobody said why". */
const NO_CODE = 1006;

export class Connection {
  readonly #options: ConnectionOptions;
  readonly #backOff: BackOff;
  readonly #welcomed: Deferred<void> = deferred();
  #phase: Phase = { kind: 'idle' };
  #state: ClientState = { kind: 'idle' };
  #retryAfterMs = 0;
  /** A token was fetched anew because the last one had expired; that is done once, not for ever. */
  #renewed = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#backOff = new BackOff(options.environment.randomness);
    // Whoever calls `start` is told; a client that is closed before that is told nothing.
    this.#welcomed.promise.catch(() => {});
  }

  get state(): ClientState {
    return this.#state;
  }

  /** Resolves at the first welcome; rejects with a ParleyError when the client is closed before it. */
  start(): Promise<void> {
    if (this.#phase.kind === 'idle') this.#attempt();
    return this.#welcomed.promise;
  }

  send(frame: Up): void {
    if (this.#phase.kind === 'session') this.#phase.session.send(frame);
  }

  /** Gives the session up and connects anew, after the usual wait. */
  restart(): void {
    if (this.#phase.kind === 'session') this.#phase.session.end();
  }

  /** No earlier reconnect than this, because the server asked for it. */
  waitAtLeast(retryAfterMs: number): void {
    this.#retryAfterMs = Math.max(this.#retryAfterMs, retryAfterMs);
  }

  /** For good. Resolves when the socket is closed. */
  async close(reason: ClosedReason): Promise<void> {
    const phase = this.#phase;
    if (phase.kind === 'closed') return;
    this.#phase = { kind: 'closed' };
    if (phase.kind === 'waiting') phase.timer.cancel();
    this.#change({ kind: 'closed', reason });
    const error = reason.kind === 'app' ? localError('unavailable', 'The client was closed.') : reason.error;
    this.#welcomed.reject(error);
    if (phase.kind !== 'session') return;
    phase.session.end();
    await phase.session.closed;
  }

  /** Nobody waits for the socket; what `close` does at once does not fail. */
  #giveUp(reason: ClosedReason): void {
    void this.close(reason);
  }

  #attempt(): void {
    this.#phase = { kind: 'asking_token' };
    this.#change({ kind: 'connecting' });
    const { token } = this.#options;
    if (typeof token === 'string') {
      this.#open(token);
      return;
    }
    // The executor turns a function that throws into a promise that rejects.
    new Promise<string>((resolve) => resolve(token())).then(
      (fresh) => {
        if (this.#phase.kind === 'asking_token') this.#open(fresh);
      },
      (thrown: unknown) => {
        if (this.#phase.kind !== 'asking_token') return;
        if (thrown instanceof ParleyError && thrown.retry === 'no')
          this.#giveUp({ kind: 'sign_in', error: thrown });
        else this.#wait(NO_CODE, errorOf(thrown));
      },
    );
  }

  #open(token: string): void {
    const { hello, handler, ...options } = this.#options;
    try {
      const session = new Session({
        ...options,
        hello: { ...hello, token },
        handler: {
          welcomed: (welcome) => this.#onWelcome(welcome),
          frame: (frame) => handler.frame(frame),
          unreadable: (fault, ref) => handler.unreadable(fault, ref),
          ended: (end) => this.#onEnd(end),
        },
      });
      this.#phase = { kind: 'session', session, welcomedAt: undefined };
    } catch (error) {
      this.#wait(NO_CODE, errorOf(error));
    }
  }

  #onWelcome(welcome: Welcome): void {
    if (this.#phase.kind !== 'session') return;
    this.#phase.welcomedAt = this.#options.environment.clock.monotonic();
    this.#renewed = false;
    const error = this.#options.handler.welcomed(welcome);
    if (error !== undefined) {
      this.#giveUp({ kind: 'stop', error });
      return;
    }
    this.#change({ kind: 'online', welcome });
    this.#welcomed.resolve();
  }

  #onEnd(end: SessionEnd): void {
    const { environment, handler } = this.#options;
    const welcomedAt = this.#phase.kind === 'session' ? this.#phase.welcomedAt : undefined;
    if (this.#phase.kind === 'closed') {
      handler.lost();
      return;
    }
    if (welcomedAt !== undefined) {
      if (environment.clock.monotonic() - welcomedAt >= SESSION_SETTLED_MS) this.#backOff.reset();
      handler.lost();
    }
    if (end.greeting?.retry_after_ms !== undefined) this.waitAtLeast(end.greeting.retry_after_ms);
    const next = verdict(end);
    if (next === 'reconnect' || (next === 'sign_in' && this.#mayRenew(end, welcomedAt !== undefined))) {
      this.#wait(end.code, undefined);
    } else {
      this.#giveUp({ kind: next, error: finalError(end, next) });
    }
  }

  /** A token that has run out is fetched anew, once, where the app gave a function. */
  #mayRenew(end: SessionEnd, wasWelcomed: boolean): boolean {
    if (typeof this.#options.token === 'string' || this.#renewed) return false;
    if (!wasWelcomed && end.greeting?.code !== 'token_expired') return false;
    this.#renewed = true;
    return true;
  }

  #wait(code: number, error: Error | undefined): void {
    const { clock, timers } = this.#options.environment;
    const delayMs = this.#backOff.next(this.#retryAfterMs);
    this.#retryAfterMs = 0;
    this.#phase = { kind: 'waiting', timer: timers.after(delayMs, () => this.#attempt()) };
    if (error !== undefined) this.#options.handler.failed(error);
    this.#change({ kind: 'waiting', until: clock.now() + delayMs, code });
  }

  #change(state: ClientState): void {
    this.#state = state;
    this.#options.handler.changed(state);
  }
}

/** By the close code; where a proxy hid that, by the error that came instead of a welcome. */
function verdict({ code, greeting }: SessionEnd): AfterClose {
  const byCode = afterClose(code);
  if (byCode !== 'reconnect' || greeting === undefined || greeting.retry === 'later') return byCode;
  return greeting.code === 'invalid_credentials' || greeting.code === 'token_expired' ? 'sign_in' : 'stop';
}

function finalError({ code, greeting }: SessionEnd, next: 'sign_in' | 'stop'): ParleyError {
  if (greeting !== undefined) return new ParleyError(greeting);
  if (next === 'sign_in')
    return localError('invalid_credentials', 'The token is not valid any more; sign in again.');
  return localError(code === 4406 ? 'version_unsupported' : 'malformed', `The server closed with ${code}.`);
}
