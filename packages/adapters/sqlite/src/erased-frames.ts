// Gets erased text out of the WAL: its old frames hold it until the WAL is emptied. Soon, and never before an answer.
import type { Timer, Timers } from '@parley/ports/timers';

/** What is erased meanwhile is removed together, so that many erasures cost one checkpoint a second. */
export const ERASED_FRAMES_DELAY_MS = 1_000;
/** While a reader is in the way. Some tries and more fit into the 5 s that the port allows for everything. */
export const ERASED_FRAMES_RETRY_MS = 250;

export interface ErasedFramesOptions {
  /** Without them it is tried at once, and not again before something else is erased. */
  readonly timers: Timers | undefined;
  /** Asks the writer's thread to empty the WAL. Its answer comes by `answered`, in order with what it erases. */
  readonly askToRemove: () => void;
}

type State =
  | { readonly kind: 'idle' }
  | { readonly kind: 'waiting'; readonly timer: Timer }
  | { readonly kind: 'asked' }
  | { readonly kind: 'stopped' };

export class ErasedFrames {
  readonly #options: ErasedFramesOptions;
  #state: State = { kind: 'idle' };

  constructor(options: ErasedFramesOptions) {
    this.#options = options;
  }

  /** Something was erased. What is erased before the answer to a question is covered by it. */
  remove(): void {
    if (this.#state.kind === 'idle') this.#askAfter(ERASED_FRAMES_DELAY_MS);
  }

  answered(done: boolean): void {
    if (this.#state.kind !== 'asked') return;
    this.#state = { kind: 'idle' };
    if (!done && this.#options.timers !== undefined) this.#askAfter(ERASED_FRAMES_RETRY_MS);
  }

  stop(): void {
    if (this.#state.kind === 'waiting') this.#state.timer.cancel();
    this.#state = { kind: 'stopped' };
  }

  #askAfter(delayMs: number): void {
    const { timers } = this.#options;
    if (timers === undefined) this.#ask();
    else this.#state = { kind: 'waiting', timer: timers.after(delayMs, () => this.#ask()) };
  }

  #ask(): void {
    this.#state = { kind: 'asked' };
    this.#options.askToRemove();
  }
}
