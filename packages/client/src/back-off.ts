// How long to wait before another try: full jitter under a bound that doubles, so that a crowd does not return at once.
import { BACK_OFF_MAX_MS, BACK_OFF_MIN_MS, RETRY_AFTER_MAX_MS } from './client-limits.ts';
import type { Randomness } from './environment.ts';

export class BackOff {
  readonly #randomness: Randomness;
  #boundMs = BACK_OFF_MIN_MS;

  constructor(randomness: Randomness) {
    this.#randomness = randomness;
  }

  /** Milliseconds to wait. The jitter comes on top of what the server asked for: all clients were told the same. */
  next(retryAfterMs = 0): number {
    const jitter = this.#randomness.fraction() * this.#boundMs;
    this.#boundMs = Math.min(this.#boundMs * 2, BACK_OFF_MAX_MS);
    return Math.round(Math.min(Math.max(retryAfterMs, 0), RETRY_AFTER_MAX_MS) + jitter);
  }

  reset(): void {
    this.#boundMs = BACK_OFF_MIN_MS;
  }
}
