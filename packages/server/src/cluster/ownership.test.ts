// Conversations on several nodes: each is numbered by one of them, whoever asks, and whoever of them goes.
import { describe, expect, test } from 'bun:test';
import type { ClientMsgId, ConversationId } from '@parley/protocol/ids';
import { SeededRandomness } from '@parley/adapter-memory/seeded-randomness';
import { ClusterFixture } from '../testing/cluster-fixture.ts';
import { sendOf, type TestClient } from '../testing/test-client.ts';
import { shardOf } from './shards.ts';

/** The number of the node that has the conversation's shard on lease. */
function ownerOf(cluster: ClusterFixture, conversation: ConversationId): number {
  const leased = cluster.world.state.shards.get(shardOf(conversation));
  return Number(leased?.node.slice('node-'.length));
}

/** A group that is numbered by that node. */
async function groupOf(
  cluster: ClusterFixture,
  client: TestClient,
  number: number,
  others: TestClient[] = [],
) {
  // Ids follow one another: some are left out until the next one falls to the node.
  let next: string;
  do next = `${Number(cluster.ids.next()) + 1}`;
  while (ownerOf(cluster, next as ConversationId) !== number);
  const conversation = await client.group(
    `group-${next}`,
    others.map((other) => other.userId),
  );
  expect(ownerOf(cluster, conversation)).toBe(number);
  return conversation;
}

/** Time passes, and the clients say that they live. */
async function pass(cluster: ClusterFixture, ms: number, ...clients: TestClient[]): Promise<void> {
  for (let passedMs = 0; passedMs < ms; passedMs += 100) {
    await cluster.advance(100);
    if (passedMs % 5_000 === 0) for (const client of clients) await client.send({ type: 'heartbeat' });
  }
}

async function entriesOf(cluster: ClusterFixture, conversation: ConversationId) {
  const { rows, head } = cluster.world.state.logs.get(conversation) ?? { rows: [], head: 0 };
  await cluster.settle();
  return { head, seqs: rows.map((row) => row.seq), kinds: rows.map((row) => row.kind) };
}

describe('DESIGN 3c: a conversation is of one shard, and a shard of one node', () => {
  test('all 1,024 shards are on lease, about the same number on each node', async () => {
    const cluster = await ClusterFixture.start({ nodes: 3 });
    const counts = new Map<string, number>();
    for (const { node } of cluster.world.state.shards.values()) counts.set(node, (counts.get(node) ?? 0) + 1);
    expect([...counts.values()].reduce((sum, count) => sum + count, 0)).toBe(1_024);
    expect(counts.size).toBe(3);
    for (const count of counts.values()) expect(count).toBeGreaterThan(250);
  });

  test('a send on any node is numbered by the owner: one dense log, whoever asks', async () => {
    const cluster = await ClusterFixture.start({ nodes: 3 });
    const ann = await cluster.join(1, 'ann');
    const bob = await cluster.join(2, 'bob');
    const conversation = await groupOf(cluster, ann, 3, [bob]);
    const claims = cluster.world.state.logs.get(conversation)?.token;
    const seqs: (number | undefined)[] = [];
    for (let at = 0; at < 5; at += 1) {
      for (const client of [ann, bob]) {
        const result = await client.text(conversation, `${at} ${client.userId}`);
        seqs.push('seq' in result ? result.seq : undefined);
      }
    }
    expect(seqs).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(cluster.world.state.logs.get(conversation)?.token).not.toBe(claims);
    expect((await entriesOf(cluster, conversation)).head).toBe(11);
    // Both asked the same owner, which claimed once.
    expect(cluster.nodes.map((node) => node.log.lines.filter(({ level }) => level === 'error'))).toEqual([
      [],
      [],
      [],
    ]);
  });

  test('SEND-3: the same client_msg_id gets the same answer on every node', async () => {
    const cluster = await ClusterFixture.start({ nodes: 3 });
    const ann = await cluster.join(1, 'ann');
    const conversation = await groupOf(cluster, ann, 2);
    const first = await ann.text(conversation, 'hello');
    const elsewhere = await cluster.node(3).connect(ann.token);
    expect(await elsewhere.text(conversation, 'hello')).toEqual(first);
    const there = await cluster.node(2).connect(ann.token);
    expect(await there.text(conversation, 'hello')).toEqual(first);
  });

  test('changes of messages and groups, and joins, are carried out by the owner', async () => {
    const cluster = await ClusterFixture.start({ nodes: 2 });
    const ann = await cluster.join(1, 'ann');
    const bob = await cluster.join(2, 'bob');
    for (const owner of [1, 2]) {
      const conversation = await groupOf(cluster, ann, owner);
      await ann.text(conversation, 'hello');
      const made = await ann.request({ type: 'create_invite', conversation_id: conversation });
      if (made.type !== 'invite') throw new Error(JSON.stringify(made));
      expect((await bob.request({ type: 'join', code: made.invite.code })).type).toBe('conversation');
      expect((await bob.change('react', conversation, 'r1', { target: 2, emoji: '👍' })).type).toBe(
        'changed',
      );
      expect((await ann.change('rename_group', conversation, 'n1', { title: 'new' })).type).toBe('changed');
      expect((await ann.change('remove_member', conversation, 'x1', { user_id: bob.userId })).type).toBe(
        'changed',
      );
      expect(await bob.text(conversation, 'still here?')).toMatchObject({ error: { code: 'not_member' } });
      const { head, seqs } = await entriesOf(cluster, conversation);
      expect(seqs).toEqual(Array.from({ length: head }, (_, index) => index + 1));
      expect(head).toBe(6);
    }
  });

  test('a group that is asked for again under the same id is the same one, on every node', async () => {
    const cluster = await ClusterFixture.start({ nodes: 2 });
    const ann = await cluster.join(1, 'ann');
    const again = await cluster.node(2).connect(ann.token);
    const frame = {
      type: 'create_group' as const,
      client_msg_id: 'g' as ClientMsgId,
      title: 'g',
      member_ids: [],
    };
    const first = await ann.request(frame);
    const second = await again.request(frame);
    if (first.type !== 'conversation' || second.type !== 'conversation') throw new Error('no group');
    expect(second.conversation.conversation_id).toBe(first.conversation.conversation_id);
  });
});

