// [RECEIPT-1..3, RECEIPT-5] Who has and who read what: as one asks for it, and as members are told.
import { expect, test } from 'bun:test';
import { LIVELY_MEMBERS_MAX_COUNT } from '@parley/protocol/limits';
import { read, receiptsOf, room, says, told, watermarks } from '../testing/reading-room.ts';
import { ServerFixture } from '../testing/server-fixture.ts';

test('[RECEIPT-1] received is the furthest of a user’s devices, and it never moves back', async () => {
  const { fixture, ada, bob, cleo, group } = await room();
  const phone = await fixture.connect((await fixture.login('bob')).token);
  for (const text of ['a', 'b', 'c']) await says(ada, group, text);
  await bob.mark(group, 2);
  await phone.mark(group, 4);
  await read(bob, group, 3);
  await told(fixture);
  await bob.mark(group, 3);
  await told(fixture);
  expect(await watermarks(ada, group)).toEqual([
    { user_id: ada.userId, received: 0, read: 0 },
    { user_id: bob.userId, received: 4, read: 3 },
    { user_id: cleo.userId, received: 0, read: 0 },
  ]);
  const page = { type: 'get_watermarks', conversation_id: group, after: ada.userId, limit: 1 } as const;
  expect(await ada.request(page)).toMatchObject({ rows: [{ user_id: bob.userId }], next: bob.userId });
});

test('[RECEIPT-1] receipts are durable: a restart keeps what was stored, with its times', async () => {
  const { fixture, ada, bob, group } = await room();
  const seq = await says(ada, group, 'a');
  const at = fixture.clock.now();
  await bob.mark(group, seq);
  await read(bob, group, seq);
  await told(fixture);
  const before = await receiptsOf(ada, group, seq);
  expect(before).toMatchObject({ rows: [{ delivered: { at }, read: { at } }] });
  const again = await fixture.restart().connect(ada.token);
  expect({ ...(await receiptsOf(again, group, seq)), ref: 0 }).toEqual({ ...before, ref: 0 });
});

test('[RECEIPT-1] what the store refused of a device’s receipts is stored with the next flush', async () => {
  for (const call of ['raise', 'markReceived']) {
    const { fixture, ada, bob, group } = await room();
    const seq = await says(ada, group, 'a');
    await bob.mark(group, seq);
    fixture.faults.next(call, 'unavailable');
    await told(fixture);
    await told(fixture);
    expect(await receiptsOf(ada, group, seq)).toMatchObject({ delivered: 1, read: 0 });
    expect(await bob.pull(group)).toMatchObject({ after: seq });
  }
});

test('[RECEIPT-2] a message says how many members there are but for the author, have it and read it, and when', async () => {
  const { fixture, ada, bob, cleo, group } = await room();
  const first = await says(ada, group, 'a');
  const second = await says(ada, group, 'b');
  const start = fixture.clock.now();
  await bob.mark(group, first);
  await told(fixture);
  await cleo.mark(group, second);
  await read(cleo, group, first);
  await told(fixture);
  expect(await receiptsOf(ada, group, first)).toMatchObject({
    members: 2,
    delivered: 2,
    read: 1,
    rows: [
      { user_id: bob.userId, delivered: { at: start } },
      { user_id: cleo.userId, delivered: { at: start + 3_100 }, read: { at: start + 3_100 } },
    ],
  });
  const later = await receiptsOf(bob, group, second);
  expect(later).toMatchObject({ members: 2, delivered: 1, read: 0 });
  expect(later.rows).toEqual([{ user_id: cleo.userId, delivered: { at: start + 3_100 } }]);
  const page = { type: 'get_receipts', conversation_id: group, seq: first, limit: 1 } as const;
  expect(await ada.request(page)).toMatchObject({ rows: [{ user_id: bob.userId }], next: bob.userId });
});

