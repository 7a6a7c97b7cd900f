// Who is there and who is writing, and what a client says of itself over reconnects. A scripted server.
import assert from 'node:assert/strict';
import { test } from '../test/test.ts';
import { answering, harness, listOf, online, welcome } from '../test/harness.ts';

const rows = [{ user_id: '12', state: 'online' }];
const presence = { type: 'presence', rows };

test('[PRES-1] [PRES-4] watching, a look without watching, and contacts; names are looked up first', async () => {
  const made = await online();
  const { client } = made;
  const users = { type: 'users', users: [{ user_id: '12', name: 'bob' }] };
  const watch = await answering(made, client.presence.watch([{ name: 'bob' }]), users, presence);
  assert.deepEqual(watch.asked[1], { type: 'watch', user_ids: ['12'] });
  assert.deepEqual(watch.result, rows);
  const look = await answering(made, client.presence.of([{ user_id: '12' }]), presence);
  assert.deepEqual(look.asked, [{ type: 'get_presence', user_ids: ['12'] }]);
  const end = await answering(made, client.presence.unwatch([{ user_id: '12' }]), { type: 'done' });
  assert.deepEqual(end.asked, [{ type: 'unwatch', user_ids: ['12'] }]);
  const contact = { user_id: '12', name: 'bob' };
  const contacts = listOf(client.presence.contacts());
  const list = await answering(made, contacts, { type: 'contacts', rows: [contact] });
  assert.deepEqual(list.result, [contact]);
});

test('[PRES-1] more users than one frame names are watched in several', async () => {
  const made = await online();
  const users = Array.from({ length: 450 }, (_, index) => ({ user_id: String(100 + index) }));
  const { asked } = await answering(made, made.client.presence.watch(users), presence, presence, presence);
  assert.deepEqual(
    asked.map((frame) => (frame as { user_ids: string[] }).user_ids.length),
    [200, 200, 50],
  );
  assert.deepEqual(await made.client.presence.of([]), []);
});

test('[PRES-2] the snapshot that begins a connection and each change are events', async () => {
  const made = await online({}, { ...presence, snapshot: true });
  made.socket.sendFrames({ ...presence, rows: [{ user_id: '12', state: 'offline', last_seen: 5 }] });
  await made.world.settle();
  assert.deepEqual(made.told('presence'), [
    { kind: 'presence', snapshot: true, rows },
    { kind: 'presence', snapshot: false, rows: [{ user_id: '12', state: 'offline', last_seen: 5 }] },
  ]);
});

test('[PRES-3] a client that is away says so again to each new session, and no more once it is back', async () => {
  const made = harness();
  const { client, world } = made;
  const connected = client.connect();
  // Said before there is a connection, it goes out once.
  const early = client.presence.setState('away');
  const socket = await welcome(world);
  await connected;
  const away = await answering({ world, socket }, early, { type: 'done' });
  assert.deepEqual(away.asked, [{ type: 'set_presence', state: 'away' }]);
  socket.closeFromServer(1006);
  await world.advance(1_000);
  const second = await welcome(world);
  const [again] = second.take();
  assert.deepEqual([again?.type, again?.['state']], ['set_presence', 'away']);
  second.sendFrames({ type: 'done', ref: again?.ref });
  await answering({ world, socket: second }, client.presence.setState('online'), { type: 'done' });
  second.closeFromServer(1006);
  await world.advance(2_000);
  const third = await welcome(world);
  assert.deepEqual(third.take(), []);
  assert.deepEqual(made.told('error'), []);
});

test('[LARGE-1] what is on the screen is said to each new session, the whole list each time', async () => {
  const made = await online();
  const { client, world } = made;
  client.groups.view(['70', '71']);
  await world.settle();
  assert.deepEqual(made.socket.take(), [{ type: 'view', conversation_ids: ['70', '71'] }]);
  made.socket.closeFromServer(1006);
  client.groups.view(['71']);
  await world.advance(1_000);
  const second = await welcome(world);
  assert.deepEqual(second.take(), [{ type: 'view', conversation_ids: ['71'] }]);
  const many = Array.from({ length: 17 }, (_, index) => String(70 + index));
  assert.throws(() => client.groups.view(many), { name: 'ParleyError', code: 'invalid_field' });
  client.groups.view([]);
  await world.settle();
  assert.deepEqual(second.take(), [{ type: 'view', conversation_ids: [] }]);
});

test('[TYPING-1] writing is said at most every 3 s a conversation, taken back once, and never kept for later', async () => {
  const made = await online();
  const { client, world, socket } = made;
  const said = async (): Promise<unknown[]> => {
    await world.settle();
    return socket.take().map(({ conversation_id, stopped = false }) => [conversation_id, stopped]);
  };
  const { presence: signals } = client;
  signals.typing('70', { stopped: true });
  for (let key = 0; key < 5; key++) signals.typing('70');
  signals.typing('71');
  assert.deepEqual(await said(), [
    ['70', false],
    ['71', false],
  ]);
  await world.advance(2_999);
  signals.typing('70');
  assert.deepEqual(await said(), []);
  await world.advance(1);
  signals.typing('70');
  signals.typing('70', { stopped: true });
  signals.typing('70', { stopped: true });
  assert.deepEqual(await said(), [
    ['70', false],
    ['70', true],
  ]);
  await world.advance(6_000);
  socket.take();
  signals.typing('71', { stopped: true });
  assert.deepEqual(await said(), []);
  socket.closeFromServer(1006);
  signals.typing('72');
  await world.advance(1_000);
  const second = await welcome(world);
  assert.deepEqual(second.take(), []);
  signals.typing('72');
  await world.settle();
  assert.deepEqual(second.take(), [{ type: 'typing', conversation_id: '72' }]);
});

test('[TYPING-1] who is writing is an event, with for how long', async () => {
  const made = await online();
  made.socket.sendFrames({ type: 'user_typing', conversation_id: '70', user_id: '12', for_ms: 6_000 });
  await made.world.settle();
  assert.deepEqual(made.told('typing'), [
    { kind: 'typing', conversation_id: '70', user_id: '12', for_ms: 6_000 },
  ]);
});
