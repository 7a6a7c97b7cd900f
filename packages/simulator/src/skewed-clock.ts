// The clock of one machine: its wall clock is off by an amount that may change, its durations are right.
import type { Clock } from '@parley/ports/clock';

export class SkewedClock implements Clock {
  readonly #true: Clock;
  offsetMs: number;

  constructor(trueClock: Clock, offsetMs: number) {
    this.#true = trueClock;
    this.offsetMs = offsetMs;
  }

  now(): number {
    return this.#true.now() + this.offsetMs;
  }

  monotonic(): number {
    return this.#true.monotonic();
  }
}
