// Presence over several nodes: a watcher on any of them is told of a user on any other, whichever of them dies.
import { describe, expect, test } from 'bun:test';
import type { UserId } from '@parley/protocol/ids';
import type { PresenceRow } from '@parley/protocol/presence';
import { pushed } from '../presence/presence-fixture.ts';
import { Ring } from '../presence/ring.ts';
import { ClusterFixture } from '../testing/cluster-fixture.ts';
import type { TestClient } from '../testing/test-client.ts';

async function watch(watcher: TestClient, ...users: UserId[]): Promise<readonly PresenceRow[]> {
  const answer = await watcher.request({ type: 'watch', user_ids: users });
  if (answer.type !== 'presence') throw new Error(JSON.stringify(answer));
  return answer.rows;
}

/** Time passes, and the clients say that they live. */
async function pass(cluster: ClusterFixture, ms: number, ...alive: TestClient[]): Promise<void> {
  for (let passed = 0; passed < ms; passed += 500) {
    await cluster.advance(500);
    for (const client of alive) await client.send({ type: 'heartbeat' });
  }
}

/** Users on node 1 whose presence that node owns, one each. */
async function ownedBy(cluster: ClusterFixture, numbers: readonly number[]) {
  const ring = new Ring(cluster.nodes.map((node) => node.name));
  const found = new Map<number, TestClient & { token: string }>();
  for (let at = 0; found.size < numbers.length; at += 1) {
    const client = await cluster.join(1, `user${at}`);
    const owner = Number(ring.ownerOf(client.userId).slice('node-'.length));
    if (numbers.includes(owner) && !found.has(owner)) found.set(owner, client);
    else client.cut();
  }
  return numbers.map((number) => found.get(number) as TestClient & { token: string });
}

describe('DESIGN 6: presence is sharded by user over the nodes', () => {
  test('PRESENCE: a watcher learns that a user on another node comes, is away and goes, whoever owns that user', async () => {
    const cluster = await ClusterFixture.start({ nodes: 3 });
    const users = await ownedBy(cluster, [1, 2, 3]);
    await pass(cluster, 13_000, ...users);
    const wim = await cluster.join(2, 'wim');
    const rows = await watch(wim, ...users.map((user) => user.userId));
    expect(rows.map((row) => row.state)).toEqual(['online', 'online', 'online']);
    await pass(cluster, 1_000, wim, ...users);
    for (const user of users) {
      wim.clear();
      await user.request({ type: 'set_presence', state: 'away' } as never);
      await pass(cluster, 1_000, wim, ...users);
      expect(pushed(wim)).toEqual([`${user.userId} away`]);
    }
    wim.clear();
    for (const user of users) user.cut();
    await pass(cluster, 13_000, wim);
    expect(pushed(wim).sort()).toEqual(users.map((user) => `${user.userId} offline`).sort());
    wim.clear();
    for (const user of users) await cluster.node(3).connect(user.token);
    await pass(cluster, 1_000, wim);
    expect(pushed(wim).sort()).toEqual(users.map((user) => `${user.userId} online`).sort());
  });

  test('a user with sessions on two nodes is online until the last of them is gone', async () => {
    const cluster = await ClusterFixture.start({ nodes: 3 });
    const ann = await cluster.join(1, 'ann');
    const wim = await cluster.join(2, 'wim');
    await pass(cluster, 500, ann, wim);
    await watch(wim, ann.userId);
    const second = await cluster.node(3).connect(ann.token);
    await pass(cluster, 1_000, ann, wim, second);
    second.cut();
    await pass(cluster, 15_000, ann, wim);
    expect(pushed(wim)).toEqual([]);
    ann.cut();
    await pass(cluster, 13_000, wim);
    expect(pushed(wim)).toEqual([`${ann.userId} offline`]);
  });

  test('INV 17: offline for every watcher within 15 s, also when the node is killed that held and owned the user', async () => {
    const cluster = await ClusterFixture.start({ nodes: 3 });
    const users = await ownedBy(cluster, [1, 2, 3]);
    const wim = await cluster.join(2, 'wim');
    await pass(cluster, 500, wim, ...users);
    await watch(wim, ...users.map((user) => user.userId));
    await pass(cluster, 7_000, wim, ...users);
    wim.clear();
    await cluster.node(1).crash();
    await pass(cluster, 15_000, wim);
    expect(pushed(wim).sort()).toEqual(users.map((user) => `${user.userId} offline`).sort());
  });

  test('no flapping: where a node stops as planned its users are back on another before anybody is told', async () => {
    const cluster = await ClusterFixture.start({ nodes: 3 });
    const users = await ownedBy(cluster, [1, 2, 3]);
    const wim = await cluster.join(2, 'wim');
    await pass(cluster, 500, wim, ...users);
    await watch(wim, ...users.map((user) => user.userId));
    await pass(cluster, 1_000, wim, ...users);
    wim.clear();
    await cluster.node(1).stop();
    await pass(cluster, 2_000, wim);
    const back = await Promise.all(users.map((user) => cluster.node(3).connect(user.token)));
    await pass(cluster, 30_000, wim, ...back);
    expect(pushed(wim).filter((row) => row.endsWith('offline'))).toEqual([]);
  });

  test('what the bus loses is said again: within half a minute the watcher knows', async () => {
    const cluster = await ClusterFixture.start({ nodes: 3 });
    const [ann] = await ownedBy(cluster, [3]);
    const wim = await cluster.join(2, 'wim');
    if (ann === undefined) throw new Error('nobody');
    cluster.fate = ({ topic }) => (topic.endsWith('.presence') ? [] : [0]);
    await watch(wim, ann.userId);
    await pass(cluster, 1_000, wim, ann);
    cluster.fate = () => [0];
    await pass(cluster, 32_000, wim, ann);
    wim.clear();
    ann.cut();
    await pass(cluster, 13_000, wim);
    expect(pushed(wim)).toEqual([`${ann.userId} offline`]);
  });
});
