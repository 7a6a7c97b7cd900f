// A clock that stands still until a test moves it.
import type { Clock } from '@parley/ports/clock';

const START_MS = 1_767_225_600_000;

export class FakeClock implements Clock {
  #nowMs: number;
  #monotonicMs = 0;

  /** Begins at 2026-01-01 UTC unless told otherwise. */
  constructor(startMs = START_MS) {
    this.#nowMs = startMs;
  }

  now(): number {
    return this.#nowMs;
  }

  monotonic(): number {
    return this.#monotonicMs;
  }

  /** Time passes. Runs no timer: where there are FakeTimers, use their `advance`. */
  advance(ms: number): void {
    if (!(ms >= 0)) throw new RangeError(`time does not pass by ${ms} ms`);
    this.#nowMs += ms;
    this.#monotonicMs += ms;
  }

  /** Somebody sets the wall clock: it jumps, also back, and no time passes. */
  step(ms: number): void {
    this.#nowMs += ms;
  }
}
