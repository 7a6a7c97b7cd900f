// The machine's clock.
import type { Clock } from '@parley/ports/clock';

export class SystemClock implements Clock {
  now(): number {
    return Date.now();
  }

  monotonic(): number {
    return performance.now();
  }
}
