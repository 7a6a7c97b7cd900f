// Which node a user is sent to.
import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { loadBound, nodeFor, Placement, type Load } from './placement.ts';

const keys = fc.uniqueArray(fc.integer({ min: 1, max: 1_000_000_000 }), { minLength: 1, maxLength: 400 });
const nodeCount = fc.integer({ min: 1, max: 12 });

function fill(users: readonly number[], nodes: readonly string[]): Map<number, string> {
  const counts = new Map(nodes.map((node) => [node, 0]));
  const placed = new Map<number, string>();
  for (const user of users) {
    const loads: Load[] = [...counts].map(([node, sessions]) => ({ node, sessions }));
    const node = nodeFor(String(user), loads);
    if (node === undefined) throw new Error('nowhere');
    counts.set(node, (counts.get(node) ?? 0) + 1);
    placed.set(user, node);
  }
  return placed;
}

const named = (count: number) => Array.from({ length: count }, (_, index) => `node-${index}`);

test('DESIGN 5: no node is given more than 1.25 times the mean', () => {
  fc.assert(
    fc.property(keys, nodeCount, (users, count) => {
      const placed = fill(users, named(count));
      const most = Math.max(
        ...[...Map.groupBy(placed.values(), (node) => node).values()].map((of) => of.length),
      );
      expect(most).toBeLessThanOrEqual(loadBound(users.length - 1, count));
      expect(most).toBeLessThanOrEqual(Math.ceil((1.25 * users.length) / count));
    }),
  );
});

test('DESIGN 5: whatever the loads are, somebody has room, and it is not one that has too many', () => {
  const loads = fc.array(fc.integer({ min: 0, max: 10_000 }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(loads, fc.string(), (sessions, key) => {
      const rows = sessions.map((each, index) => ({ node: `node-${index}`, sessions: each }));
      const total = sessions.reduce((sum, each) => sum + each, 0);
      const chosen = rows.find(({ node }) => node === nodeFor(key, rows));
      expect(chosen?.sessions).toBeLessThan(loadBound(total, rows.length));
    }),
  );
});

test('DESIGN 5: one node joining or leaving moves about 1/n of new connections', () => {
  const users = Array.from({ length: 4_000 }, (_, index) => 7_000_000 + index);
  for (const count of [3, 8]) {
    const before = fill(users, named(count));
    const after = fill(users, named(count + 1));
    const moved = users.filter((user) => before.get(user) !== after.get(user)).length / users.length;
    // What the bound pushes on moves besides.
    expect(moved).toBeLessThan(2 / (count + 1));
    expect(moved).toBeGreaterThan(0.5 / (count + 1));
  }
});

test('nodes are the same for a user whatever order they are listed in, and none is none', () => {
  const loads = named(5).map((node) => ({ node, sessions: 10 }));
  for (const key of ['1', '2', '3', '4']) expect(nodeFor(key, loads)).toBe(nodeFor(key, loads.toReversed()));
  expect(nodeFor('1', [])).toBeUndefined();
});

test('those that were just sent to a node count as there until the list is read anew', () => {
  const row = (node: string) => ({ node, url: `ws://${node}`, startedAt: 0, sessions: 0 });
  let rows = [row('a'), row('b')];
  const placement = new Placement(() => rows);
  const urls = Array.from({ length: 100 }, () => placement.urlFor('the same user'));
  expect(
    Math.max(...[...Map.groupBy(urls, (url) => url).values()].map((each) => each.length)),
  ).toBeLessThanOrEqual(63);
  rows = [row('b'), row('a')];
  expect(placement.urlFor('the same user')).toBe(urls[0]);
});
