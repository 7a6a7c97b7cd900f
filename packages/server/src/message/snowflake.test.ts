// [INV 7] Ids are unique, and their time is within bounds of the server's clock.
import { expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { FakeClock } from '@parley/adapter-memory/fake-clock';
import { messageIdSchema } from '@parley/protocol/ids';
import {
  Snowflake,
  SNOWFLAKE_EPOCH_MS,
  SNOWFLAKES_PER_MS_MAX_COUNT,
  snowflakeAt,
  snowflakeTime,
} from './snowflake.ts';

const START_MS = SNOWFLAKE_EPOCH_MS + 5_000;

function take(ids: Snowflake, count: number): string[] {
  return Array.from({ length: count }, () => ids.next());
}

function expectRising(ids: readonly string[]): void {
  ids.reduce((before, id) => {
    expect(BigInt(id)).toBeGreaterThan(BigInt(before));
    return id;
  }, '0');
}

test('41 bits of milliseconds since 2026, 10 bits of worker, 12 bits of sequence', () => {
  const ids = new Snowflake({ clock: new FakeClock(START_MS), worker: 3 });
  expect(take(ids, 2)).toEqual([
    String((5_000n << 22n) | (3n << 12n)),
    String((5_000n << 22n) | (3n << 12n) | 1n),
  ]);
  expect(new Date(SNOWFLAKE_EPOCH_MS).toISOString()).toBe('2026-01-01T00:00:00.000Z');
});

test('[INV 7] the sequence starts again with the millisecond, and the time can be read back', () => {
  const clock = new FakeClock(START_MS);
  const ids = new Snowflake({ clock, worker: 1_023 });
  take(ids, 10);
  clock.step(1);
  const id = ids.next();
  expect(BigInt(id) & 0xfffn).toBe(0n);
  expect(snowflakeTime(id)).toBe(clock.now());
});

test('[INV 7] a used-up sequence borrows the next millisecond, and only that', () => {
  const clock = new FakeClock(START_MS);
  const ids = new Snowflake({ clock, worker: 0 });
  const made = take(ids, SNOWFLAKES_PER_MS_MAX_COUNT + 1);
  expectRising(made);
  expect(snowflakeTime(made.at(-2) ?? '')).toBe(clock.now());
  expect(snowflakeTime(made.at(-1) ?? '')).toBe(clock.now() + 1);
  clock.step(1);
  const next = ids.next();
  expect(made).not.toContain(next);
  expectRising([made.at(-1) ?? '', next]);
});

test('[INV 7] a clock that steps back repeats nothing: ids go on from the last millisecond used', () => {
  const clock = new FakeClock(START_MS);
  const ids = new Snowflake({ clock, worker: 0 });
  const before = take(ids, 3);
  clock.step(-4_000);
  const after = take(ids, 3);
  expectRising([...before, ...after]);
  expect(snowflakeTime(after[0] ?? '')).toBe(clock.now() + 4_000);
});

test('[INV 7] rising and valid on the wire, whatever the clock does', () => {
  const steps = fc.array(
    fc.record({ by: fc.integer({ min: -10_000, max: 10_000 }), count: fc.integer({ min: 1, max: 5_000 }) }),
    { maxLength: 6 },
  );
  fc.assert(
    fc.property(steps, (moves) => {
      const clock = new FakeClock(START_MS);
      const ids = new Snowflake({ clock, worker: 7 });
      const made = moves.flatMap(({ by, count }) => {
        clock.step(by);
        return take(ids, count);
      });
      let before = 0n;
      for (const id of made) {
        if (BigInt(id) <= before) throw new Error(`${id} after ${before}`);
        before = BigInt(id);
      }
      return made.length === 0 || messageIdSchema.safeParse(made.at(-1)).success;
    }),
    { numRuns: 30 },
  );
});

test('two workers never make the same id', () => {
  const clock = new FakeClock(START_MS);
  const one = take(new Snowflake({ clock, worker: 0 }), 5_000);
  const other = take(new Snowflake({ clock, worker: 1 }), 5_000);
  expect(new Set([...one, ...other]).size).toBe(10_000);
});

test('an id is positive even when the clock is before 2026, and fits 63 bits to the last millisecond', () => {
  const early = new Snowflake({ clock: new FakeClock(0), worker: 0 });
  expect(messageIdSchema.safeParse(early.next()).success).toBe(true);
  const clock = new FakeClock(SNOWFLAKE_EPOCH_MS + 2 ** 41 - 1);
  const late = new Snowflake({ clock, worker: 1_023 });
  expect(BigInt(late.next())).toBeLessThan(2n ** 63n);
  clock.step(1);
  expect(() => late.next()).toThrow(RangeError);
});

test.each([-1, 1_024, 0.5, Number.NaN])('worker %p is refused', (worker) => {
  expect(() => new Snowflake({ clock: new FakeClock(START_MS), worker })).toThrow(RangeError);
});

test('[INV 7] a new life of a worker goes on above the last id of the old one, also when the clock was set back', () => {
  const clock = new FakeClock(START_MS);
  const before = take(new Snowflake({ clock, worker: 0 }), 3);
  clock.step(-60_000);
  const after = new Snowflake({ clock, worker: 0, after: before.at(-1) });
  expectRising([...before, ...take(after, SNOWFLAKES_PER_MS_MAX_COUNT + 1)]);
  clock.step(120_000);
  expect(snowflakeTime(after.next())).toBe(clock.now());
});

test('ids after the least one of a time are of the next millisecond, also while the clock stands before it', () => {
  const clock = new FakeClock(START_MS - 1_000);
  const [id = ''] = take(new Snowflake({ clock, worker: 3, after: snowflakeAt(START_MS) }), 1);
  expect(snowflakeTime(snowflakeAt(START_MS))).toBe(START_MS);
  expect(snowflakeTime(id)).toBe(START_MS + 1);
});
