// Changes of messages: asked until there is an answer, once each, with the version that was seen. A scripted server.
import assert from 'node:assert/strict';
import { test } from '../test/test.ts';
import { message, online, pulled, welcome } from '../test/harness.ts';
import { ParleyError } from './parley-error.ts';

const changed = { type: 'changed', conversation_id: '70', seq: 9, message_id: '8009', at: 1 };

async function errorOf(promise: Promise<unknown>): Promise<ParleyError> {
  return promise.then(
    () => assert.fail('it was not refused'),
    (error: unknown) => (error instanceof ParleyError ? error : assert.fail(String(error))),
  );
}

test('[CHANGE-1] [CHANGE-2] [CHANGE-3] [CHANGE-4] each change is its frame, under an id of its own', async () => {
  const { world, socket, client } = await online();
  const mentions = { users: ['12'], everyone: 'here' } as const;
  const calls = [
    client.editMessage('70', 3, 'better', { version: 5, mentions, clientMsgId: 'mine' }),
    client.deleteMessage('70', 3),
    client.react('70', 3, '👍'),
    client.react('70', 3, '👍', { remove: true }),
    client.pinMessage('70', 3),
    client.pinMessage('70', 3, { remove: true }),
  ];
  await world.settle();
  const frames = socket.take();
  const told = frames.map((asked) => {
    const { ref: _, client_msg_id: __, ...frame } = asked;
    return frame;
  });
  const target = { conversation_id: '70', target: 3 };
  const content = { kind: 'text', text: 'better' };
  assert.deepEqual(
    told.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
    [
      { type: 'delete_message', ...target },
      { type: 'edit_message', ...target, version: 5, content, mentions },
      { type: 'pin_message', ...target },
      { type: 'pin_message', ...target, remove: true },
      { type: 'react', ...target, emoji: '👍' },
      { type: 'react', ...target, emoji: '👍', remove: true },
    ].toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
  );
  assert.equal(new Set(frames.map(({ client_msg_id }) => client_msg_id)).size, 6);
  assert.equal(frames.find(({ type }) => type === 'edit_message')?.client_msg_id, 'mine');
  for (const { ref } of frames) socket.sendFrames({ ...changed, ref });
  assert.deepEqual(
    (await Promise.all(calls)).map(({ seq }) => seq),
    [9, 9, 9, 9, 9, 9],
  );
});

test('[CHANGE-1] a change is asked for again after a lost answer, as it was, under the same client_msg_id', async () => {
  const { world, socket, client } = await online();
  const edit = client.editMessage('70', 3, 'better', { version: 3 });
  await world.settle();
  const { ref: _, ...first } = socket.take()[0]!;
  socket.closeFromServer(1006);
  await world.advance(1_000);
  const again = await welcome(world);
  const { ref, ...second } = again.take()[0]!;
  assert.deepEqual(second, first);
  again.sendFrames({ ...changed, ref });
  assert.equal((await edit).seq, 9);
});

test('[CHANGE-1] without a version the present one is asked for, and the edit names it', async () => {
  const { world, socket, client } = await online();
  const edit = client.editMessage('70', 3, 'better');
  await world.settle();
  const pull = socket.take()[0]!;
  assert.deepEqual([pull.type, pull.after, pull.limit], ['pull', 2, 1]);
  const state = { seq: 3, as_of: 8, version: 7, reactions: [], edits: [7], replies: 0 };
  const content = { kind: 'text', text: 'good' };
  socket.sendFrames(
    pulled({
      ref: pull.ref,
      after: 2,
      entries: [message(3)],
      through: 3,
      head: 8,
      states: [{ ...state, content }],
    }),
  );
  await world.settle();
  const { ref, type, version } = socket.take()[0]!;
  assert.deepEqual([type, version], ['edit_message', 7]);
  socket.sendFrames({ ...changed, ref });
  assert.equal((await edit).seq, 9);

  const missing = errorOf(client.editMessage('70', 4, 'better'));
  await world.settle();
  socket.sendFrames(
    pulled({
      ref: socket.take()[0]!.ref,
      after: 3,
      entries: [{ ...message(4), kind: 'group_renamed', title: 'T' }],
      through: 4,
      head: 8,
    }),
  );
  assert.equal((await missing).code, 'not_found');
});

