// A signed-in connection for one command: opened from a profile, with a bound on how long it waits for the server.
import { ChatClient, type AppEntry, type ClientEvent, type ParleyError } from '@parley/client';
import { CliError } from './cli-error.ts';
import type { SessionOptions } from './cli-options.ts';
import { ConnectionNotice } from './connection-notice.ts';
import type { CliContext } from './context.ts';
import type { Profile } from './profile-store.ts';
import { asCliError, notYet } from './sdk-error.ts';
import { VERSION } from './version.ts';

export interface SessionHandlers {
  readonly onEntry?: (entry: AppEntry) => Promise<void>;
  readonly onEvent?: (event: ClientEvent) => void;
}

export class Session implements AsyncDisposable {
  readonly client: ChatClient;
  readonly profile: Profile;
  readonly notice: ConnectionNotice;
  readonly #options: SessionOptions;
  /** What the server said last about sends that it does not take yet. */
  #delayed: ParleyError | undefined;
  /** Ends the wait that is under way. */
  #giveUp: ((error: CliError) => void) | undefined;

  private constructor(options: {
    context: CliContext;
    session: SessionOptions;
    profile: Profile;
    handlers: SessionHandlers;
  }) {
    const { context, session, profile, handlers } = options;
    this.#options = session;
    this.profile = profile;
    this.notice = new ConnectionNotice({ context, url: profile.url, timeout: session.timeout });
    this.client = new ChatClient({
      url: profile.url,
      token: profile.token,
      clientName: `parley-cli/${VERSION}`,
      ...(handlers.onEntry === undefined ? {} : { onEntry: handlers.onEntry }),
      onEvent: (event) => {
        if (event.kind === 'connection') this.notice.state(event.state);
        if (event.kind === 'delayed') this.#delay(event.error);
        handlers.onEvent?.(event);
      },
    });
  }

  /** Reads the profile and makes a client that is not connected yet. */
  static async prepare(
    context: CliContext,
    session: SessionOptions,
    handlers: SessionHandlers = {},
  ): Promise<Session> {
    const profile = await context.profiles.read(session.profile);
    return new Session({ context, session, profile, handlers });
  }

  /** Connects within the time-out. */
  static async open(context: CliContext, options: SessionOptions): Promise<Session> {
    const session = await Session.prepare(context, options);
    try {
      await session.answer(session.client.connect());
      return session;
    } catch (error) {
      await session.client.close();
      throw error;
    }
  }

  /** Waits for an answer of the server, no longer than --timeout; a refusal becomes a CliError. */
  async answer<T>(asked: Promise<T>): Promise<T> {
    try {
      return await this.#within(asked);
    } catch (error) {
      throw asCliError(error, this.#options.profile);
    }
  }

  /** The same for each of many answers: the time-out counts anew from one to the next. */
  async *answers<T>(asked: AsyncIterable<T>): AsyncGenerator<T> {
    const iterator = asked[Symbol.asyncIterator]();
    for (;;) {
      const next = await this.answer(iterator.next());
      if (next.done === true) return;
      yield next.value;
    }
  }

  /** What to say when the server did not answer in time. */
  timedOut(): CliError {
    const { url } = this.profile;
    if (this.#delayed !== undefined && this.client.state.kind === 'online') return notYet(this.#delayed);
    const waited = `${this.#options.timeout} s`;
    if (this.client.state.kind === 'online') {
      return new CliError({
        code: 'timed_out',
        message: `The server at ${url} is connected but did not answer within ${waited}. Try again, or wait longer with --timeout.`,
        retry: 'later',
      });
    }
    // Before the first welcome nothing went out; later a request may be under way.
    const nothing = this.client.self === undefined ? 'Nothing was done. ' : '';
    return new CliError({
      code: 'unreachable',
      message: `No server answers at ${url} (tried for ${waited}). ${nothing}Is it running? Start one with: parley serve`,
      retry: 'later',
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close();
  }

  async #within<T>(asked: Promise<T>): Promise<T> {
    const { timeout } = this.#options;
    if (timeout === 0) return await asked;
    const { promise: expired, reject } = Promise.withResolvers<never>();
    this.#giveUp = reject;
    const timer = setTimeout(() => reject(this.timedOut()), timeout * 1_000);
    try {
      const answer = await Promise.race([asked, expired]);
      this.#delayed = undefined;
      return answer;
    } finally {
      this.#giveUp = undefined;
      clearTimeout(timer);
    }
  }

  /** The SDK asks again by itself; a wait that is known to be too long is not begun. */
  #delay(error: ParleyError): void {
    this.#delayed = error;
    const { timeout } = this.#options;
    if (timeout !== 0 && (error.fault.retry_after_ms ?? 0) > timeout * 1_000) this.#giveUp?.(notYet(error));
  }
}
