// What is committed on one node reaches the sessions on another, whatever becomes of the hints in between.
import { describe, expect, test } from 'bun:test';
import type { ConversationId } from '@parley/protocol/ids';
import { ClusterFixture } from '../testing/cluster-fixture.ts';
import { TestClient } from '../testing/test-client.ts';

/** A poll comes within 75 s, and what it finds is pulled at once. */
const POLL_MAX_MS = 80_000;

async function pair(options: Parameters<typeof ClusterFixture.start>[0] = {}) {
  const cluster = await ClusterFixture.start(options);
  const ada = await cluster.join(1, 'ada');
  const bob = await cluster.join(2, 'bob');
  const conversation = await ada.direct(bob.userId);
  bob.clear();
  return { cluster, ada, bob, conversation };
}

/** Time passes, and the clients keep their sessions. */
async function live(cluster: ClusterFixture, clients: readonly TestClient[], ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 4_000) {
    for (const client of clients) await client.send({ type: 'heartbeat' });
    await cluster.advance(Math.min(4_000, ms - passed));
  }
}

function heads(client: TestClient, conversation: ConversationId): number[] {
  return client
    .all('heads')
    .flatMap(({ rows }) => rows.filter((row) => row.conversation_id === conversation).map((row) => row.head));
}

describe('a message sent on one node', () => {
  test('reaches the member on another, and all devices of both', async () => {
    const { cluster, ada, bob, conversation } = await pair();
    const second = await cluster.node(2).connect(ada.token);
    await ada.text(conversation, 'hello');
    await cluster.settle();
    expect(bob.pushedTexts()).toEqual(['hello']);
    expect(second.pushedTexts()).toEqual(['hello']);
    await bob.text(conversation, 'back');
    await cluster.settle();
    expect(ada.pushedTexts()).toEqual(['hello', 'back']);
  });

  test('INV 10: is found by the poll where the bus loses everything', async () => {
    const { cluster, ada, bob, conversation } = await pair();
    cluster.fate = ({ topic }) => (topic.endsWith('.pushes') ? [] : [0]);
    await ada.text(conversation, 'lost');
    await cluster.settle();
    expect(bob.pushedTexts()).toEqual([]);
    await live(cluster, [ada, bob], POLL_MAX_MS);
    expect(heads(bob, conversation)).toContain(1);
  });

  test('is pushed all the same where the bus repeats and reorders', async () => {
    const { cluster, ada, bob, conversation } = await pair();
    let turn = 0;
    cluster.fate = ({ topic }) =>
      topic.endsWith('.pushes') ? ([[0, 0], [40], [0]][(turn += 1) % 3] ?? []) : [0];
    for (let count = 1; count <= 6; count += 1) {
      await ada.text(conversation, `m${count}`);
      await cluster.advance(10);
    }
    await cluster.advance(100);
    expect(new Set(bob.pushedTexts())).toEqual(new Set(['m1', 'm2', 'm3', 'm4', 'm5', 'm6']));
  });
});

describe('the registry', () => {
  test('DESIGN 5: a wiped registry has all sessions again within 3 s, and each looks at its queue', async () => {
    const { cluster, ada, bob, conversation } = await pair();
    cluster.registry.wipe();
    await ada.text(conversation, 'nobody is found');
    await cluster.settle();
    expect(bob.pushedTexts()).toEqual([]);
    await live(cluster, [ada, bob], 3_000);
    await ada.text(conversation, 'found again');
    await cluster.settle();
    expect(bob.pushedTexts()).toEqual(['found again']);
    await live(cluster, [ada, bob], 12_000);
    expect(heads(bob, conversation).length).toBeGreaterThan(0);
  });

  test('a session that is gone is not in it, and a node that stopped leaves nothing there', async () => {
    const { cluster, ada, bob } = await pair();
    expect((await cluster.registry.find([bob.userId])).map((route) => route.node)).toEqual(['node-2']);
    bob.cut();
    await cluster.settle();
    expect(await cluster.registry.find([bob.userId])).toEqual([]);
    await cluster.node(1).stop();
    expect(await cluster.registry.find([ada.userId])).toEqual([]);
  });

  test('DESIGN 4: a session is registered before its queue is read, and is let in where the registry hangs', async () => {
    const { cluster, ada, bob, conversation } = await pair();
    const { token } = await cluster.node(2).login('bob');
    const { registry } = cluster;
    registry.register = () => new Promise(() => {});
    const second = await cluster.node(2).connect(token);
    expect(second.all('heads')).toEqual([]);
    expect(second.all('queue_empty')).toEqual([]);
    await live(cluster, [second, ada, bob], 1_000);
    expect(second.all('queue_empty')).toHaveLength(1);
    Reflect.deleteProperty(registry, 'register');
    await ada.text(conversation, 'not pushed');
    await live(cluster, [second, ada, bob], 8_000);
    // Registered late, so it looked again.
    expect(heads(second, conversation)).toContain(1);
  });
});

