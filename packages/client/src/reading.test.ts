// What is read, receipts, flags and threads: each call is its frame, and its answer what comes of it. A scripted server.
import assert from 'node:assert/strict';
import { test } from '../test/test.ts';
import { answering, listOf, messages, online, push, refusal, row, heads, standing } from '../test/harness.ts';

const done = { type: 'done' };
const answer = { type: 'standing', standing: standing() };

test('[READ-1] [READ-4] [OWN-1] what changes a standing is asked for and answers it', async () => {
  const made = await online();
  const { reading } = made.client;
  const about = { conversation_id: '70' };
  const calls: [() => Promise<unknown>, object][] = [
    [() => reading.markRead('70', 5), { type: 'read', ...about, seq: 5 }],
    [() => reading.markUnread('70', 4), { type: 'mark_unread', ...about, seq: 4 }],
    [() => reading.mute('70', 99), { type: 'set_conversation', ...about, muted_until: 99 }],
    [() => reading.mute('70'), { type: 'set_conversation', ...about, muted_until: 0 }],
    [() => reading.archive('70'), { type: 'set_conversation', ...about, archived: true }],
    [() => reading.archive('70', false), { type: 'set_conversation', ...about, archived: false }],
    [() => reading.pin('70'), { type: 'set_conversation', ...about, pinned: true }],
  ];
  for (const [call, frame] of calls) {
    const { asked, result } = await answering(made, call(), answer);
    assert.deepEqual([asked, result], [[frame], standing()]);
  }
  assert.equal(made.told('standing').length, calls.length);
});

test('[READ-1] without a seq, everything that the app was handed is read; with nothing handed, the call is refused', async () => {
  const made = await online({}, heads(row(3, 0)));
  const { client, world, socket } = made;
  socket.take();
  assert.equal((await refusal(client.reading.markRead('70'))).code, 'invalid_field');
  socket.sendFrames(push(...messages(1, 3)));
  await world.settle();
  socket.take();
  const { asked } = await answering(made, client.reading.markRead('70'), answer);
  assert.deepEqual(asked, [{ type: 'read', conversation_id: '70', seq: 3 }]);
});

test('[READ-6] a standing that another session changed is an event, and of an answer the app is told before whoever asked', async () => {
  const made = await online();
  made.socket.sendFrames({ type: 'standing', standing: standing({ muted_until: 9 }) });
  await made.world.settle();
  assert.deepEqual(made.told('standing'), [{ kind: 'standing', standing: standing({ muted_until: 9 }) }]);
  // An older answer and a newer push in one message: the app is told in that order.
  const call = made.client.reading.markRead('70', 5);
  await made.world.settle();
  const ref = made.socket.take()[0]?.ref;
  const newer = { type: 'standing', standing: standing({ read: 7, as_of: 7 }) };
  made.socket.sendFrames({ ref, ...answer }, newer);
  await call;
  assert.deepEqual(
    made.told('standing').map((event) => event.standing.read),
    [5, 5, 7],
  );
});

test('[READ-5] unread has the total at once and its rows page by page; every standing that an answer has is an event', async () => {
  const made = await online();
  const { reading } = made.client;
  const total = { unread: 7, mentions: 1 };
  const first = { type: 'unread', rows: [standing({ unread: 4 })], total, next: '70' };
  const { asked, result } = await answering(made, reading.unread(), first);
  assert.deepEqual([asked, result.total], [[{ type: 'get_unread' }], total]);
  const last = { type: 'unread', rows: [standing({ conversation_id: '71', unread: 3 })], total };
  const rest = await answering(made, listOf(result.rows), last);
  assert.deepEqual(rest.asked, [{ type: 'get_unread', after: '70' }]);
  assert.deepEqual(
    rest.result.map(({ unread }) => unread),
    [4, 3],
  );
  const view = {
    conversation_id: '72',
    kind: 'group',
    title: 't',
    members: 2,
    head: 9,
    floor: 0,
    received: 0,
  };
  const conversation = { ...view, standing: standing({ conversation_id: '72', unread: 1 }) };
  await answering(made, made.client.conversation('72'), { type: 'conversation', conversation });
  assert.deepEqual(
    made.told('standing').map((event) => event.standing.unread),
    [4, 3, 1],
  );
});

test('[RECEIPT-1] [RECEIPT-2] watermarks and receipts come page by page, counts at once', async () => {
  const made = await online();
  const { reading } = made.client;
  const about = {
    type: 'message_receipts',
    conversation_id: '70',
    seq: 3,
    members: 4,
    delivered: 2,
    read: 1,
  };
  const one = { user_id: '12', delivered: { at: 5 }, read: { at: 6 } };
  const two = { user_id: '13', delivered: {} };
  const reach = await answering(made, reading.receipts('70', 3), { ...about, rows: [one], next: '12' });
  const { members, delivered, read, rows } = reach.result;
  assert.deepEqual([members, delivered, read], [4, 2, 1]);
  const rest = await answering(made, listOf(rows), { ...about, rows: [two] });
  assert.deepEqual(rest.result, [one, two]);
  assert.deepEqual(
    [...reach.asked, ...rest.asked],
    [
      { type: 'get_receipts', conversation_id: '70', seq: 3 },
      { type: 'get_receipts', conversation_id: '70', seq: 3, after: '12' },
    ],
  );
  const mark = { user_id: '12', received: 9, read: 4 };
  const marks = await answering(made, listOf(reading.watermarks('70')), {
    type: 'watermarks',
    conversation_id: '70',
    rows: [mark],
  });
  assert.deepEqual(marks.result, [mark]);
});

test('[RECEIPT-3] receipts that are pushed are an event', async () => {
  const made = await online();
  const rows = [{ user_id: '12', received: 9, read: 4 }];
  made.socket.sendFrames({ type: 'receipts', conversation_id: '70', rows });
  await made.world.settle();
  assert.deepEqual(made.told('receipts'), [{ kind: 'receipts', conversation_id: '70', rows }]);
});

test('[OWN-4] threads are followed and listed', async () => {
  const made = await online();
  const { reading } = made.client;
  const follow = await answering(made, reading.followThread('70', 3), done);
  const stop = await answering(made, reading.followThread('70', 3, false), done);
  const frame = { type: 'follow_thread', conversation_id: '70', thread: 3 };
  assert.deepEqual(
    [...follow.asked, ...stop.asked],
    [
      { ...frame, follow: true },
      { ...frame, follow: false },
    ],
  );
  const rows = [{ conversation_id: '70', thread: 3, replies: 2, last_reply: 9 }];
  const next = { conversation_id: '70', thread: 3 };
  const list = await answering(
    made,
    listOf(reading.threads()),
    { type: 'threads', rows, next },
    { type: 'threads', rows: [] },
  );
  assert.deepEqual(list.asked, [{ type: 'list_threads' }, { type: 'list_threads', after: next }]);
  assert.deepEqual(list.result, rows);
});
