// Counting failures per key.
import { expect, test } from 'bun:test';
import { FakeClock } from '@parley/adapter-memory/fake-clock';
import {
  FAILURES_FORGOTTEN_MS,
  FAILURE_KEYS_MAX_COUNT,
  FAILURE_WAIT_MAX_MS,
  FailureCount,
} from './failure-count.ts';

function counted(times: number): { clock: FakeClock; count: FailureCount } {
  const clock = new FakeClock();
  const count = new FailureCount(clock);
  for (let failure = 0; failure < times; failure += 1) count.add('key', 10);
  return { clock, count };
}

test('below the allowance there is no wait; from it on the wait doubles up to its bound', () => {
  expect(counted(9).count.waitMs('key')).toBe(0);
  expect(counted(10).count.waitMs('key')).toBe(1_000);
  expect(counted(11).count.waitMs('key')).toBe(2_000);
  expect(counted(13).count.waitMs('key')).toBe(8_000);
  expect(counted(2_000).count.waitMs('key')).toBe(FAILURE_WAIT_MAX_MS);
});

test('the wait runs down', () => {
  const { clock, count } = counted(12);
  clock.advance(3_999);
  expect(count.waitMs('key')).toBe(1);
  clock.advance(1);
  expect(count.waitMs('key')).toBe(0);
});

test('after 15 minutes without a failure a key starts from nothing, not before', () => {
  const { clock, count } = counted(9);
  clock.advance(FAILURES_FORGOTTEN_MS - 1);
  expect(count.failures('key')).toBe(9);
  clock.advance(1);
  expect(count.failures('key')).toBe(0);
  count.add('key', 10);
  expect(count.failures('key')).toBe(1);
});

test('a failure taken back ends the wait it began', () => {
  const { count } = counted(10);
  count.takeBack('key', 10);
  expect(count.waitMs('key')).toBe(0);
  expect(count.failures('key')).toBe(9);
});

test('keys that have nothing left are gone, and an unknown one does no harm', () => {
  const { count } = counted(1);
  count.takeBack('key', 10);
  count.takeBack('other', 10);
  expect(count.size).toBe(0);
});

test('the map is bounded: the key that has been quiet for longest is forgotten', () => {
  const { count } = counted(0);
  for (let key = 0; key < FAILURE_KEYS_MAX_COUNT; key += 1) count.add(`key ${key}`, 10);
  count.add('key 0', 10);
  count.add('one more', 10);
  expect(count.size).toBe(FAILURE_KEYS_MAX_COUNT);
  expect(count.failures('key 0')).toBe(2);
  expect(count.failures('key 1')).toBe(0);
});