describe('what another node holds in memory', () => {
  test('a device revoked on one node loses its sockets on another', async () => {
    const { cluster, ada } = await pair();
    const other = await cluster.node(2).login('ada');
    const session = await cluster.node(2).connect(other.token);
    await ada.request({ type: 'revoke_device', device_id: other.device_id });
    await cluster.settle();
    expect(session.socket.closedWith?.code).toBe(4401);
    expect((await cluster.node(2).connect(other.token)).socket.closedWith?.code).toBe(4401);
  });

  test('a device whose sign-out nobody was told of loses its sockets by the poll', async () => {
    const { cluster, ada } = await pair();
    const other = await cluster.node(2).login('ada');
    const session = await cluster.node(2).connect(other.token);
    cluster.fate = ({ topic }) => (topic.endsWith('.changes') ? [] : [0]);
    await ada.request({ type: 'revoke_device', device_id: other.device_id });
    expect(session.socket.closedWith).toBeUndefined();
    await live(cluster, [ada, session], POLL_MAX_MS);
    expect(session.socket.closedWith?.code).toBe(4401);
  });

  test('a device is shown as connected whichever node holds its session', async () => {
    const { cluster, ada } = await pair();
    const other = await cluster.node(2).login('ada');
    const session = await cluster.node(2).connect(other.token);
    const connected = async () => {
      const answer = await ada.request({ type: 'list_devices' });
      if (answer.type !== 'devices') throw new Error(answer.type);
      return answer.rows.find(({ device_id }) => device_id === other.device_id)?.connected;
    };
    expect(await connected()).toBe(true);
    session.cut();
    await cluster.settle();
    expect(await connected()).toBe(false);
  });

  test('settings hold on every node from their answer on', async () => {
    const { cluster, ada, bob, conversation } = await pair();
    const third = await cluster.node(2).connect(ada.token);
    await third.request({ type: 'get_settings' });
    await ada.request({ type: 'set_settings', read_receipts: false });
    expect(await third.request({ type: 'get_settings' })).toMatchObject({ read_receipts: false });
    expect(third.last('settings')).toMatchObject({ read_receipts: false });
    await bob.text(conversation, 'seen?');
    await third.request({ type: 'read', conversation_id: conversation, seq: 1 });
    await live(cluster, [ada, bob, third], 3_000);
    expect(bob.all('receipts').flatMap(({ rows }) => rows.map((row) => row.read))).not.toContain(1);
  });

  test('a block holds on every node from its answer on', async () => {
    const { cluster, ada, bob, conversation } = await pair();
    await ada.text(conversation, 'before');
    await bob.text(conversation, 'loaded here as well');
    await bob.request({ type: 'block_user', user_id: ada.userId });
    expect(await ada.text(conversation, 'after')).toMatchObject({ error: { code: 'blocked' } });
    await bob.request({ type: 'unblock_user', user_id: ada.userId });
    expect(await ada.text(conversation, 'again')).toMatchObject({ seq: 3 });
    await cluster.settle();
  });

  test('a message hidden on one node is hidden in a pull on another', async () => {
    const { cluster, ada, bob, conversation } = await pair();
    await bob.text(conversation, 'one');
    const other = await cluster.node(2).connect(ada.token);
    expect((await other.pull(conversation)).hidden ?? []).toEqual([]);
    await ada.request({ type: 'hide_message', conversation_id: conversation, target: 1 });
    expect(other.last('hidden')).toMatchObject({ rows: [{ seq: 1 }] });
    expect((await other.pull(conversation)).hidden).toEqual([1]);
  });

  test('receipts and typing reach members on another node', async () => {
    const { cluster, ada, bob, conversation } = await pair();
    await ada.text(conversation, 'read me');
    await bob.send({ type: 'typing', conversation_id: conversation });
    expect(ada.last('user_typing')).toMatchObject({ user_id: bob.userId });
    await bob.request({ type: 'read', conversation_id: conversation, seq: 1 });
    await live(cluster, [ada, bob], 3_000);
    expect(ada.all('receipts').flatMap(({ rows }) => rows)).toContainEqual(
      expect.objectContaining({ user_id: bob.userId, read: 1 }),
    );
  });
});

