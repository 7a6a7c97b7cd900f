import { expect, test } from 'bun:test';
import type { UserId } from '@parley/protocol/ids';
import { Ring } from './ring.ts';

const USERS = Array.from({ length: 10_000 }, (_, at) => String(7_000_000_000 + at) as UserId);

test('every node names the same owner of a user, in whatever order it knows the nodes', () => {
  const one = new Ring(['a', 'b', 'c']);
  const other = new Ring(['c', 'a', 'b']);
  expect(USERS.every((user) => one.ownerOf(user) === other.ownerOf(user))).toBe(true);
  expect(new Ring(['only']).ownerOf(USERS[0] as UserId)).toBe('only');
  expect(() => new Ring([])).toThrow(RangeError);
});

test('users are spread over the nodes, and a node that goes moves only its own', () => {
  const before = new Ring(['a', 'b', 'c', 'd']);
  const after = new Ring(['a', 'b', 'd']);
  const shares = new Map<string, number>();
  for (const user of USERS) {
    const owner = before.ownerOf(user);
    shares.set(owner, (shares.get(owner) ?? 0) + 1);
    if (owner !== 'c') expect(after.ownerOf(user)).toBe(owner);
  }
  for (const share of shares.values()) expect(Math.abs(share - 2_500)).toBeLessThan(250);
});
