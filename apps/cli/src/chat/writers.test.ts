// Who is writing, in words; the clock of these tests is the real one, and nothing waits for it.
import { expect, test } from 'bun:test';
import { userIdSchema, type UserId } from '@parley/protocol/ids';
import { Writers } from './writers.ts';

const [ADA, BOB, CY, DI] = ['1', '2', '3', '4'].map((id) => userIdSchema.parse(id)) as [
  UserId,
  UserId,
  UserId,
  UserId,
];
const NAMES: Record<string, string> = { '1': 'ada', '2': 'bob', '3': 'cy', '4': 'di' };

async function wordsAfter(steps: (writers: Writers) => void): Promise<string> {
  using writers = new Writers({ nameOf: (id) => Promise.resolve(NAMES[id] ?? id), changed: () => {} });
  steps(writers);
  await Promise.resolve();
  return writers.words;
}

test('[TYPING-1] who writes is named, until a stop or a message', async () => {
  expect(await wordsAfter(() => {})).toBe('');
  expect(await wordsAfter((writers) => writers.heard(BOB, 6_000))).toBe('bob is writing…');
  const two = (writers: Writers): void => [BOB, CY].forEach((id) => writers.heard(id, 6_000));
  expect(await wordsAfter(two)).toBe('bob and cy are writing…');
  const all = (writers: Writers): void => [ADA, BOB, CY, DI].forEach((id) => writers.heard(id, 6_000));
  expect(await wordsAfter(all)).toBe('ada, bob, cy and 1 more are writing…');
  expect(
    await wordsAfter((writers) => {
      two(writers);
      writers.heard(BOB, 0);
    }),
  ).toBe('cy is writing…');
  expect(
    await wordsAfter((writers) => {
      two(writers);
      writers.wrote(CY);
    }),
  ).toBe('bob is writing…');
});

test('[TYPING-1] it is shown for so long and no longer', async () => {
  const ended = Promise.withResolvers<void>();
  using writers = new Writers({
    nameOf: () => Promise.resolve('bob'),
    changed: () => {
      if (writers.words === '' && named) ended.resolve();
      named ||= writers.words !== '';
    },
  });
  let named = false;
  writers.heard(BOB, 30);
  await ended.promise;
  expect(writers.words).toBe('');
});
