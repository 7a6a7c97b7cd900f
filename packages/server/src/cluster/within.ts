// A wait with an end: what takes longer is left to itself and counts as failed.
import type { Timer, Timers } from '@parley/ports/timers';

export class TookTooLong extends Error {
  override readonly name = 'TookTooLong';
}

/** Rejects as the work does, or with TookTooLong; the work goes on then, and how it ends is of no interest. */
export async function within<Result>(timers: Timers, ms: number, work: Promise<Result>): Promise<Result> {
  let timer: Timer | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = timers.after(ms, () => reject(new TookTooLong(`no answer within ${ms} ms`)));
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    timer?.cancel();
  }
}