describe('a node goes', () => {
  test('planned: others take over at once, and no client sees an error', async () => {
    const cluster = await ClusterFixture.start({ nodes: 3 });
    const ann = await cluster.join(1, 'ann');
    const conversation = await groupOf(cluster, ann, 2);
    await ann.text(conversation, 'before');
    const stopping = cluster.node(2).stop();
    const refs: number[] = [];
    for (let at = 0; at < 40; at += 1) {
      refs.push(ann.start(sendOf(conversation, [{ id: `during-${at}`, text: `during ${at}` }])));
      await cluster.advance(25);
    }
    await stopping;
    await cluster.advance(500);
    const answers = refs.map((ref) => ann.answer(ref));
    for (const answer of answers)
      expect(answer).toMatchObject({ type: 'sent', results: [{ seq: expect.any(Number) }] });
    expect(ann.faults).toEqual([]);
    expect([1, 3]).toContain(ownerOf(cluster, conversation));
    const { head, seqs } = await entriesOf(cluster, conversation);
    expect(head).toBe(42);
    expect(seqs).toEqual(Array.from({ length: head }, (_, index) => index + 1));
  });

  test('planned: its own clients are served until they are told to go, also for what it numbered itself', async () => {
    const cluster = await ClusterFixture.start({ nodes: 2 });
    const ann = await cluster.join(1, 'ann');
    const conversation = await groupOf(cluster, ann, 1);
    const held = cluster.node(1).faults.hold('append');
    const under = ann.start(sendOf(conversation, [{ id: 'under', text: 'under way' }]));
    await cluster.settle();
    expect(held.reached).toBe(true);
    const stopping = cluster.node(1).stop();
    await cluster.advance(100);
    const meanwhile = ann.start(sendOf(conversation, [{ id: 'meanwhile', text: 'meanwhile' }]));
    await cluster.advance(100);
    held.release();
    await stopping;
    expect(ann.answer(under)).toMatchObject({ type: 'sent', results: [{ seq: 2 }] });
    expect(ann.answer(meanwhile)).toMatchObject({ type: 'sent', results: [{ seq: 3 }] });
    expect(ann.faults).toEqual([]);
    expect(ownerOf(cluster, conversation)).toBe(2);
  });

  test('INV 1, INV 3: a crash loses no acknowledged send, and within 10 s another node numbers on', async () => {
    const cluster = await ClusterFixture.start({ nodes: 3 });
    const ann = await cluster.join(1, 'ann');
    const conversation = await groupOf(cluster, ann, 2);
    const acked: string[] = [];
    for (let at = 0; at < 5; at += 1) {
      const result = await ann.text(conversation, `before ${at}`);
      if ('seq' in result) acked.push(result.client_msg_id);
    }
    expect(acked).toHaveLength(5);
    await cluster.node(2).crash();
    let ref = ann.start(sendOf(conversation, [{ id: 'after', text: 'after' }]));
    const codes: string[] = [];
    let passedMs = 0;
    for (; passedMs < 12_000; passedMs += 100) {
      await pass(cluster, 100, ann);
      const answer = ann.answer(ref);
      if (answer === undefined) continue;
      const [result] = answer.type === 'sent' ? answer.results : [];
      if (result !== undefined && 'seq' in result) break;
      codes.push(result !== undefined && 'error' in result ? result.error.code : 'none');
      // As a client does that is told to try again later.
      ref = ann.start(sendOf(conversation, [{ id: 'after', text: 'after' }]));
    }
    expect(passedMs).toBeLessThan(10_000);
    // It was held for 2 s each time; the dead node may have got it.
    expect(codes.length).toBeGreaterThan(2);
    expect(new Set(codes)).toEqual(new Set(['outcome_unknown']));
    const { head, seqs } = await entriesOf(cluster, conversation);
    expect(head).toBe(7);
    expect(seqs).toEqual([1, 2, 3, 4, 5, 6, 7]);
    for (const id of acked) {
      expect([...(cluster.world.state.logs.get(conversation)?.byKey.keys() ?? [])].join()).toContain(id);
    }
  });

  test('a node that slept through its lease drops what it had, and answers nothing from it', async () => {
    const cluster = await ClusterFixture.start({ nodes: 2 });
    const ann = await cluster.join(1, 'ann');
    const bob = await cluster.join(2, 'bob');
    const conversation = await groupOf(cluster, ann, 1, [bob]);
    await ann.text(conversation, 'one');
    // Node 1 cannot reach the leases, and does not know that it lost what it had.
    cluster.node(1).leases.crash();
    await pass(cluster, 12_000, ann, bob);
    expect(ownerOf(cluster, conversation)).toBe(2);
    expect(await bob.text(conversation, 'two')).toMatchObject({ seq: 3 });
    expect((await ann.pull(conversation)).head).toBe(3);
    // Fenced by the store, at the latest: whatever it answers, the log is dense and of one mind.
    ann.start(sendOf(conversation, [{ id: 'three', text: 'three' }]));
    await cluster.advance(3_000);
    bob.start(sendOf(conversation, [{ id: 'four', text: 'four' }]));
    await cluster.advance(3_000);
    const { head, seqs } = await entriesOf(cluster, conversation);
    expect(seqs).toEqual(Array.from({ length: head }, (_, index) => index + 1));
  });
});

