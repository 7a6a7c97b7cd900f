// Calls when something has not happened for a while, again and again. A touch costs no timer.
import type { Clock, Timer, Timers } from './environment.ts';

export type QuietTimerOptions = { clock: Clock; timers: Timers; afterMs: number; call: () => void };

export class QuietTimer {
  readonly #options: QuietTimerOptions;
  #last = 0;
  #timer: Timer | undefined;

  constructor(options: QuietTimerOptions) {
    this.#options = options;
  }

  start(): void {
    this.stop();
    this.touch();
    this.#arm(this.#options.afterMs);
  }

  /** It happened: the wait begins anew. */
  touch(): void {
    this.#last = this.#options.clock.monotonic();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #arm(delayMs: number): void {
    this.#timer = this.#options.timers.after(delayMs, () => {
      const { clock, afterMs, call } = this.#options;
      const leftMs = Math.ceil(this.#last + afterMs - clock.monotonic());
      if (leftMs > 0) {
        this.#arm(leftMs);
        return;
      }
      this.touch();
      this.#arm(afterMs);
      call();
    });
  }
}
