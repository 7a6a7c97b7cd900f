// What one client of a device sees when another client of it receives first. A scripted server, a fake clock.
import assert from 'node:assert/strict';
import { test } from '../test/test.ts';
import { heads, message, messages, online, pulled, push, row, welcome } from '../test/harness.ts';
import { MemoryClientStore } from './memory-client-store.ts';

test('[SYNC-2] what another client of the device received is not left out: the app sees 1 to 10', async () => {
  const { world, socket, seqs, told } = await online({}, heads(row(0, 0)), push(...messages(1, 3)));
  assert.deepEqual(seqs(), [1, 2, 3]);
  socket.closeFromServer(1006);
  await world.advance(1_000);
  // The other one has acknowledged 4 to 8 meanwhile.
  const again = await welcome(world, {}, heads(row(10, 8)));
  const pull = again.take().find(({ type }) => type === 'pull');
  assert.equal(pull?.after, 3);
  again.sendFrames(pulled({ ref: pull.ref, after: 3, entries: messages(4, 10), head: 10 }));
  await world.settle();
  assert.deepEqual(seqs(), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  assert.deepEqual(told('missing'), []);
});

test('[SYNC-2] nor where it received everything, so that there is no row: one pull each, once a connection', async () => {
  const rows = ['70', '71', '72'].map((conversation_id) => row(0, 0, { conversation_id }));
  const { world, socket, seqs } = await online({}, heads(...rows), push(...messages(1, 3)));
  socket.sendFrames({ ...push(message(1)), conversation_id: '71' }, { type: 'queue_empty' });
  await world.settle();
  assert.deepEqual(
    socket.take().filter(({ type }) => type === 'pull'),
    [],
    'all of them have had a row',
  );
  socket.closeFromServer(1006);
  await world.advance(1_000);
  const again = await welcome(world);
  assert.deepEqual(again.take(), [], 'rows may still come');
  again.sendFrames(heads(row(1, 1, { conversation_id: '71' })), { type: 'queue_empty' });
  await world.settle();
  const asked = again.take().filter(({ type }) => type === 'pull');
  assert.deepEqual(
    asked.map(({ conversation_id, after }) => [conversation_id, after]),
    [['70', 3]],
    'one has had a row, and one has never moved',
  );
  again.sendFrames(pulled({ ref: asked[0]!.ref, after: 3, entries: messages(4, 8), head: 8 }));
  again.sendFrames(push(...messages(9, 10)));
  await world.settle();
  assert.deepEqual(seqs(), [1, 2, 3, 1, 4, 5, 6, 7, 8, 9, 10]);
  assert.deepEqual(
    again.take().filter(({ type }) => type === 'pull'),
    [],
  );
});

test('[SYNC-2] cursors of an earlier life are looked after once, also when the first try fails', async () => {
  const store = new MemoryClientStore();
  store.reset({ user_id: '11' as never, log_id: 'b1' });
  const ids = Array.from({ length: 20 }, (_, index) => String(100 + index));
  store.saveCursors(ids.map((id) => ({ conversation_id: id as never, seq: 3 })));
  const { world, socket } = await online({ store }, { type: 'queue_empty' });
  const messagesSent = socket.takeMessages();
  assert.equal(messagesSent.length, 1, 'one WebSocket message');
  const asked = messagesSent.flat().map(({ type, conversation_id, after }) => [type, conversation_id, after]);
  assert.deepEqual(
    asked,
    ids.map((id) => ['pull', id, 3]),
  );
  const [first, ...others] = messagesSent.flat();
  const later = { code: 'unavailable', message: 'Not now.', retry: 'later' };
  socket.sendFrames({ type: 'error', ref: first!.ref, ...later });
  for (const { ref, conversation_id } of others)
    socket.sendFrames({ ...pulled({ ref, after: 3, entries: [], head: 3 }), conversation_id });
  await world.advance(1_000);
  const [retried] = socket.take().filter(({ type }) => type === 'pull');
  assert.equal(retried?.conversation_id, '100');
  socket.sendFrames({
    ...pulled({ ref: retried.ref, after: 3, entries: [], head: 3 }),
    conversation_id: '100',
  });
  await world.settle();
  socket.closeFromServer(1006);
  await world.advance(1_000);
  const again = await welcome(world, {}, { type: 'queue_empty' });
  assert.deepEqual(again.take(), []);
});
