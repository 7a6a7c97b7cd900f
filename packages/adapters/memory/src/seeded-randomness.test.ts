// Randomness from a seed: the known generator, and the same run again.
import { expect, test } from 'bun:test';
import { SeededRandomness, xoshiro128StarStar, type XoshiroState } from './seeded-randomness.ts';

test('the generator gives the published values', () => {
  const state: XoshiroState = [1, 2, 3, 4];
  const values = Array.from({ length: 10 }, () => xoshiro128StarStar(state));
  expect(values).toEqual([
    11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804,
  ]);
});

test('the same seed gives the same run, and another seed another one', () => {
  const run = (seed: number) => {
    const source = new SeededRandomness(seed);
    return JSON.stringify([
      source.fraction(),
      [...source.bytes(9)],
      source.below(1_000),
      [...source.bytes(1)],
    ]);
  };
  expect(run(7)).toBe(run(7));
  expect(new Set([0, 1, 2, 7, -1, 2 ** 31].map(run)).size).toBe(6);
});
