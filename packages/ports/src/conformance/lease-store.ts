// The suite of the lease store: see also lease-store-workers.ts.
import { describe, expect, test } from 'bun:test';
import { type NodeRow, SHARDS_COUNT } from '../lease-store.ts';
import type { LeaseWorld } from './lease-fixture.ts';
import { workerRules } from './lease-store-workers.ts';
import { acrossRestart, type Open, type Reopen } from './opened.ts';

const LONG_MS = 60_000;
const SHORT_MS = 30;
const ALL = Array.from({ length: SHARDS_COUNT }, (_, shard) => shard);

const node = (name: string, fields: Partial<NodeRow> = {}): NodeRow => ({
  node: name,
  url: `http://${name}.example:7000`,
  startedAt: 1_700_000_000_000,
  sessions: 0,
  ...fields,
});

function nodeRules(open: Open<LeaseWorld>): void {
  test('[LEASE-1] nodes that live are listed by name, as they last said of themselves', async () => {
    await using world = await open();
    expect(await world.one.nodes()).toEqual([]);
    const rows = [node('Zoe'), node('a-10'), node('a-9', { startedAt: 1, sessions: 7_000_000_000 })];
    for (const row of [...rows].reverse()) await world.one.renew(row, LONG_MS);
    expect(await world.other.nodes()).toEqual(rows);
    const moved = node('a-10', { url: 'https://elsewhere', startedAt: 5, sessions: 3 });
    await world.other.renew(moved, LONG_MS);
    await world.other.renew(moved, LONG_MS);
    expect(await world.one.nodes()).toEqual(rows.with(1, moved));
    await world.one.leave('Zoe');
    await world.one.leave('nobody');
    expect(await world.one.nodes()).toEqual([moved, rows[2] as NodeRow]);
  });

  test('[LEASE-2] a node is listed until its time is over, which no shorter one cuts off', async () => {
    await using world = await open();
    await world.one.renew(node('gone'), SHORT_MS);
    await world.one.renew(node('kept'), LONG_MS);
    await world.one.renew(node('kept', { sessions: 1 }), 1);
    await world.pass(SHORT_MS + 1);
    expect(await world.other.nodes()).toEqual([node('kept', { sessions: 1 })]);
    await world.one.renew(node('gone'), LONG_MS);
    expect((await world.other.nodes()).map((row) => row.node)).toEqual(['gone', 'kept']);
  });
}

function shardRules(open: Open<LeaseWorld>): void {
  test('[LEASE-3] take gives the free ones and keeps its own, never those of another node', async () => {
    await using world = await open();
    expect(await world.one.take('a', [], LONG_MS)).toEqual([]);
    expect(await world.one.take('a', [1_023, 10, 9, 9], LONG_MS)).toEqual([9, 10, 1_023]);
    expect(await world.other.take('b', [8, 9, 10, 11], LONG_MS)).toEqual([8, 11]);
    expect(await world.other.take('a', [8, 9, 10], LONG_MS)).toEqual([9, 10]);
    expect(await world.one.owners()).toEqual(
      new Map([
        [8, 'b'],
        [9, 'a'],
        [10, 'a'],
        [11, 'b'],
        [1_023, 'a'],
      ]),
    );
  });

  test('[LEASE-4] what has ended is free, and nobody’s; no shorter time cuts a lease off', async () => {
    await using world = await open();
    await world.one.take('a', [1, 2], SHORT_MS);
    await world.one.take('a', [3], LONG_MS);
    await world.one.take('a', [3], 1);
    await world.pass(SHORT_MS + 1);
    expect(await world.one.owners()).toEqual(new Map([[3, 'a']]));
    expect(await world.other.take('b', [1, 3], LONG_MS)).toEqual([1]);
    expect(await world.one.take('a', [1, 2, 3], LONG_MS)).toEqual([2, 3]);
  });

  test('[LEASE-5] release gives up the node’s own, at once, and no other’s', async () => {
    await using world = await open();
    await world.one.take('a', [1, 2, 3], LONG_MS);
    await world.one.take('b', [4], LONG_MS);
    await world.one.release('a', [2, 3, 4, 5]);
    await world.one.release('a', [3]);
    await world.one.release('a', []);
    expect(await world.other.owners()).toEqual(
      new Map([
        [1, 'a'],
        [4, 'b'],
      ]),
    );
    expect(await world.other.take('b', [1, 2, 3], LONG_MS)).toEqual([2, 3]);
    // Late, from before the other node took it.
    await world.one.release('a', [2]);
    expect((await world.one.owners()).get(2)).toBe('b');
  });

  test('[LEASE-6] of many nodes that take all shards at once, each shard has one', async () => {
    await using world = await open();
    const names = Array.from({ length: 12 }, (_, index) => `node-${index}`);
    const takes = names.map((name, index) =>
      // Each begins elsewhere, so that no node gets all, and some call twice.
      [0, 1].map((turn) =>
        (index % 2 === turn ? world.one : world.other).take(
          name,
          ALL.filter((shard) => (shard + index * 97) % SHARDS_COUNT < SHARDS_COUNT / (turn + 1)),
          LONG_MS,
        ),
      ),
    );
    const taken = await Promise.all(takes.map((calls) => Promise.all(calls)));
    const ofNode = taken.map((calls) => new Set(calls.flat()));
    for (const shard of ALL) expect(ofNode.filter((shards) => shards.has(shard))).toHaveLength(1);
    const owners = await world.one.owners();
    expect(owners.size).toBe(SHARDS_COUNT);
    for (const [shard, owner] of owners) expect(ofNode[names.indexOf(owner)]?.has(shard)).toBe(true);
  });

  test('[LEASE-7] a shard that ends is taken by one of those who wait for it', async () => {
    await using world = await open();
    for (let turn = 0; turn < 10; turn++) {
      await world.one.take(`before-${turn}`, [turn], 1);
      await world.pass(2);
      const names = Array.from({ length: 10 }, (_, index) => `node-${index}`);
      const taken = await Promise.all(
        names.map((name, index) => (index % 2 === 0 ? world.one : world.other).take(name, [turn], LONG_MS)),
      );
      expect(taken.flat()).toEqual([turn]);
    }
  });
}

function durabilityRules<World extends LeaseWorld>(open: Open<World>, reopen: Reopen<World>): void {
  test('[LEASE-15] nodes and shards survive a restart', async () => {
    await acrossRestart({
      open,
      reopen,
      before: async ({ one }) => {
        await one.renew(node('a'), LONG_MS);
        await one.take('a', [5], LONG_MS);
      },
      after: async ({ one }) => {
        expect(await one.nodes()).toEqual([node('a')]);
        expect(await one.take('b', [4, 5], LONG_MS)).toEqual([4]);
      },
    });
  });
}

export function testLeaseStore<World extends LeaseWorld>(
  adapter: string,
  open: Open<World>,
  reopen?: Reopen<World>,
): void {
  describe(`${adapter} as LeaseStore`, () => {
    nodeRules(open);
    shardRules(open);
    workerRules(open, reopen);
    if (reopen !== undefined) durabilityRules(open, reopen);
  });
}
