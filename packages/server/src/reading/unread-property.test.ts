// Unread and mention counts under random histories, with faults and crashes, against counting the log entry by entry.
import { expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { ReadingRun, SEQ_NAMED_MAX, type ReadingStep } from '../testing/reading-run.ts';

const who = fc.nat(3);
const where = fc.constantFrom(0, 0, 0, 1);
const seq = fc.nat(SEQ_NAMED_MAX);
const yes = fc.boolean();

const steps: fc.Arbitrary<ReadingStep> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant('send'),
      who,
      where,
      how: fc.nat(5),
      whom: who,
      to: seq,
      count: fc.constantFrom(1, 1, 1, 2, 5),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('change'),
      who,
      where,
      what: fc.constantFrom('edit', 'mention', 'delete'),
      target: seq,
      whom: who,
    }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('read'), who, where, seq }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('unread'), who, where, seq }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('member'),
      whom: fc.constantFrom(1, 2, 3),
      what: fc.constantFrom('add', 'add', 'remove', 'leave'),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('follow'), who, where, thread: seq, yes }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('block'), who, whom: who, yes }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('fault'), call: fc.nat(11), fault: fc.nat(2) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('time', 'time', 'retain') }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart') }) },
) as fc.Arbitrary<ReadingStep>;

test('[READ-1] [READ-2] [READ-3] [READ-5] counts are exact under any history, with faults, crashes and retention', async () => {
  const given = process.env['PARLEY_TEST_SEED'];
  const cases = [
    fc.constantFrom('all', 'joined'),
    fc.array(steps, { minLength: 5, maxLength: 60, size: 'max' }),
  ] as const;
  // fast-check prints its seed, the path and the shrunken steps when it fails.
  await fc.assert(
    fc.asyncProperty(...cases, async (history, all) => {
      const run = new ReadingRun();
      await run.begin(history as 'all' | 'joined');
      for (const [at, step] of all.entries()) {
        await run.do(step);
        if (at % 8 === 7) expect(await run.differences()).toEqual([]);
      }
      expect(await run.differences()).toEqual([]);
    }),
    { numRuns: 60, ...(given === undefined ? {} : { seed: Number(given) }) },
  );
}, 60_000);
