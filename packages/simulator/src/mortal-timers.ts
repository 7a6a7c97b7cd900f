// The timers of one process: when it dies, none of them ever fires.
import type { Timer, Timers } from '@parley/ports/timers';

const NEVER: Timer = { cancel: () => undefined };

export class MortalTimers implements Timers {
  readonly #timers: Timers;
  readonly #pending = new Set<Timer>();
  #alive = true;

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  after(delayMs: number, call: () => void): Timer {
    if (!this.#alive) return NEVER;
    const timer = this.#timers.after(delayMs, () => {
      this.#pending.delete(timer);
      call();
    });
    return this.#kept(timer);
  }

  every(intervalMs: number, call: () => void): Timer {
    return this.#alive ? this.#kept(this.#timers.every(intervalMs, call)) : NEVER;
  }

  soon(call: () => void): void {
    this.#timers.soon(() => {
      if (this.#alive) call();
    });
  }

  kill(): void {
    this.#alive = false;
    for (const timer of this.#pending) timer.cancel();
    this.#pending.clear();
  }

  #kept(timer: Timer): Timer {
    this.#pending.add(timer);
    return {
      cancel: () => {
        this.#pending.delete(timer);
        timer.cancel();
      },
    };
  }
}
