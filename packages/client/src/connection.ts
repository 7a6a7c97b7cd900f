// Keeps one session alive after another: token, back-off, and when to give up for good.
import { afterClose, type AfterClose } from '@parley/protocol/close-code';
import type { Down } from '@parley/protocol/down';
import type { Fault } from '@parley/protocol/error-code';
import type { Hello, Welcome } from '@parley/protocol/hello';
import type { Up } from '@parley/protocol/up';
import { BackOff } from './back-off.ts';
import type { TokenSource } from './chat-client-options.ts';
import { SESSION_SETTLED_MS, TOKEN_WITHIN_MS } from './client-limits.ts';
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
  | { kind: 'asking_token'; within: Timer }
  | { kind: 'session'; session: Session; welcomedAt: number | undefined }
  /** The server asked for no attempt before `notBefore`, a monotonic time. */
  | { kind: 'waiting'; timer: Timer; notBefore: number }
  | { kind: 'closed' };

/** The WebSocket close code of "not connected, and nobody said why". */
const NO_CODE = 1006;

export class Connection {
  readonly #options: ConnectionOptions;
  readonly #backOff: BackOff;
  /** Another one after each `start` that failed. */
  #welcomed: Deferred<void> = welcomedOnce();
  /** The first token of this start is being asked for: the app hears at once of one that it could not give. */
  #starting = false;
  #phase: Phase = { kind: 'idle' };
  #state: ClientState = { kind: 'idle' };
  #retryAfterMs = 0;
  /** A token was fetched anew because the last one had expired; that is done once, not for ever. */
  #renewed = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#backOff = new BackOff(options.environment.randomness);
  }

  get state(): ClientState {
    return this.#state;
  }

  /**
   * Resolves at the first welcome; rejects with a ParleyError when the client is closed before it, and with the token
   * function's error when the first token cannot be had: nothing is tried any more then, until the next `start`.
   */
  start(): Promise<void> {
    const { promise } = this.#welcomed;
    if (this.#phase.kind === 'idle') {
      this.#starting = true;
      this.#attempt();
    }
    return promise;
  }

  /** Tries now what would be tried later. Does nothing while there is no wait, or the server asked for it. */
  reconnectNow(): void {
    if (this.#phase.kind !== 'waiting') return;
    if (this.#options.environment.clock.monotonic() < this.#phase.notBefore) return;
    this.#phase.timer.cancel();
    this.#attempt();
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
    if (phase.kind === 'asking_token') phase.within.cancel();
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
    const { token, environment } = this.#options;
    const within = environment.timers.after(TOKEN_WITHIN_MS, () => settle(undefined, TOKEN_OVERDUE));
    const asking: Phase = { kind: 'asking_token', within };
    // An answer that comes too late is not taken.
    const settle = (fresh: string | undefined, thrown: unknown): void => {
      if (this.#phase !== asking) return;
      within.cancel();
      if (fresh === undefined) this.#tokenFailed(thrown);
      else this.#open(fresh);
    };
    this.#phase = asking;
    this.#change({ kind: 'connecting' });
    if (typeof token === 'string') {
      settle(token, undefined);
      return;
    }
    // The executor turns a function that throws into a promise that rejects.
    new Promise<string>((resolve) => resolve(token())).then(
      (fresh) => settle(fresh, undefined),
      (thrown: unknown) => settle(undefined, thrown),
    );
  }

  #tokenFailed(thrown: unknown): void {
    const error = errorOf(thrown);
    if (error instanceof ParleyError && error.retry === 'no') {
      this.#giveUp({ kind: 'sign_in', error });
      return;
    }
    if (!this.#starting) {
      this.#wait(NO_CODE, error);
      return;
    }
    this.#phase = { kind: 'idle' };
    const { reject } = this.#welcomed;
    this.#welcomed = welcomedOnce();
    this.#options.handler.failed(error);
    this.#change({ kind: 'idle' });
    reject(error);
  }

  #open(token: string): void {
    const { hello, handler, ...options } = this.#options;
    this.#starting = false;
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
    const notBefore = clock.monotonic() + Math.min(this.#retryAfterMs, delayMs);
    this.#retryAfterMs = 0;
    this.#phase = { kind: 'waiting', timer: timers.after(delayMs, () => this.#attempt()), notBefore };
    if (error !== undefined) this.#options.handler.failed(error);
    this.#change({ kind: 'waiting', until: clock.now() + delayMs, code });
  }

  #change(state: ClientState): void {
    this.#state = state;
    this.#options.handler.changed(state);
  }
}

const TOKEN_OVERDUE = localError(
  'unavailable',
  `The token function has not answered within ${TOKEN_WITHIN_MS / 1_000} s.`,
);

/** Whoever calls `start` is told; a client that is closed before that is told nothing. */
function welcomedOnce(): Deferred<void> {
  const welcomed = deferred<void>();
  welcomed.promise.catch(() => {});
  return welcomed;
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
