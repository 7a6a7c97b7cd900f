// Tells whoever waits at the terminal that there is no connection, and when there is one again.
import type { ClientState } from '@parley/client';
import type { CliContext } from './context.ts';

export interface ConnectionNoticeOptions {
  readonly context: CliContext;
  readonly url: string;
  /** Seconds after which the command gives up; 0 for one that keeps trying. */
  readonly timeout: number;
}

export class ConnectionNotice {
  readonly #options: ConnectionNoticeOptions;
  #told = false;
  #isQuiet = false;

  constructor(options: ConnectionNoticeOptions) {
    this.#options = options;
  }

  /** From now on somebody else shows it. */
  silence(): void {
    this.#isQuiet = true;
  }

  /**
   * Once a gap, on standard error. With --json only for a command that keeps trying, as
   * {"event":"connection","state":"waiting"|"online"}; one that gives up says so in its error.
   */
  state({ kind }: ClientState): void {
    const { url, timeout } = this.#options;
    if (kind === 'waiting' && !this.#told) {
      this.#told = true;
      const until = timeout === 0 ? 'still trying' : `trying for up to ${timeout} s`;
      this.#tell('waiting', `No connection to ${url}, ${until} …`);
    } else if (kind === 'online' && this.#told) {
      this.#told = false;
      this.#tell('online', `Connected to ${url}.`);
    }
  }

  #tell(state: 'waiting' | 'online', words: string): void {
    const { context, timeout } = this.#options;
    if (this.#isQuiet || (context.json && timeout !== 0)) return;
    const { stderr, json } = context;
    const telling = json ? stderr.json({ event: 'connection', state }) : stderr.line(words);
    // Nothing depends on the notice: a standard error that is closed is no reason to fail.
    telling.catch(() => {});
  }
}