test('[RECEIPT-2] in a direct conversation as well, and from the one who received', async () => {
  const fixture = new ServerFixture();
  const ada = await fixture.join('ada');
  const bob = await fixture.join('bob');
  const direct = await ada.direct(bob.userId);
  const seq = await says(ada, direct, 'a');
  await read(bob, direct, seq);
  await bob.mark(direct, seq);
  await ada.mark(direct, seq);
  await told(fixture);
  for (const asker of [ada, bob])
    expect(await receiptsOf(asker, direct, seq)).toMatchObject({ members: 1, delivered: 1, read: 1 });
});

test('[RECEIPT-2] [RECEIPT-3] above 100 members there are counts, but no times and no pushes', async () => {
  for (const size of [LIVELY_MEMBERS_MAX_COUNT, LIVELY_MEMBERS_MAX_COUNT + 1]) {
    const fixture = new ServerFixture();
    const ada = await fixture.join('ada');
    const bob = await fixture.join('bob');
    const many = await fixture.registerMany(size - 2);
    const group = await ada.group('many', [bob.userId, ...many]);
    const seq = await says(ada, group, 'a');
    await bob.mark(group, seq);
    await read(bob, group, seq);
    await told(fixture);
    const { members, delivered, read: readers, rows } = await receiptsOf(ada, group, seq);
    expect([members, delivered, readers]).toEqual([size - 1, 1, 1]);
    const isLively = size === LIVELY_MEMBERS_MAX_COUNT;
    expect(rows[0]?.delivered?.at === undefined).toBe(!isLively);
    expect(rows[0]?.read?.at === undefined).toBe(!isLively);
    expect(ada.all('receipts')).toHaveLength(isLively ? 2 : 0);
  }
});

test('[RECEIPT-3] who gets further is pushed to all members who are connected, together and once a second at most', async () => {
  const { fixture, ada, bob, cleo, group } = await room();
  const dan = await fixture.join('dan');
  for (const text of ['a', 'b', 'c', 'd']) await says(ada, group, text);
  await read(bob, group, 2);
  await read(cleo, group, 3);
  await fixture.timers.advance(100);
  const rows = [
    { user_id: bob.userId, received: 0, read: 2 },
    { user_id: cleo.userId, received: 0, read: 3 },
  ];
  for (const member of [ada, bob, cleo]) {
    expect(member.all('receipts')).toEqual([{ type: 'receipts', conversation_id: group, rows }]);
    member.clear();
  }
  expect(dan.all('receipts')).toEqual([]);
  // Within the second nothing more comes; then what became of it.
  await read(bob, group, 3);
  await read(bob, group, 4);
  await fixture.timers.advance(900);
  expect(ada.all('receipts')).toEqual([]);
  await fixture.timers.advance(100);
  expect(ada.all('receipts')).toMatchObject([{ rows: [{ user_id: bob.userId, read: 4 }] }]);
});

test('[RECEIPT-3] a group that grew beyond 100 members meanwhile is told nothing', async () => {
  const fixture = new ServerFixture();
  const ada = await fixture.join('ada');
  const [first, ...rest] = await fixture.registerMany(LIVELY_MEMBERS_MAX_COUNT);
  const group = await ada.group('many', rest);
  await read(ada, group, 1);
  await ada.change('add_members', group, 'add', { user_ids: [first] });
  await told(fixture);
  expect(ada.all('receipts')).toEqual([]);
});

test('[RECEIPT-3] a conversation has a timer only while it has something to tell, and a second longer', async () => {
  const { fixture, ada, bob, group } = await room();
  for (const text of ['a', 'b']) await says(ada, group, text);
  await fixture.timers.advance(4_000);
  const silent = fixture.timers.pendingCount;
  await read(bob, group, 2);
  expect(fixture.timers.pendingCount).toBe(silent + 1);
  await fixture.timers.advance(100);
  await read(bob, group, 3);
  expect(fixture.timers.pendingCount).toBe(silent + 1);
  await fixture.timers.advance(2_100);
  expect(fixture.timers.pendingCount).toBe(silent);
});

