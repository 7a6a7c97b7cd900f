// What was missed: the look at connect, the poll, and the end of the queue.
import { expect, test } from 'bun:test';
import { SeededRandomness } from '@parley/adapter-memory/seeded-randomness';
import type { Randomness } from '@parley/ports/randomness';
import type { ConversationId } from '@parley/protocol/ids';
import { HEADS_ROWS_MAX_COUNT } from '@parley/protocol/limits';
import { ServerFixture } from '../testing/server-fixture.ts';
import type { TestClient } from '../testing/test-client.ts';

async function pair(options?: ConstructorParameters<typeof ServerFixture>[0]) {
  const fixture = new ServerFixture(options);
  const ada = await fixture.join('ada');
  const bob = await fixture.join('bob');
  return { fixture, ada, bob, conversation: await ada.direct(bob.userId) };
}

/** Tokens are not to repeat themselves, jitter is what the test says. */
const chance = new SeededRandomness(3);

const rowsOf = (client: TestClient) => client.all('heads').flatMap((heads) => heads.rows);

/** Lets time pass for clients that are alive. */
async function live(fixture: ServerFixture, ms: number, ...clients: TestClient[]): Promise<void> {
  for (let passed = 0; passed < ms; passed += 5_000) {
    for (const client of clients) await client.send({ type: 'heartbeat' });
    await fixture.timers.advance(Math.min(5_000, ms - passed));
  }
}

test('[SYNC-1] after welcome come the conversations that went beyond the device, and no others', async () => {
  const { fixture, ada, bob, conversation } = await pair();
  const group = await ada.group('room', [bob.userId]);
  await ada.text(conversation, 'a');
  await ada.text(conversation, 'b');
  await bob.mark(group, 1);
  await bob.mark(conversation, 1);
  bob.cut();
  const again = await fixture.connect(bob.token);
  expect(again.frames.map((frame) => frame.type)).toEqual(['welcome', 'heads']);
  expect(rowsOf(again)).toEqual([{ conversation_id: conversation, head: 2, floor: 0, received: 1 }]);
  const phone = await fixture.connect((await fixture.login('bob')).token);
  expect(rowsOf(phone).map((row) => [row.conversation_id, row.received])).toEqual([
    [conversation, 0],
    [group, 0],
  ]);
});

test('[SYNC-1] [PITFALL: resume works on the same node only] the look finds the same on any server and after a crash', async () => {
  const { fixture, ada, bob, conversation } = await pair();
  bob.cut();
  await ada.text(conversation, 'a');
  const elsewhere = await fixture.second().connect(bob.token);
  const restarted = await fixture.restart().connect(bob.token);
  for (const client of [elsewhere, restarted]) {
    expect(rowsOf(client)).toEqual([{ conversation_id: conversation, head: 1, floor: 0, received: 0 }]);
    expect((await client.pull(conversation)).entries).toHaveLength(1);
  }
});

test('[PITFALL: history fetched before the live stream was attached] what is committed before, within or after the look arrives', async () => {
  for (const call of ['behind', 'read', 'usersByIds']) {
    const { fixture, ada, bob, conversation } = await pair();
    await ada.text(conversation, 'before');
    bob.cut();
    const held = fixture.faults.hold(call);
    const again = await fixture.connect(bob.token);
    expect(held.reached).toBe(true);
    await ada.text(conversation, 'within');
    held.release();
    await fixture.settle();
    await ada.text(conversation, 'after');
    const seen = new Set(again.all('entries').flatMap(({ entries }) => entries.map((entry) => entry.seq)));
    const told = Math.max(...rowsOf(again).map((row) => row.head));
    for (let seq = 1; seq <= 3; seq++) expect(seen.has(seq) || seq <= told).toBe(true);
    expect(seen.has(3)).toBe(true);
  }
});

test('[SYNC-1] a message between the look and the pull is in the pull and in a push', async () => {
  const { fixture, ada, bob, conversation } = await pair();
  await ada.text(conversation, 'one');
  bob.cut();
  const again = await fixture.connect(bob.token);
  await ada.text(conversation, 'two');
  expect(again.pushedTexts()).toEqual(['two']);
  expect((await again.pull(conversation)).entries).toHaveLength(2);
});

test('[SYNC-3] queue_empty comes at once when there is nothing, once a connection', async () => {
  const { fixture, ada, bob, conversation } = await pair();
  expect(bob.frames.map((frame) => frame.type).slice(0, 2)).toEqual(['welcome', 'queue_empty']);
  await ada.text(conversation, 'a');
  await bob.mark(conversation, 1);
  await live(fixture, 150_000, ada, bob);
  expect(bob.all('queue_empty')).toHaveLength(1);
});

test('[SYNC-3] queue_empty comes when all that the first look named is confirmed, not before', async () => {
  const { fixture, ada, bob, conversation } = await pair();
  const group = await ada.group('room', [bob.userId]);
  await ada.text(conversation, 'a');
  await ada.text(conversation, 'b');
  bob.cut();
  const again = await fixture.connect(bob.token);
  await again.mark(conversation, 1);
  await again.mark(group, 1);
  // What came since does not count.
  await ada.text(group, 'later');
  expect(again.all('queue_empty')).toEqual([]);
  await again.mark(conversation, 2);
  expect(again.all('queue_empty')).toHaveLength(1);
  await again.mark(conversation, 2);
  expect(again.all('queue_empty')).toHaveLength(1);
});

