// How fast one user may bring users into conversations: a token bucket each, so that nobody fills the store alone.
import type { UserId } from '@parley/protocol/ids';
import type { Clock } from '@parley/ports/clock';

/** Users that one may bring into conversations at once: a whole group of the largest size. */
export const BROUGHT_IN_AT_ONCE_MAX_COUNT = 1_000;
/** And from then on, in a second. */
export const BROUGHT_IN_PER_SECOND_MAX_COUNT = 20;
/** Users of whom it is known; the one who asked longest ago is forgotten, whose bucket is full again as a rule. */
export const RATED_USERS_MAX_COUNT = 100_000;

/** Full buckets that one call forgets. */
const FORGOTTEN_AT_ONCE_MAX_COUNT = 4;

const REFILL_MS = 1_000 / BROUGHT_IN_PER_SECOND_MAX_COUNT;
const BURST_MS = BROUGHT_IN_AT_ONCE_MAX_COUNT * REFILL_MS;

export class RateLimit {
  readonly #clock: Clock;
  /** When each user's bucket will be full again, in the order of the last use. */
  readonly #fullAtMs = new Map<UserId, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes `count` from what the user may do; where that is too much takes nothing, and returns the ms to wait. */
  take(user: UserId, count: number): number | undefined {
    const nowMs = this.#clock.monotonic();
    const before = Math.max(nowMs, this.#fullAtMs.get(user) ?? nowMs);
    const fullAtMs = before + count * REFILL_MS;
    const waitMs = fullAtMs - nowMs - BURST_MS;
    this.#fullAtMs.delete(user);
    this.#fullAtMs.set(user, waitMs > 0 ? before : fullAtMs);
    this.#forget(nowMs);
    return waitMs > 0 ? Math.ceil(waitMs) : undefined;
  }

  get size(): number {
    return this.#fullAtMs.size;
  }

  /** Whose bucket is full again need not be known. A few at a time, from those who asked longest ago. */
  #forget(nowMs: number): void {
    let looked = 0;
    for (const [user, fullAtMs] of this.#fullAtMs) {
      if (
        this.#fullAtMs.size <= RATED_USERS_MAX_COUNT &&
        (looked === FORGOTTEN_AT_ONCE_MAX_COUNT || fullAtMs > nowMs)
      ) {
        return;
      }
      this.#fullAtMs.delete(user);
      looked += 1;
    }
  }
}
