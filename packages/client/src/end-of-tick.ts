// The end of a tick, in two steps: first everyone adds frames, then they are written, all in one message.
import type { Timers } from './environment.ts';

export class EndOfTick {
  readonly #timers: Timers;
  readonly #collect = new Set<() => void>();
  readonly #write = new Set<() => void>();
  #scheduled = false;

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  /** Calls at the end of this tick, before anything is written. The same function is called once. */
  collect(call: () => void): void {
    this.#collect.add(call);
    this.#schedule();
  }

  /** Calls at the end of this tick, after all that `collect` took. The same function is called once. */
  write(call: () => void): void {
    this.#write.add(call);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#timers.soon(() => {
      // A Set also visits what is added while it is gone through.
      for (const calls of [this.#collect, this.#write]) {
        for (const call of calls) {
          calls.delete(call);
          call();
        }
      }
      this.#scheduled = false;
      if (this.#collect.size > 0) this.#schedule();
    });
  }
}
