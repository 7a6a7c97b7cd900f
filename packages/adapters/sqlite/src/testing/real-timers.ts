// For tests whose subject is real threads: nothing but real time gets them to an end.
import type { Timers } from '@parley/ports/timers';

/** None of them keeps the process alive. */
export const REAL_TIMERS: Timers = {
  after: (delayMs, call) => {
    const handle = setTimeout(call, delayMs).unref();
    return { cancel: () => clearTimeout(handle) };
  },
  every: (intervalMs, call) => {
    const handle = setInterval(call, intervalMs).unref();
    return { cancel: () => clearInterval(handle) };
  },
  soon: (call) => void setImmediate(call),
};
