// Many users, faults and crashes at random: whatever happened, the log and what each client was told agree.
import { expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { ChatRun, type Step } from '../testing/chat-run.ts';

/** Mostly the one who made the group: who may not change it makes no history. */
const who = fc.constantFrom(0, 0, 0, 1, 2, 3);
const whom = fc.constantFrom(1, 2, 3, 3, 3, 0);
/** Mostly removing and adding. */
const what = fc.constantFrom(0, 0, 0, 1, 1, 1, 1, 2, 3, 4, 5, 6, 7, 8, 8, 9, 9);
const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('send'),
      who,
      where: fc.nat(3).map((at) => (at === 3 ? 1 : 0)),
      count: fc.integer({ min: 1, max: 4 }),
    }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('change'), who, whom, what }) },
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant('message_change'),
      who,
      where: fc.nat(1),
      target: fc.integer({ min: 1, max: 20 }),
      what: fc.nat(7),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('refer'),
      who,
      where: fc.nat(1),
      to: fc.nat(20),
      how: fc.nat(3),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('follow'), who, where: fc.nat(1), after: fc.nat(20) }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('retry'), who, which: fc.nat(50) }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('pull'), who, where: fc.nat(1), after: fc.nat(30) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('mark'), who, where: fc.nat(1), seq: fc.nat(40) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('join'), who: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('view'), who, where: fc.nat(1) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reconnect'), who }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('fault'), call: fc.nat(15), fault: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart') }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('wait'), ms: fc.constantFrom(0, 10, 3_000) }) },
) as fc.Arbitrary<Step>;

async function run(
  seed: number,
  history: 'all' | 'joined',
  largeGroupMembers: number,
  all: readonly Step[],
): Promise<string[]> {
  const chat = new ChatRun(seed, largeGroupMembers);
  await chat.begin(history);
  for (const step of all) await chat.do(step);
  return chat.finish();
}

test('[INV 1, INV 2, INV 3, INV 4, INV 6, INV 7, INV 9, INV 12, INV 14, INV 15, INV 16] [STATE-2] hold after any interleaving with faults and crashes', async () => {
  const given = process.env['PARLEY_TEST_SEED'];
  const cases = [
    fc.nat(1_000_000),
    fc.constantFrom('all', 'joined'),
    // Large is more than there are, or what the group is now and then.
    fc.constantFrom(3, 100),
    fc.array(steps, { minLength: 5, maxLength: 60, size: 'max' }),
  ] as const;
  // fast-check prints its seed, the path and the shrunken steps when it fails.
  await fc.assert(
    fc.asyncProperty(...cases, async (seed, history, large, all) => {
      expect(await run(seed, history as 'all' | 'joined', large, all)).toEqual([]);
    }),
    { numRuns: 60, ...(given === undefined ? {} : { seed: Number(given) }) },
  );
}, 60_000);
