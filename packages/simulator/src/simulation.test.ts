// Ring 3 of the tests: server and SDK, unchanged, in a world that goes wrong in every way that a seed can think of.
import { describe, expect, test } from 'bun:test';
import { PLANTED_BUGS } from './planted-bugs.ts';
import { describe as describeRun, simulate, type RunReport } from './simulation.ts';

const isLong = process.env['PARLEY_TEST_LONG'] === '1';
const STEPS = 300;
const BLOCK_SEEDS_COUNT = 10;
const BLOCKS_COUNT = isLong ? 300 : 8;
/** A busy machine takes its time; nothing here depends on it. */
const TIMEOUT_MS = 120_000;

const blocks = Array.from({ length: BLOCKS_COUNT }, (_, block) => 1 + block * BLOCK_SEEDS_COUNT);

describe('[INV 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 15, 16, 21] hold whatever goes wrong', () => {
  test.each(blocks)(
    `seeds from %d, ${BLOCK_SEEDS_COUNT} of them`,
    async (first) => {
      for (let seed = first; seed < first + BLOCK_SEEDS_COUNT; seed++) {
        const report = await simulate({ seed, steps: STEPS });
        if (report.violations.length > 0) throw new Error(describeRun(report));
      }
    },
    TIMEOUT_MS,
  );
});

/** Seeds that failed once, as short as they could be made, and what they found. */
const FOUND: readonly (readonly [invariant: string, what: string, seed: number, steps: number])[] = [
  [
    'INV 10, 11',
    'a node answers pulls and marks from a state that another node has left behind, for ever',
    9,
    10,
  ],
];

describe('what a seed found once stays mended', () => {
  test.each(FOUND)('[%s] %s', async (_invariant, _what, seed, steps) => {
    const report = await simulate({ seed, steps });
    if (report.violations.length > 0) throw new Error(describeRun(report));
  });
});

describe('a run', () => {
  test(
    'is the same for the same seed, frame by frame, and another one for another seed',
    async () => {
      const [one, again, other] = [
        await simulate({ seed: 7, steps: 150 }),
        await simulate({ seed: 7, steps: 150 }),
        await simulate({ seed: 8, steps: 150 }),
      ];
      expect(again).toEqual(one);
      expect(other.digest).not.toBe(one.digest);
    },
    TIMEOUT_MS,
  );

  test(
    'does something: sends, refusals, unknown outcomes, crashes and cuts, on one node and on two',
    async () => {
      const reports: RunReport[] = [];
      for (let seed = 1; seed <= 8; seed++) reports.push(await simulate({ seed, steps: 200 }));
      const total = (count: (report: RunReport) => number) =>
        reports.reduce((sum, report) => sum + count(report), 0);
      expect(total(({ operations }) => operations.ok)).toBeGreaterThan(1_000);
      expect(total(({ operations }) => operations.refused)).toBeGreaterThan(50);
      expect(total(({ operations }) => operations.unknown)).toBeGreaterThan(10);
      expect(total(({ shown }) => shown)).toBeGreaterThan(5_000);
      expect(total(({ crashes }) => crashes)).toBeGreaterThan(5);
      expect(total(({ cuts }) => cuts)).toBeGreaterThan(20);
      expect(new Set(reports.map(({ nodes }) => nodes))).toEqual(new Set([1, 2]));
    },
    TIMEOUT_MS,
  );
});

/** Not every seed gives a bug its chance. */
const CHANCES_COUNT = 5;

describe('the checker finds a planted bug', () => {
  test.each(PLANTED_BUGS.map((bug) => [bug.breaks.join(' or '), bug.name, bug] as const))(
    '[%s] %s',
    async (_breaks, _name, { breaks, plants }) => {
      const found = new Set<string>();
      for (let seed = 1; seed <= CHANCES_COUNT && !breaks.some((invariant) => found.has(invariant)); seed++) {
        const report = await simulate({ seed, steps: 150, plants });
        for (const { invariant } of report.violations) found.add(invariant);
      }
      expect(breaks.filter((invariant) => found.has(invariant))).not.toEqual([]);
    },
    TIMEOUT_MS,
  );

  test('and shows the seed, the invariant and what happened around it', async () => {
    const bug = PLANTED_BUGS.find(({ breaks }) => breaks.includes('INV 2'));
    const report = await simulate({ seed: 1, steps: 60, plants: bug?.plants ?? {} });
    expect(describeRun(report, 1)).toMatch(
      /seed 1 violates INV 2: conversation \d+, seq \d+[^]*\n {4}\d+ c\d+ < \[\{"type":"entries"/,
    );
  });
});