test('[SYNC-1] [SYNC-3] many conversations come in several frames, and queue_empty after the last is confirmed', async () => {
  const { fixture, ada, bob } = await pair();
  const eve = await fixture.join('eve');
  const count = HEADS_ROWS_MAX_COUNT * 2 + 10;
  const groups: ConversationId[] = [];
  for (let at = 0; at < count; at++) {
    const creator = at % 2 === 0 ? ada : eve;
    groups.push(await creator.group(`g-${at}`, [bob.userId]));
    creator.clear();
  }
  bob.cut();
  const again = await fixture.connect(bob.token);
  expect(again.all('heads').map((heads) => heads.rows.length)).toEqual([256, 256, 10]);
  expect(rowsOf(again).map((row) => row.conversation_id)).toEqual(groups);
  const marks = groups.map((conversation_id) => ({ conversation_id, seq: 1 }));
  await again.send(
    { type: 'received', marks: marks.slice(0, 256) },
    { type: 'received', marks: marks.slice(256, 512) },
  );
  expect(again.all('queue_empty')).toEqual([]);
  await again.send({ type: 'received', marks: marks.slice(512) });
  expect(again.all('queue_empty')).toHaveLength(1);
  again.cut();
  expect((await fixture.connect(bob.token)).frames.map((frame) => frame.type)).toEqual([
    'welcome',
    'queue_empty',
  ]);
});

test('[SYNC-3] a page confirmed before the next one is read does not end the queue', async () => {
  const { fixture, ada, bob } = await pair();
  const groups: ConversationId[] = [];
  for (let at = 0; at < HEADS_ROWS_MAX_COUNT + 1; at++) {
    groups.push(await ada.group(`g-${at}`, [bob.userId]));
    ada.clear();
  }
  bob.cut();
  const second = fixture.faults.hold(
    (call) => call.method === 'behind' && fixture.faults.calls.at(-2) === 'read',
  );
  const again = await fixture.connect(bob.token);
  expect(second.reached).toBe(true);
  const marks = groups.map((conversation_id) => ({ conversation_id, seq: 1 }));
  await again.send({ type: 'received', marks: marks.slice(0, 256) });
  expect(again.all('queue_empty')).toEqual([]);
  second.release();
  await fixture.settle();
  expect(again.all('queue_empty')).toEqual([]);
  await again.send({ type: 'received', marks: marks.slice(256) });
  expect(again.all('queue_empty')).toHaveLength(1);
});

test('[SYNC-4] [INV 10] [PITFALL: a lost pub/sub connection resubscribes silently, with a hole] a push that was lost is made good within 75 s though the conversation falls silent', async () => {
  for (const fraction of [0, 0.3, 0.77, 0.999_999]) {
    const randomness: Randomness = { fraction: () => fraction, bytes: (count) => chance.bytes(count) };
    const { fixture, ada, bob, conversation } = await pair({ server: { randomness } });
    await live(fixture, Math.round(fraction * 40_000), ada, bob);
    // Another server commits it, and no bus tells this one.
    const elsewhere = fixture.second({ server: {} });
    const writer = await elsewhere.connect(ada.token);
    await writer.text(conversation, 'unheard');
    expect(bob.pushedTexts()).toEqual([]);
    const startMs = fixture.clock.monotonic();
    while (rowsOf(bob).length === 0 && fixture.clock.monotonic() - startMs < 100_000) {
      await bob.send({ type: 'heartbeat' });
      await fixture.timers.advance(500);
    }
    expect(fixture.clock.monotonic() - startMs).toBeLessThanOrEqual(75_000);
    expect(rowsOf(bob)).toMatchObject([{ conversation_id: conversation, head: 1, received: 0 }]);
    expect((await bob.pull(conversation)).entries).toHaveLength(1);
    await bob.mark(conversation, 1);
    bob.clear();
    await live(fixture, 80_000, bob);
    expect(rowsOf(bob)).toEqual([]);
    expect(bob.all('queue_empty')).toEqual([]);
  }
});

test('[SYNC-4] a poll that fails costs nothing but time; a first look that fails ends the session with 4500', async () => {
  const { fixture, ada, bob, conversation } = await pair();
  fixture.faults.next('behind', 'unavailable', 'unavailable');
  await live(fixture, 80_000, ada, bob);
  expect(fixture.faults.unmet).toBe(0);
  expect(bob.socket.closedWith).toBeUndefined();
  await ada.text(conversation, 'x');
  bob.cut();
  fixture.faults.next('read', 'unavailable');
  const again = await fixture.connect(bob.token);
  expect(again.socket.closedWith?.code).toBe(4500);
  expect(again.all('queue_empty')).toEqual([]);
});

test('[SYNC-5] a row says that the user is no member any more, up to the entry that ended it', async () => {
  const { fixture, ada, bob } = await pair();
  const group = await ada.group('room', [bob.userId]);
  await bob.mark(group, 1);
  bob.cut();
  await ada.text(group, 'a');
  await ada.change('remove_member', group, 'r', { user_id: bob.userId });
  await ada.text(group, 'not for bob');
  const again = await fixture.connect(bob.token);
  expect(rowsOf(again)).toEqual([{ conversation_id: group, head: 3, floor: 0, received: 1, removed: true }]);
  await again.mark(group, 3);
  expect(again.all('queue_empty')).toHaveLength(1);
  again.cut();
  expect(rowsOf(await fixture.connect(bob.token))).toEqual([]);
});
