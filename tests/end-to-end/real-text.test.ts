// Real text through real processes and kills; the script that does it can also be run alone.
import { expect, test } from 'bun:test';
import { isLong } from './lib/needs.ts';
import { scopePerTest } from './lib/test-scope.ts';
import { describeOnEngines } from './lib/test-stores.ts';
import { runRealText } from './real-text.ts';

const scope = scopePerTest();

test('[INV 1] [INV 2, INV 3, INV 4, INV 5, INV 6, INV 10, INV 11] real text survives kills of the server and of a reader', async () => {
  const length = isLong
    ? { lines: 12_000, kills: 20, settleMs: 6_000 }
    : { lines: 2_000, kills: 5, settleMs: 0 };
  const { findings, ...figures } = await runRealText({ ...length, stores: 'embedded' }, scope());
  console.log(figures);
  expect(findings).toEqual([]);
  expect(figures.entries).toBe(length.lines + 1);
  // Otherwise the kills came when nothing was under way, and proved nothing.
  expect(figures.unanswered).toBeGreaterThan(0);
  expect(figures.readerStarts).toBeGreaterThan(3);
}, 300_000);

describeOnEngines((stores) => {
  test('[INV 1] [INV 2, INV 3, INV 4, INV 5, INV 6, INV 10, INV 11] real text survives a kill of the server and of a reader', async () => {
    const length = isLong
      ? { lines: 4_000, kills: 8, settleMs: 6_000 }
      : { lines: 600, kills: 1, settleMs: 0 };
    const { findings, ...figures } = await runRealText({ ...length, stores }, scope());
    console.log({ stores, ...figures });
    expect(findings).toEqual([]);
    expect(figures.entries).toBe(length.lines + 1);
    expect(figures.unanswered).toBeGreaterThan(0);
    expect(figures.readerStarts).toBeGreaterThan(3);
  }, 300_000);
});