test('INV 15: a removed member on another node gets nothing after the removal', async () => {
  const { cluster, ada, bob } = await pair();
  const group = await ada.group('g', [bob.userId]);
  await cluster.settle();
  await ada.change('remove_member', group, 'out', { user_id: bob.userId });
  await ada.text(group, 'secret');
  await live(cluster, [ada, bob], 4_000);
  const seqs = bob.all('entries').flatMap(({ entries }) => entries.map((entry) => entry.seq));
  expect(Math.max(...seqs)).toBe(2);
  expect(bob.pushedTexts()).not.toContain('secret');
});

test('DESIGN 5: GET /v1/connect names a node for a user, always the same while it has room, on every node', async () => {
  const { cluster, ada } = await pair();
  const ask = async (number: number, headers: Record<string, string>) => {
    const env = { remoteAddress: '127.0.0.1' };
    return await cluster.node(number).server.http.request('/v1/connect', { headers }, env);
  };
  await cluster.advance(2_000);
  const answers = await Promise.all(
    [1, 2].map((number) => ask(number, { Authorization: `Bearer ${ada.token}` })),
  );
  const bodies = await Promise.all(answers.map((answer) => answer.json() as Promise<{ url: string }>));
  expect(bodies[0]?.url).toMatch(/^ws:\/\/node-[12]\.test$/);
  expect(bodies[1]).toEqual(bodies[0]);
  expect((await ask(1, {})).status).toBe(401);
  expect((await ask(1, { Authorization: 'Bearer parley_nonsense' })).status).toBe(401);
});

test('INV 10: when a node dies, whoever it was about to push something to looks at once', async () => {
  const { cluster, ada, bob, conversation } = await pair({ nodes: 3 });
  cluster.fate = ({ topic }) => (topic.endsWith('.pushes') ? [] : [0]);
  await ada.text(conversation, 'its push is lost');
  await cluster.node(3).crash();
  await live(cluster, [ada, bob], 24_000);
  expect(heads(bob, conversation)).toContain(1);
});

test('DESIGN 4: once the connection to the bus is back, queues are looked at and caches are let go', async () => {
  const { cluster, ada, bob, conversation } = await pair();
  await bob.text(conversation, 'one');
  const other = await cluster.node(2).connect(ada.token);
  await other.pull(conversation);
  cluster.fate = () => [];
  void ada.start({ type: 'hide_message', conversation_id: conversation, target: 1 });
  await live(cluster, [ada, bob, other], 4_000);
  expect((await other.pull(conversation)).hidden ?? []).toEqual([]);
  cluster.fate = () => [0];
  cluster.node(2).bus.interrupt();
  await cluster.settle();
  expect((await other.pull(conversation)).hidden).toEqual([1]);
  other.clear();
  await live(cluster, [ada, bob, other], 12_000);
  expect(heads(other, conversation)).toContain(1);
});
