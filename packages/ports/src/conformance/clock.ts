// The suite of the clock.
import { describe, expect, test } from 'bun:test';
import type { Clock } from '../clock.ts';

/** A clock, and how to let time pass on it. */
export interface OpenedClock {
  readonly clock: Clock;
  readonly pass: (ms: number) => Promise<void>;
}

const YEAR_2020_MS = 1_577_836_800_000;
/** A timer may be early by this much against a clock of another resolution. */
const RESOLUTION_MS = 2;

export function testClock(adapter: string, open: () => OpenedClock): void {
  describe(`${adapter} as Clock`, () => {
    test('[CLOCK-1] now is a whole number of milliseconds since the Unix epoch', () => {
      const now = open().clock.now();
      expect(Number.isSafeInteger(now)).toBe(true);
      expect(now).toBeGreaterThan(YEAR_2020_MS);
    });

    test('[CLOCK-2] monotonic never steps back', async () => {
      const { clock, pass } = open();
      let last = clock.monotonic();
      for (let turn = 0; turn < 10_000; turn++) {
        if (turn % 1_000 === 0) await pass(1);
        const next = clock.monotonic();
        expect(next >= last).toBe(true);
        last = next;
      }
    });

    test('[CLOCK-3] both go on by at least the time that passes', async () => {
      const { clock, pass } = open();
      const [now, monotonic] = [clock.now(), clock.monotonic()];
      await pass(20);
      expect(clock.now() - now).toBeGreaterThanOrEqual(20 - RESOLUTION_MS);
      expect(clock.monotonic() - monotonic).toBeGreaterThanOrEqual(20 - RESOLUTION_MS);
    });
  });
}