test('[CHANGE-1] a stale version is refused with the present one', async () => {
  const { world, socket, client } = await online();
  const error = errorOf(client.editMessage('70', 3, 'better', { version: 3 }));
  await world.settle();
  const { ref } = socket.take()[0]!;
  socket.sendFrames({
    type: 'error',
    ref,
    code: 'stale_version',
    message: 'It has changed.',
    retry: 'no',
    version: 7,
  });
  assert.deepEqual([(await error).code, (await error).version], ['stale_version', 7]);
});

test('[CHANGE-6] versions are the message and its edits', async () => {
  const { world, socket, client } = await online();
  const versions = client.versions('70', 3);
  await world.settle();
  const { ref, type } = socket.take()[0]!;
  assert.equal(type, 'get_versions');
  const entries = [message(3), { ...message(7), kind: 'message_edited', target: 3 }];
  socket.sendFrames({ type: 'versions', ref, conversation_id: '70', target: 3, entries });
  assert.deepEqual(
    (await versions).map(({ seq, kind }) => [seq, kind]),
    [
      [3, 'message'],
      [7, 'message_edited'],
    ],
  );
});

test('[SOCK-4] what the server would refuse as malformed is refused here, and never sent', async () => {
  const { world, socket, client } = await online();
  const codes = await Promise.all(
    [
      client.react('70', 3, 'not an emoji'),
      client.react('70', 3, ''),
      client.editMessage('70', 3, '', { version: 3 }),
      client.deleteMessage('70', -1),
      client.deleteMessage('70', 3, { clientMsgId: 'no spaces' }),
    ].map(async (call) => (await errorOf(call)).code),
  );
  assert.deepEqual(new Set(codes), new Set(['invalid_field']));
  await world.settle();
  assert.deepEqual(socket.take(), []);
});

test('[HELLO-5] a server of version 1 is not asked for what it cannot do; the rest goes on', async () => {
  const { world, client } = await online();
  world.socket.closeFromServer(1006);
  const waiting = [client.deleteMessage('70', 3), client.send('70', 'x', { replyTo: 3 })];
  const errors = waiting.map(errorOf);
  const plain = client.send('70', 'plain');
  await world.advance(1_000);
  const socket = await welcome(world, { version: 1 });
  for (const error of errors) assert.equal((await error).code, 'version_unsupported');
  const [send, ...others] = socket.take();
  assert.deepEqual([send?.type, send?.messages.length, others], ['send', 1, []]);
  const { client_msg_id } = send!.messages[0]!;
  const results = [{ client_msg_id, seq: 1, message_id: '8001', at: 1 }];
  socket.sendFrames({ type: 'sent', ref: send!.ref, conversation_id: '70', results });
  assert.equal((await plain).seq, 1);
  assert.deepEqual(client.pending, []);

  // Its answers to a pull have no states.
  const read = client.message('70', 1);
  await world.settle();
  const { states: _, ...old } = {
    states: [],
    ...pulled({ ref: 0, after: 0, entries: [message(1)], head: 1 }),
  };
  socket.sendFrames({ ...old, ref: socket.take()[0]!.ref });
  assert.equal((await read)?.version, 1);
});

test('[CHANGE-3] an emoji may be joined of several, or a flag made of tags', async () => {
  const { world, socket, client } = await online();
  const emojis = ['👨‍👩‍👧', '❤️‍🔥', '🏴\u{e0067}\u{e0062}\u{e007f}', '🇺🇳', 'ok'];
  for (const emoji of emojis) void client.react('70', 3, emoji).catch(() => {});
  const refused = ['\u202e', 'a\u0000', '👍\n', 'x'.repeat(33)].map(async (emoji) =>
    errorOf(client.react('70', 3, emoji)),
  );
  for (const error of refused) assert.equal((await error).code, 'invalid_field');
  await world.settle();
  assert.deepEqual(
    socket.take().map((frame) => frame['emoji']),
    emojis,
  );
});