test('[RECEIPT-3] what is no news is not pushed: a second device behind the first, the same mark again', async () => {
  const { fixture, ada, bob, group } = await room();
  const phone = await fixture.connect((await fixture.login('bob')).token);
  for (const text of ['a', 'b']) await says(ada, group, text);
  await bob.mark(group, 3);
  await told(fixture);
  expect(ada.last('receipts')).toMatchObject({ rows: [{ user_id: bob.userId, received: 3, read: 0 }] });
  ada.clear();
  await phone.mark(group, 2);
  await bob.mark(group, 3);
  await told(fixture);
  expect(ada.all('receipts')).toEqual([]);
  await read(phone, group, 3);
  await told(fixture);
  // The whole watermark, also where only the reading is new.
  expect(ada.last('receipts')).toMatchObject({ rows: [{ user_id: bob.userId, received: 3, read: 3 }] });
});

test('[RECEIPT-3] receipts of conversations that are not in memory are told as well', async () => {
  const { fixture, ada, bob, group } = await room();
  await says(ada, group, 'a');
  const after = fixture.restart();
  const [one, other] = [await after.connect(ada.token), await after.connect(bob.token)];
  await other.mark(group, 2);
  await told(after);
  expect(one.last('receipts')).toMatchObject({ rows: [{ user_id: bob.userId, received: 2 }] });
});

test('[RECEIPT-3] [INV 15] one who was removed is told nothing, and nothing is told of one', async () => {
  const { fixture, ada, bob, cleo, group } = await room();
  await says(ada, group, 'a');
  await bob.mark(group, 2);
  await cleo.mark(group, 2);
  await ada.change('remove_member', group, 'r', { user_id: bob.userId });
  await told(fixture);
  expect(bob.all('receipts')).toEqual([]);
  expect(ada.all('receipts')).toMatchObject([{ rows: [{ user_id: cleo.userId, received: 2 }] }]);
});

test('[RECEIPT-3] what was read while nobody was there to be told is in the next push', async () => {
  const { fixture, ada, bob, cleo, group } = await room();
  for (const text of ['a', 'b']) await says(ada, group, text);
  await read(bob, group, 2);
  await told(fixture);
  await read(bob, group, 3);
  for (const person of [ada, bob, cleo]) person.cut();
  await told(fixture);
  const [one, other] = [await fixture.connect(ada.token), await fixture.connect(bob.token)];
  await other.mark(group, 3);
  await told(fixture);
  expect(one.all('receipts')).toMatchObject([{ rows: [{ user_id: bob.userId, received: 3, read: 3 }] }]);
});

test('[RECEIPT-5] receipts are for members: strangers and former members get not_found', async () => {
  const { fixture, ada, bob, group } = await room();
  const dan = await fixture.join('dan');
  await says(ada, group, 'a');
  await ada.change('remove_member', group, 'r', { user_id: bob.userId });
  for (const other of [bob, dan]) {
    for (const frame of [
      { type: 'get_receipts', conversation_id: group, seq: 2 },
      { type: 'get_watermarks', conversation_id: group },
    ] as const)
      expect(await other.request(frame)).toMatchObject({ code: 'not_found', field: 'conversation_id' });
  }
});

test('[RECEIPT-5] a seq beyond the head is invalid_field, and one that is no message, or none to see, not_found', async () => {
  const { fixture, ada, group } = await room({}, 'joined');
  const dan = await fixture.join('dan');
  await says(ada, group, 'a');
  await ada.change('add_members', group, 'add', { user_ids: [dan.userId] });
  const get = (seq: number) => dan.request({ type: 'get_receipts', conversation_id: group, seq });
  expect(await get(4)).toMatchObject({ code: 'invalid_field', field: 'seq' });
  for (const seq of [0, 1, 2, 3]) expect(await get(seq)).toMatchObject({ code: 'not_found', field: 'seq' });
});
