// Questions and changes: asked again until there is an answer. A scripted server, a fake clock.
import assert from 'node:assert/strict';
import { test } from '../test/test.ts';
import { messages, online, pulled, welcome } from '../test/harness.ts';
import { ParleyError } from './parley-error.ts';

const VIEW = {
  conversation_id: '70',
  kind: 'group',
  title: 'T',
  role: 'owner',
  members: 2,
  head: 1,
  floor: 0,
  received: 0,
};

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'none',
    (error: unknown) => (error instanceof ParleyError ? error.code : String(error)),
  );
}

test('[CONV-2] a group is asked for again after a lost answer, under the same client_msg_id', async () => {
  const { world, socket, client } = await online();
  const made = client.createGroup({
    title: 'T',
    members: [{ name: 'bob' }, { user_id: '13' }],
    history: 'all',
  });
  await world.settle();
  const find = socket.take()[0]!;
  assert.deepEqual(find['names'], ['bob']);
  socket.sendFrames({ type: 'users', ref: find.ref, users: [{ user_id: '12', name: 'bob' }] });
  await world.settle();
  const create = socket.take()[0]!;
  assert.deepEqual(
    [create.type, create['member_ids'], create['history']],
    ['create_group', ['12', '13'], 'all'],
  );
  socket.closeFromServer(1006);
  await world.advance(1_000);
  const again = await welcome(world);
  const second = again.take()[0]!;
  assert.equal(second.client_msg_id, create.client_msg_id);
  again.sendFrames({ type: 'conversation', ref: second.ref, conversation: VIEW });
  await world.settle();
  assert.equal((await made).conversation_id, '70');
});

test('[GROUP-1] changes answer with the entry; a refusal is a typed error', async () => {
  const { world, socket, client } = await online();
  const calls = [
    client.renameGroup('70', 'New'),
    client.addMembers('70', [{ user_id: '12' }]),
    client.removeMember('70', { user_id: '12' }),
    client.setRole('70', { user_id: '12' }, 'admin'),
    client.leaveGroup('70', { clientMsgId: 'mine' }),
  ];
  await world.settle();
  const frames = socket.take();
  const types = ['leave_group', 'rename_group', 'add_members', 'remove_member', 'set_role'];
  assert.deepEqual(frames.map(({ type }) => type).sort(), [...types].sort());
  for (const { type, ref } of frames) {
    if (type === 'set_role')
      socket.sendFrames({ type: 'error', ref, code: 'forbidden', message: 'No.', retry: 'no' });
    else
      socket.sendFrames({ type: 'changed', ref, conversation_id: '70', seq: 4, message_id: '8004', at: 1 });
  }
  assert.deepEqual(await Promise.all(calls.map(codeOf)), ['none', 'none', 'none', 'forbidden', 'none']);
  assert.equal(frames.find(({ type }) => type === 'leave_group')?.client_msg_id, 'mine');
});

test('[ERR-1] `later` is asked again after the pause that the server named', async () => {
  const { world, socket, client } = await online();
  const view = client.openDirect({ user_id: '12' });
  await world.settle();
  const { ref } = socket.take()[0]!;
  const fault = { code: 'rate_limited', message: 'Slow down.', retry: 'later', retry_after_ms: 2_000 };
  socket.sendFrames({ type: 'error', ref, ...fault });
  await world.advance(1_999);
  assert.deepEqual(socket.take(), []);
  await world.advance(501);
  const again = socket.take()[0]!;
  socket.sendFrames({ type: 'conversation', ref: again.ref, conversation: VIEW });
  await world.settle();
  assert.equal((await view).conversation_id, '70');
});

test('[SOCK-4] a call that the server would refuse as malformed is refused here, and never sent', async () => {
  const { world, socket, client } = await online();
  assert.equal(await codeOf(client.renameGroup('70', '')), 'invalid_field');
  assert.equal(await codeOf(client.conversation('0')), 'invalid_field');
  assert.equal(await codeOf(client.users({ names: ['Not A Name'] })), 'invalid_field');
  await world.settle();
  assert.deepEqual(socket.take(), []);
});

test('[PULL-1] history is read in windows, up to `to` and `limit`, and moves no cursor', async () => {
  const { world, socket, client } = await online();
  const read: number[] = [];
  const reading = (async () => {
    for await (const entry of client.history('70', { after: 2, to: 7 })) read.push(entry.seq);
  })();
  await world.settle();
  const first = socket.take()[0]!;
  assert.deepEqual([first.after, first.limit], [2, 5]);
  socket.sendFrames(
    pulled({ ref: first.ref, after: 2, entries: messages(5, 6), through: 6, head: 9, floor: 4 }),
  );
  await world.settle();
  const second = socket.take()[0]!;
  assert.deepEqual([second.after, second.limit], [6, 1]);
  socket.sendFrames(
    pulled({ ref: second.ref, after: 6, entries: messages(7, 7), through: 7, head: 9, floor: 4 }),
  );
  await world.settle();
  await reading;
  assert.deepEqual(read, [5, 6, 7]);
  assert.deepEqual(socket.take(), [], 'nothing is acknowledged');
});

test('[CONV-3] conversations and members are read page by page', async () => {
  const { world, socket, client } = await online();
  const ids: string[] = [];
  const reading = (async () => {
    for await (const view of client.conversations()) ids.push(view.conversation_id);
    for await (const member of client.members('70')) ids.push(member.name);
  })();
  const answer = async (frame: object): Promise<unknown> => {
    await world.settle();
    const asked = socket.take()[0]!;
    socket.sendFrames({ ...frame, ref: asked.ref });
    return asked.after;
  };
  assert.equal(await answer({ type: 'conversations', rows: [VIEW], next: '70' }), undefined);
  assert.equal(await answer({ type: 'conversations', rows: [{ ...VIEW, conversation_id: '71' }] }), '70');
  const rows = [{ user_id: '11', name: 'ada', role: 'owner', joined_seq: 1 }];
  await answer({ type: 'members', conversation_id: '70', as_of: 1, rows });
  await world.settle();
  await reading;
  assert.deepEqual(ids, ['70', '71', 'ada']);
});

test('[USER-1] names are asked for once, together, and remembered', async () => {
  const { world, socket, client } = await online();
  const names = Promise.all([client.nameOf('12'), client.nameOf('13'), client.nameOf('12')]);
  const missing = codeOf(client.nameOf('14'));
  await world.settle();
  const asked = socket.take();
  assert.deepEqual(
    asked.map((frame) => frame['ids']),
    [['12', '13', '14']],
  );
  const users = [
    { user_id: '12', name: 'bob' },
    { user_id: '13', name: 'cy' },
  ];
  socket.sendFrames({ type: 'users', ref: asked[0]!.ref, users });
  await world.settle();
  assert.deepEqual(await names, ['bob', 'cy', 'bob']);
  assert.equal(await missing, 'not_found');
  assert.equal(await client.nameOf('13'), 'cy');
  assert.deepEqual(socket.take(), []);
});

test('[ERR-1] a call that waits is told when the client is closed', async () => {
  const { world, client } = await online();
  const outcome = codeOf(client.conversation('70'));
  await world.settle();
  const closing = client.close();
  await world.settle();
  await closing;
  assert.equal(await outcome, 'unavailable');
  assert.equal(await codeOf(client.conversation('70')), 'unavailable');
});
