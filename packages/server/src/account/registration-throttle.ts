// How many may register from one address: a burst, and then one after another.
import type { Clock } from '@parley/ports/clock';
import { throttleKey } from './throttle-key.ts';

/** A school class behind one address, and more, registers without noticing. */
export const REGISTRATIONS_PER_ADDRESS_BURST_COUNT = 300;
/** An address that used up its burst gets one more each time this has passed. */
export const REGISTRATION_INTERVAL_MS = 1_000;
/** Addresses remembered; past it the one that has been quiet for longest is forgotten. */
export const REGISTRATION_ADDRESSES_MAX_COUNT = 10_000;

export class RegistrationThrottle {
  readonly #clock: Clock;
  /** When the address has its whole burst again, on the monotonic clock; in order of the last use. */
  readonly #wholeAt = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#wholeAt.size;
  }

  /** Counts one registration and returns 0, or returns the milliseconds to wait. */
  take(address: string): number {
    const key = throttleKey(address);
    const now = this.#clock.monotonic();
    const wholeAt = Math.max(now, this.#wholeAt.get(key) ?? now) + REGISTRATION_INTERVAL_MS;
    const waitMs = wholeAt - now - REGISTRATIONS_PER_ADDRESS_BURST_COUNT * REGISTRATION_INTERVAL_MS;
    if (waitMs > 0) return Math.ceil(waitMs);
    this.#wholeAt.delete(key);
    this.#wholeAt.set(key, wholeAt);
    if (this.#wholeAt.size > REGISTRATION_ADDRESSES_MAX_COUNT) this.#forgetOldest();
    return 0;
  }

  #forgetOldest(): void {
    const oldest = this.#wholeAt.keys().next();
    if (!oldest.done) this.#wholeAt.delete(oldest.value);
  }
}
