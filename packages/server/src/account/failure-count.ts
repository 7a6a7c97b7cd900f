// Counts failures per key, in a bounded map, and says how long the next try has to wait.
import type { Clock } from '@parley/ports/clock';

/** Without a failure for this long, a key starts from nothing. */
export const FAILURES_FORGOTTEN_MS = 15 * 60_000;
/** The first wait; it doubles with every further failure. */
export const FAILURE_WAIT_MIN_MS = 1_000;
export const FAILURE_WAIT_MAX_MS = 15 * 60_000;
/** Keys of one map; past it the one that has been quiet for longest is forgotten. */
export const FAILURE_KEYS_MAX_COUNT = 10_000;

interface Entry {
  failures: number;
  /** Monotonic times. */
  last: number;
  blockedUntil: number;
}

export class FailureCount {
  readonly #clock: Clock;
  /** In order of the last failure: the first key is the one to forget. */
  readonly #entries = new Map<string, Entry>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#entries.size;
  }

  failures(key: string): number {
    return this.#current(key)?.failures ?? 0;
  }

  /** Milliseconds until the key may try again; 0 for now. */
  waitMs(key: string): number {
    const entry = this.#current(key);
    return entry === undefined ? 0 : Math.max(0, Math.ceil(entry.blockedUntil - this.#clock.monotonic()));
  }

  /** Counts one failure; from the `allowance`-th on, the key has to wait. */
  add(key: string, allowance: number): void {
    const now = this.#clock.monotonic();
    const entry = this.#current(key) ?? { failures: 0, last: now, blockedUntil: now };
    entry.failures += 1;
    entry.last = now;
    if (entry.failures >= allowance) {
      const wait = FAILURE_WAIT_MIN_MS * 2 ** Math.min(entry.failures - allowance, 30);
      entry.blockedUntil = now + Math.min(wait, FAILURE_WAIT_MAX_MS);
    }
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    if (this.#entries.size > FAILURE_KEYS_MAX_COUNT) this.#forgetOldest();
  }

  /** Takes one failure back; below the allowance, the key need not wait any more. */
  takeBack(key: string, allowance: number): void {
    const entry = this.#current(key);
    if (entry === undefined) return;
    entry.failures -= 1;
    if (entry.failures < allowance) entry.blockedUntil = entry.last;
    if (entry.failures === 0) this.#entries.delete(key);
  }

  forget(key: string): void {
    this.#entries.delete(key);
  }

  #current(key: string): Entry | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (this.#clock.monotonic() - entry.last < FAILURES_FORGOTTEN_MS) return entry;
    this.#entries.delete(key);
    return undefined;
  }

  #forgetOldest(): void {
    const oldest = this.#entries.keys().next();
    if (!oldest.done) this.#entries.delete(oldest.value);
  }
}
