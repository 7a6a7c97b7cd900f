// What a message carries besides its text, on its way out. A scripted server.
import assert from 'node:assert/strict';
import { test } from '../test/test.ts';
import { online, welcome } from '../test/harness.ts';
import type { Content } from '@parley/protocol/content';
import { MemoryClientStore } from './memory-client-store.ts';
import { ParleyError } from './parley-error.ts';

test('[SEND-1] [CONTENT-1] [CONTENT-2] [CONTENT-3] replies, threads, mentions, forwards, formats and attachments', async () => {
  const { world, socket, client } = await online();
  const mentions = { users: ['12'], everyone: 'all' } as const;
  const content: Content = {
    kind: 'text',
    text: '**x**',
    format: 'markdown',
    attachments: [{ name: 'a.png', media_type: 'image/png', size_bytes: 3, width: 1, height: 2 }],
  };
  const sends = [
    client.send('70', content, { replyTo: 3, thread: 2, mentions, clientMsgId: 'a' }),
    client.send('70', undefined, { forward: { conversation_id: '71', seq: 4 }, clientMsgId: 'b' }),
    client.send('70', 'plain', { clientMsgId: 'c' }),
  ];
  await world.settle();
  const send = socket.take()[0]!;
  assert.deepEqual(send.messages as unknown, [
    { client_msg_id: 'a', content, reply_to: 3, thread: 2, mentions },
    { client_msg_id: 'b', forward: { conversation_id: '71', seq: 4 } },
    { client_msg_id: 'c', content: { kind: 'text', text: 'plain' } },
  ]);
  const results = send.messages.map(({ client_msg_id }, at) => ({
    client_msg_id,
    seq: at + 1,
    message_id: '8',
    at,
  }));
  socket.sendFrames({ type: 'sent', ref: send.ref, conversation_id: '70', results });
  assert.deepEqual(
    (await Promise.all(sends)).map(({ seq }) => seq),
    [1, 2, 3],
  );
});

test('[SEND-6] all of it is kept in the store and sent again as it was', async () => {
  const store = new MemoryClientStore();
  const { world, socket, client } = await online({ store });
  const sent = client.send('70', 'x', { replyTo: 3, thread: 3, mentions: { everyone: 'here' } });
  await world.settle();
  const [first] = socket.take();
  assert.deepEqual(store.load().pending, [{ conversation_id: '70', ...first?.messages[0] }]);
  socket.closeFromServer(1006);
  await world.advance(1_000);
  const again = await welcome(world);
  assert.deepEqual(again.take()[0]?.messages, first?.messages);
  void sent.catch(() => {});
});

test('[SOCK-3] [SEND-1] a message is content or a forward, and never more than a server takes', async () => {
  const { world, socket, client } = await online();
  const forward = { conversation_id: '71', seq: 4 };
  const attachment = { name: '\u0001'.repeat(255), media_type: 'a/b', size_bytes: 1 };
  const large: Content = {
    kind: 'text',
    text: '\u0001'.repeat(8_000),
    attachments: Array(10).fill(attachment),
  };
  const calls = [
    client.send('70', undefined),
    client.send('70', 'x', { forward }),
    client.send('70', large),
    client.editMessage('70', 3, large, { version: 3 }),
    client.send('70', 'x', { replyTo: 1.5 }),
    client.send('70', 'x', { mentions: { users: ['bob'] } }),
  ];
  for (const call of calls)
    await assert.rejects(call, (error) => error instanceof ParleyError && error.code === 'invalid_field');
  await world.settle();
  assert.deepEqual(socket.take(), []);
});

test('[SEND-3] another reply under an id that is under way is another message', async () => {
  const { client } = await online();
  void client.send('70', 'x', { clientMsgId: 'a', replyTo: 3 }).catch(() => {});
  const other = client.send('70', 'x', { clientMsgId: 'a', replyTo: 4 });
  await assert.rejects(other, (error) => error instanceof ParleyError && error.code === 'id_reused');
});
