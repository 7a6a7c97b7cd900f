// Real time and chance, for the tests whose subject is a real engine: nothing else gets them to an end.
import { randomFillSync } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { Randomness } from '../randomness.ts';
import type { Timers } from '../timers.ts';

export const REAL_CLOCK: Clock = { now: () => Date.now(), monotonic: () => performance.now() };

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

export const REAL_RANDOMNESS: Randomness = {
  bytes: (count) => randomFillSync(new Uint8Array(count)),
  fraction: () => Math.random(),
};

/** Lets real time pass. */
export const pass = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Waits until something holds, within a deadline; what it throws meanwhile counts as "not yet". */
export async function eventually(
  holds: () => boolean | Promise<boolean>,
  deadlineMs = 20_000,
): Promise<void> {
  const end = performance.now() + deadlineMs;
  for (;;) {
    let last: unknown;
    try {
      if (await holds()) return;
    } catch (error) {
      last = error;
    }
    if (performance.now() > end) throw new Error('it did not come to hold', { cause: last });
    await pass(10);
  }
}
