// The timers of the runtime. None of them keeps the process alive.
import type { Timer, Timers } from '@parley/ports/timers';

/** The runtime fires a longer delay at once. */
const DELAY_MAX_MS = 2 ** 31 - 1;

export class SystemTimers implements Timers {
  /** A delay longer than the runtime can wait is waited for in parts. */
  after(delayMs: number, call: () => void): Timer {
    let handle: NodeJS.Timeout;
    const wait = (leftMs: number) => {
      const partMs = Math.min(leftMs, DELAY_MAX_MS);
      handle = setTimeout(() => (partMs < leftMs ? wait(leftMs - partMs) : call()), partMs).unref();
    };
    wait(delayMs);
    return { cancel: () => clearTimeout(handle) };
  }

  /** Throws a RangeError for an interval that the runtime would take for another one. */
  every(intervalMs: number, call: () => void): Timer {
    if (!(intervalMs > 0 && intervalMs <= DELAY_MAX_MS))
      throw new RangeError(`an interval of ${intervalMs} ms`);
    const handle = setInterval(call, intervalMs).unref();
    return { cancel: () => clearInterval(handle) };
  }

  soon(call: () => void): void {
    setImmediate(call);
  }
}
