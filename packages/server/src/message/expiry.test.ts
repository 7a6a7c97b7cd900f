// Entries that waited too long, and those that retention dropped: told, never a silent hole.
import { expect, test } from 'bun:test';
import { DAY_MS, ServerFixture } from '../testing/server-fixture.ts';
import { sendOf, type TestClient } from '../testing/test-client.ts';
import { Retention } from './retention.ts';

async function pair(server = {}) {
  const fixture = new ServerFixture({ server: { tokenLifetimeMs: 400 * DAY_MS, ...server } });
  const ada = await fixture.join('ada');
  const bob = await fixture.join('bob');
  return { fixture, ada, bob, conversation: await ada.direct(bob.userId) };
}

const rowsOf = (client: TestClient) => client.all('heads').flatMap((heads) => heads.rows);

test('[SYNC-6] what waited for 31 days is told as expired, and still to be had by pull', async () => {
  const { fixture, ada, bob, conversation } = await pair();
  bob.cut();
  for (const text of ['a', 'b', 'c']) await ada.text(conversation, text);
  fixture.clock.step(31 * DAY_MS);
  const again = await fixture.connect(bob.token);
  const before = fixture.clock.now() - 30 * DAY_MS;
  const expired = { from: 1, to: 3, before };
  expect(rowsOf(again)).toEqual([{ conversation_id: conversation, head: 3, floor: 0, received: 0, expired }]);
  expect((await again.pull(conversation, 0)).entries).toHaveLength(3);
  await again.mark(conversation, 3);
  expect(again.all('queue_empty')).toHaveLength(1);
});

test('[SYNC-6] what waited for less than 30 days is not expired', async () => {
  const { fixture, ada, bob, conversation } = await pair();
  bob.cut();
  await ada.text(conversation, 'a');
  fixture.clock.advance(30 * DAY_MS);
  expect(rowsOf(await fixture.connect(bob.token))[0]?.expired).toBeUndefined();
  fixture.clock.advance(1);
  expect(rowsOf(await fixture.connect(bob.token))[0]?.expired).toMatchObject({ from: 1, to: 1 });
});

test('[SYNC-6] `to` is the last entry that is too old, for every place of the boundary', async () => {
  const { fixture, ada, bob, conversation } = await pair();
  await ada.text(conversation, 'known');
  await bob.mark(conversation, 1);
  bob.cut();
  const start = fixture.clock.now();
  for (let at = 0; at < 60; at++) {
    fixture.clock.advance(1_000);
    // Several of one time, so that the boundary has equals on both sides.
    await ada.texts(
      conversation,
      Array.from({ length: 1 + (at % 4) }, (_, n) => ({ id: `id-${at}-${n}`, text: 'x' })),
    );
  }
  const { entries, head } = await ada.pull(conversation, 0);
  for (let passed = 0; passed <= 61; passed += 0.5) {
    fixture.clock.step(start + 30 * DAY_MS + passed * 1_000 - fixture.clock.now());
    const client = await fixture.connect(bob.token);
    const before = fixture.clock.now() - 30 * DAY_MS;
    const last = entries.findLast((entry) => entry.at < before && entry.seq > 1);
    const expired = last === undefined ? undefined : { from: 2, to: last.seq, before };
    const [row] = rowsOf(client);
    expect(row).toMatchObject({ head, received: 1 });
    expect(row?.expired as unknown).toEqual(expired);
    client.cut();
  }
});

test('[SYNC-6] one of many conversations is expired, the others are not', async () => {
  const { fixture, ada, bob, conversation } = await pair();
  const group = await ada.group('room', [bob.userId]);
  bob.cut();
  await ada.text(conversation, 'old');
  fixture.clock.step(31 * DAY_MS);
  await ada.text(conversation, 'new');
  const rows = rowsOf(await fixture.connect(bob.token));
  expect(rows.map((row) => [row.conversation_id, row.expired?.to])).toEqual([
    [conversation, 1],
    [group, 1],
  ] as never);
  expect(rows.map((row) => row.head)).toEqual([2, 1]);
});

test("[PULL-3] [SYNC-6] [INV 3] the log's own retention raises the floor, and numbering goes on", async () => {
  const { fixture, ada, bob, conversation } = await pair({ logRetentionMs: 40 * DAY_MS });
  await ada.text(conversation, 'a');
  await ada.text(conversation, 'b');
  bob.cut();
  fixture.clock.step(41 * DAY_MS);
  const writer = await fixture.connect(ada.token);
  await writer.text(conversation, 'c');
  await fixture.timers.advance(61_000);
  const again = await fixture.connect(bob.token);
  expect(rowsOf(again)).toEqual([{ conversation_id: conversation, head: 3, floor: 2, received: 0 }]);
  expect(await again.pull(conversation)).toMatchObject({
    after: 0,
    floor: 2,
    head: 3,
    through: 3,
    entries: [{ seq: 3 }],
  });
  const next = await fixture.restart().connect(ada.token);
  expect(await next.text(conversation, 'd')).toMatchObject({ seq: 4 });
});

