// How fast one user may do what fills the store, such as bring users into conversations: a token bucket each.
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

export interface RateBounds {
  readonly atOnceMaxCount: number;
  /** One more may be done after so long. */
  readonly refillMs: number;
}

export const BROUGHT_IN: RateBounds = {
  atOnceMaxCount: BROUGHT_IN_AT_ONCE_MAX_COUNT,
  refillMs: 1_000 / BROUGHT_IN_PER_SECOND_MAX_COUNT,
};

export class RateLimit {
  readonly #clock: Clock;
  readonly #bounds: RateBounds;
  /** When each user's bucket will be full again, in the order of the last use. */
  readonly #fullAtMs = new Map<UserId, number>();

  constructor(clock: Clock, bounds: RateBounds) {
    this.#clock = clock;
    this.#bounds = bounds;
  }

  /** Takes `count` from what the user may do; where that is too much takes nothing, and returns the ms to wait. */
  take(user: UserId, count: number): number | undefined {
    const { atOnceMaxCount, refillMs } = this.#bounds;
    const nowMs = this.#clock.monotonic();
    const before = Math.max(nowMs, this.#fullAtMs.get(user) ?? nowMs);
    const fullAtMs = before + count * refillMs;
    const waitMs = fullAtMs - nowMs - atOnceMaxCount * refillMs;
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
