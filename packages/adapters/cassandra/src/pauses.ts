// Waits between tries: with jitter, so that those who collided do not collide again, and within a bound.
import type { Clock } from '@parley/ports/clock';
import type { Randomness } from '@parley/ports/randomness';
import { StoreError } from '@parley/ports/store-error';
import type { Timers } from '@parley/ports/timers';

const FIRST_PAUSE_MAX_MS = 10;
const PAUSE_MAX_MS = 500;

export class Pauses {
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #randomness: Randomness;

  constructor(parts: { readonly clock: Clock; readonly timers: Timers; readonly randomness: Randomness }) {
    this.#clock = parts.clock;
    this.#timers = parts.timers;
    this.#randomness = parts.randomness;
  }

  /** Longer with each turn, which begin at 0. */
  jittered(turn: number): Promise<void> {
    const longest = Math.min(FIRST_PAUSE_MAX_MS * 2 ** turn, PAUSE_MAX_MS);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#timers.after(Math.ceil(this.#randomness.fraction() * longest), resolve);
    return promise;
  }

  /**
   * Does something idempotent until it succeeds, is not wanted any more or the time is over, and returns whether it was
   * done. Bugs are thrown.
   */
  async untilDone(maxMs: number, call: () => Promise<void>, isWanted = () => true): Promise<boolean> {
    const until = this.#clock.monotonic() + maxMs;
    for (let turn = 0; ; turn += 1) {
      try {
        await call();
        return true;
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
        if (!isWanted() || this.#clock.monotonic() >= until) return false;
      }
      await this.jittered(turn);
    }
  }
}
