import { expect, test } from 'bun:test';
import { RecentCache } from './recent-cache.ts';

test('at its bound it lets go of what was not used for longest', () => {
  const cache = new RecentCache<string, number>(2);
  cache.set('a', 1);
  cache.set('b', 2);
  cache.get('a');
  cache.set('c', 3);
  expect(['a', 'b', 'c'].map((key) => cache.get(key))).toEqual([1, undefined, 3]);
});

test('heavy values count for more, and what is let go counts no more', () => {
  const cache = new RecentCache<string, string>(5, (value) => value.length);
  cache.set('a', 'aaa');
  cache.set('b', 'bb');
  expect(cache.weight).toBe(5);
  cache.set('a', 'a');
  expect(cache.weight).toBe(3);
  cache.set('c', 'ccccc');
  expect(['a', 'b', 'c'].map((key) => cache.get(key))).toEqual([undefined, undefined, 'ccccc']);
  cache.delete('c');
  cache.delete('c');
  expect(cache.weight).toBe(0);
});
