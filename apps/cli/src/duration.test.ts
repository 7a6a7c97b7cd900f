// Spans of time as people write them.
import { expect, test } from 'bun:test';
import { durationSeconds } from './duration.ts';

const upToAMonth = durationSeconds(30 * 86_400);

test('a unit, or seconds where there is none', () => {
  const spans = ['1', '90s', '30m', '8h', '7d', '2w', '30d'].map(upToAMonth);
  expect(spans).toEqual([1, 90, 1_800, 28_800, 604_800, 1_209_600, 2_592_000]);
});

test('what is no span, or too long a one, is refused and says what is possible', () => {
  for (const text of ['', '0', '-1', '1.5h', 'h', '1y', '8 h', '31d', '9999999999'])
    expect(() => upToAMonth(text)).toThrow('at most 30d');
});
