// Large groups whose members are on several nodes: announced once a node, read once a node.
import { expect, test } from 'bun:test';
import type { ConversationId } from '@parley/protocol/ids';
import { ClusterFixture } from '../testing/cluster-fixture.ts';
import { TestClient } from '../testing/test-client.ts';
import { LARGE_GROUPS_TOPIC } from './topics.ts';

async function largeGroup(history: 'all' | 'joined' = 'all') {
  const cluster = await ClusterFixture.start({ nodes: 2, server: { largeGroupMembers: 4 } });
  const ada = await cluster.join(1, 'ada');
  const [bob, cyd] = [await cluster.join(2, 'bob'), await cluster.join(2, 'cyd')];
  const dan = await cluster.join(2, 'dan');
  const many = await cluster.node(1).registerMany(4);
  // Nothing of its beginning is announced: what other nodes know of it they read later.
  cluster.fate = ({ topic }) => (topic === LARGE_GROUPS_TOPIC ? [] : [0]);
  const group = await ada.group('many', [bob.userId, cyd.userId, ...many], history);
  await cluster.advance(200);
  cluster.fate = () => [0];
  await cluster.advance(2_000);
  await bob.send({ type: 'view', conversation_ids: [group] });
  await dan.send({ type: 'view', conversation_ids: [group] });
  for (const client of [ada, bob, cyd, dan]) client.clear();
  const reads: string[] = [];
  for (const node of cluster.nodes) {
    const read = node.stores.messages.read.bind(node.stores.messages);
    node.stores.messages.read = (range) => {
      if (range.conversation === group) reads.push(node.name);
      return read(range);
    };
  }
  return { cluster, ada, bob, cyd, dan, group, reads };
}

function headsOf(client: TestClient, conversation: ConversationId): number[] {
  return client
    .all('heads')
    .flatMap(({ rows }) => rows.filter((row) => row.conversation_id === conversation).map((row) => row.head));
}

test('DESIGN 7: on another node those who view the group get the entries, the others its head, strangers nothing', async () => {
  const { cluster, ada, bob, cyd, dan, group } = await largeGroup();
  await ada.text(group, 'one');
  await ada.text(group, 'two');
  await cluster.advance(2_000);
  expect(bob.pushedTexts()).toEqual(['one', 'two']);
  expect(cyd.pushedTexts()).toEqual([]);
  expect(headsOf(cyd, group)).toContain(3);
  expect(dan.frames.filter(({ type }) => type === 'entries' || type === 'heads')).toEqual([]);
});

test('DESIGN 7: a node reads the entries once, whoever views them', async () => {
  const { cluster, ada, bob, cyd, group, reads } = await largeGroup();
  await cyd.send({ type: 'view', conversation_ids: [group] });
  await ada.text(group, 'first');
  await cluster.advance(2_000);
  reads.length = 0;
  await ada.text(group, 'one');
  await cluster.advance(50);
  expect([bob, cyd].map((client) => client.pushedTexts())).toEqual([
    ['first', 'one'],
    ['first', 'one'],
  ]);
  expect(reads.length).toBe(1);
});

test('INV 15: a member who was removed gets nothing after that on another node, and who came sees what the policy says', async () => {
  const { cluster, ada, bob, dan, group } = await largeGroup('joined');
  await ada.text(group, 'before');
  await cluster.advance(1_000);
  await ada.change('remove_member', group, 'out', { user_id: bob.userId });
  await ada.text(group, 'secret to bob');
  await ada.change('add_members', group, 'in', { user_ids: [dan.userId] });
  await ada.text(group, 'for dan');
  await cluster.advance(2_000);
  expect(bob.pushedTexts()).toEqual(['before']);
  expect(dan.pushedTexts()).toEqual(['for dan']);
});

test('who joins while this node reads what came before is not shown it', async () => {
  const { cluster, ada, bob, dan, group } = await largeGroup('joined');
  // Held up: when it is read here, the projection says already that dan is a member.
  cluster.fate = ({ topic }) => (topic === LARGE_GROUPS_TOPIC ? [5_000] : [0]);
  await ada.text(group, 'before');
  await ada.change('add_members', group, 'in', { user_ids: [dan.userId] });
  await ada.text(group, 'after');
  await cluster.advance(8_000);
  expect(bob.pushedTexts()).toEqual(['before', 'after']);
  expect(dan.pushedTexts()).toEqual(['after']);
});

test('a sender gets the own entries on every device, on whichever node', async () => {
  const { cluster, ada, group } = await largeGroup();
  const second = await cluster.node(2).connect(ada.token);
  await ada.text(group, 'mine');
  await cluster.settle();
  expect(second.pushedTexts()).toEqual(['mine']);
});

test('announcements that are lost cost time and no entry: the next one brings what is missing', async () => {
  const { cluster, ada, bob, group } = await largeGroup();
  await ada.text(group, 'one');
  await cluster.advance(1_000);
  cluster.fate = ({ topic }) => (topic === LARGE_GROUPS_TOPIC ? [] : [0]);
  await ada.text(group, 'two');
  await cluster.advance(1_000);
  cluster.fate = () => [0, 0];
  await ada.text(group, 'three');
  await cluster.advance(1_000);
  expect(bob.pushedTexts()).toEqual(['one', 'two', 'three']);
});

test('a burst is announced at most once in 100 ms', async () => {
  const { cluster, ada, bob, group } = await largeGroup();
  let announced = 0;
  cluster.fate = ({ topic }) => {
    if (topic === LARGE_GROUPS_TOPIC) announced += 1;
    return [0];
  };
  for (let count = 0; count < 10; count += 1) {
    await ada.text(group, `m${count}`);
    await cluster.advance(10);
  }
  await cluster.advance(200);
  expect(bob.pushedTexts()).toHaveLength(10);
  // Both nodes hear each, the owner too.
  expect(announced).toBeLessThanOrEqual(2 * 3);
});

test('INV 15: what this node reads late does not let in again who was put out meanwhile', async () => {
  const { cluster, ada, bob, dan, group } = await largeGroup('all');
  let announced = 0;
  // The first comes late to node 2, when the projection is ahead of it, and the others never.
  cluster.fate = ({ topic }) => (topic === LARGE_GROUPS_TOPIC ? ((announced += 1) <= 2 ? [5_000] : []) : [0]);
  await ada.change('add_members', group, 'in', { user_ids: [dan.userId] });
  await cluster.advance(1_000);
  await ada.change('remove_member', group, 'out', { user_id: dan.userId });
  await cluster.advance(1_000);
  for (const client of [bob, dan]) client.clear();
  await cluster.advance(4_000);
  expect(bob.all('entries')).toHaveLength(1);
  expect(dan.all('entries')).toEqual([]);
});