test('[PULL-3] a conversation of which all is dropped still says so, and takes more', async () => {
  const { fixture, ada, bob, conversation } = await pair({ logRetentionMs: 40 * DAY_MS });
  await ada.text(conversation, 'a');
  bob.cut();
  fixture.clock.step(41 * DAY_MS);
  await fixture.timers.advance(61_000);
  const again = await fixture.connect(bob.token);
  expect(rowsOf(again)).toEqual([{ conversation_id: conversation, head: 1, floor: 1, received: 0 }]);
  expect(await again.pull(conversation)).toMatchObject({ entries: [], through: 1, head: 1, floor: 1 });
  await again.mark(conversation, 1);
  expect(again.all('queue_empty')).toHaveLength(1);
  const writer = await fixture.restart().connect(ada.token);
  expect(await writer.text(conversation, 'b')).toMatchObject({ seq: 2 });
});

test('[SEND-3] retention does not drop what the same client_msg_id must still find', async () => {
  const { fixture, ada, conversation } = await pair({ logRetentionMs: DAY_MS });
  const first = await ada.text(conversation, 'a', 'a');
  fixture.clock.step(DAY_MS - 61_000);
  await fixture.timers.advance(61_000);
  const again = await fixture.connect(ada.token);
  expect(await again.text(conversation, 'a', 'a')).toEqual(first);
  const { messages, personal, receipts } = fixture.stores;
  const parts = { messages, personal, receipts, clock: fixture.clock, log: fixture.log };
  expect(() => new Retention({ ...parts, keepMs: DAY_MS - 1 })).toThrow(RangeError);
});

test('retention drops all that is due in one pass, in steps, and a failure of the store waits for the next', async () => {
  const { fixture, ada, conversation } = await pair({ logRetentionMs: 40 * DAY_MS });
  for (let at = 0; at < 20; at++) {
    const texts = Array.from({ length: 64 }, (_, n) => ({ id: `id-${at}-${n}`, text: 'x' }));
    ada.start(sendOf(conversation, texts));
  }
  await fixture.settle();
  fixture.clock.step(41 * DAY_MS);
  fixture.faults.next('olderThan', 'unavailable');
  await fixture.timers.advance(60_000);
  expect(fixture.stores.world.state.logs.get(conversation)?.floor).toBe(0);
  await fixture.timers.advance(60_000);
  expect(fixture.stores.world.state.logs.get(conversation)?.floor).toBe(1_280);
  expect(fixture.faults.calls.filter((method) => method === 'drop')).toHaveLength(2);
});

test('retention drops up to the last entry that is due, for every place of the boundary', async () => {
  for (let due = 0; due <= 9; due++) {
    const { fixture, ada, conversation } = await pair();
    const texts = (from: number, count: number) =>
      Array.from({ length: count }, (_, n) => ({ id: `id-${from + n}`, text: 'x' }));
    if (due > 0) await ada.texts(conversation, texts(0, due));
    fixture.clock.step(1_000);
    if (due < 9) await ada.texts(conversation, texts(due, 9 - due));
    fixture.clock.step(40 * DAY_MS);
    const { messages, personal, receipts } = fixture.stores;
    const keepMs = 40 * DAY_MS;
    const retention = new Retention({
      messages,
      personal,
      receipts,
      clock: fixture.clock,
      log: fixture.log,
      keepMs,
    });
    expect(await retention.pass()).toBe(due === 0 ? 0 : 1);
    expect(fixture.stores.world.state.logs.get(conversation)?.floor).toBe(due);
  }
});

test('retention takes more conversations than one read of them names', async () => {
  const { fixture, ada } = await pair({ logRetentionMs: 40 * DAY_MS });
  for (let at = 0; at < 250; at++) await ada.group(`g-${at}`, []);
  fixture.clock.step(41 * DAY_MS);
  await fixture.timers.advance(60_000);
  const floors = [...fixture.stores.world.state.logs.values()].map((log) => log.floor);
  expect(floors).toEqual(Array.from({ length: 250 }, () => 1));
});

test('retention does not begin again while it goes on, and ends early with the server, which waits for it', async () => {
  const { fixture, ada } = await pair({ logRetentionMs: 40 * DAY_MS });
  for (let at = 0; at < 3; at++) await ada.group(`g-${at}`, []);
  fixture.clock.step(41 * DAY_MS);
  const held = fixture.faults.hold('drop');
  await fixture.timers.advance(180_000);
  const calls = (method: string) => fixture.faults.calls.filter((call) => call === method).length;
  expect([held.reached, calls('olderThan'), calls('drop')]).toEqual([true, 1, 1]);
  let stopped = false;
  void fixture.server.stop().then(() => (stopped = true));
  await fixture.timers.advance(10_000);
  expect(stopped).toBe(false);
  held.release();
  await fixture.settle();
  expect([stopped, calls('drop')]).toEqual([true, 1]);
});