describe('the bus loses, repeats and reorders', () => {
  test('INV 6: what is asked for again is stored once, and its client gets one answer', async () => {
    const cluster = await ClusterFixture.start({ nodes: 3 });
    const ann = await cluster.join(1, 'ann');
    const conversation = await groupOf(cluster, ann, 2);
    const randomness = new SeededRandomness(3);
    cluster.fate = () => {
      const chance = randomness.fraction();
      if (chance < 0.25) return [];
      if (chance < 0.5) return [0, 40];
      return [Math.round(randomness.fraction() * 60)];
    };
    for (let at = 0; at < 60; at += 1) {
      const frame = sendOf(conversation, [{ id: `m-${at}`, text: `text ${at}` }]);
      for (let tries = 0; ; tries += 1) {
        const ref = ann.start(frame);
        await pass(cluster, 2_500, ann);
        const answer = ann.answer(ref);
        expect(answer?.type).toBe('sent');
        const [result] = answer?.type === 'sent' ? answer.results : [];
        if (result !== undefined && 'seq' in result) break;
        expect(tries).toBeLessThan(20);
      }
    }
    const { head, seqs, kinds } = await entriesOf(cluster, conversation);
    expect(head).toBe(61);
    expect(seqs).toEqual(Array.from({ length: head }, (_, index) => index + 1));
    expect(kinds.filter((kind) => kind === 'message')).toHaveLength(60);
  });
});

test('SEND-6: where an earlier try may have been carried out, a refusal of the next one is outcome_unknown', async () => {
  const cluster = await ClusterFixture.start({ nodes: 2 });
  const ann = await cluster.join(1, 'ann');
  const conversation = await groupOf(cluster, ann, 2);
  await ann.text(conversation, 'one');
  // The first answer is lost; then the owner can store nothing.
  cluster.fate = ({ kind }) => (kind === 'answer' ? [] : [0]);
  const ref = ann.start(sendOf(conversation, [{ id: 'two', text: 'two' }]));
  await cluster.advance(500);
  cluster.fate = () => [0];
  cluster.node(2).faults.always = () => 'unavailable';
  await pass(cluster, 3_000, ann);
  expect(ann.answer(ref)).toMatchObject({
    results: [{ error: { code: 'outcome_unknown', retry: 'later' } }],
  });
  cluster.node(2).faults.clear();
  // Asked again under the same id, it is decided.
  const again = ann.start(sendOf(conversation, [{ id: 'two', text: 'two' }]));
  await pass(cluster, 2_500, ann);
  expect(ann.answer(again)).toMatchObject({ results: [{ seq: 3 }] });
});
