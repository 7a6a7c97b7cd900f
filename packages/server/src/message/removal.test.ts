// [INV 15] A removed member gets nothing after the removal; one who was let in gets what the policy says.
import { expect, test } from 'bun:test';
import { ServerFixture } from '../testing/server-fixture.ts';
import { sendOf, type TestClient } from '../testing/test-client.ts';

async function room(history?: 'all' | 'joined') {
  const fixture = new ServerFixture();
  const ada = await fixture.join('ada');
  const bob = await fixture.join('bob');
  const group = await ada.group('room', [bob.userId], history);
  const remove = (id = 'r') => ada.change('remove_member', group, id, { user_id: bob.userId });
  const add = (id: string) => ada.change('add_members', group, id, { user_ids: [bob.userId] });
  return { fixture, ada, bob, group, remove, add };
}

const pushedSeqs = (client: TestClient) =>
  client.all('entries').flatMap(({ entries }) => entries.map((entry) => entry.seq));

test('[ENTRY-3] a removed member gets the entry that removed it and nothing after, on an open socket', async () => {
  const { ada, bob, group, remove } = await room();
  await ada.text(group, 'for both');
  expect(await remove()).toMatchObject({ type: 'changed', seq: 3 });
  await ada.text(group, 'for ada');
  await ada.change('rename_group', group, 't', { title: 'secret' });
  expect(pushedSeqs(bob)).toEqual([1, 2, 3]);
  expect(bob.last('entries').entries).toMatchObject([
    { kind: 'member_removed', user_id: bob.userId, sender: ada.userId },
  ]);
  expect(pushedSeqs(ada)).toEqual([1, 2, 3, 4, 5]);
});

test('[INV 15] a former member learns nothing of what became of the group', async () => {
  const { fixture, ada, bob, group, remove } = await room();
  await remove();
  await ada.change('rename_group', group, 't', { title: 'secret' });
  await ada.change('add_members', group, 'a', { user_ids: await fixture.registerMany(3) });
  bob.clear();
  const requests = [
    { type: 'get_conversation', conversation_id: group },
    { type: 'list_conversations' },
    { type: 'list_members', conversation_id: group },
    { type: 'pull', conversation_id: group, after: 0 },
  ] as const;
  const [view, list, members, pulled] = await Promise.all(requests.map((request) => bob.request(request)));
  expect(view).toMatchObject({ conversation: { head: 2, members: 0 } });
  expect(view).not.toHaveProperty('conversation.title');
  expect(view).not.toHaveProperty('conversation.role');
  expect(list).toMatchObject({ rows: [] });
  expect(members).toMatchObject({ type: 'error', code: 'not_found' });
  expect(pulled).toMatchObject({ head: 2, through: 2 });
  expect(bob.socket.messages.join()).not.toContain('secret');
});

test('[INV 15] a pull under way while the removal commits gets nothing after it', async () => {
  for (const call of ['state', 'membership', 'read', 'received']) {
    for (const restarted of [false, true]) {
      const { fixture, ada, bob, group } = await room();
      await ada.text(group, 'before');
      const server = restarted ? fixture.restart() : fixture;
      const reader = restarted ? await server.connect(bob.token) : bob;
      const owner = restarted ? await server.connect(ada.token) : ada;
      const held = server.faults.hold(call);
      const ref = reader.start({ type: 'pull', conversation_id: group });
      await server.settle();
      if (!held.reached) {
        held.release();
        continue;
      }
      await owner.change('remove_member', group, 'r', { user_id: bob.userId });
      await owner.text(group, 'secret');
      held.release();
      await server.settle();
      const answer = reader.answer(ref);
      if (answer?.type !== 'pulled') throw new Error(JSON.stringify(answer));
      expect(answer.head).toBeLessThanOrEqual(3);
      expect(Math.max(...answer.entries.map((entry) => entry.seq))).toBeLessThanOrEqual(3);
      expect(JSON.stringify(answer)).not.toContain('secret');
    }
  }
});

test('[INV 15] a view under way while the removal commits has no head after it', async () => {
  for (const call of ['state', 'membership', 'countMembers', 'received']) {
    const { fixture, ada, bob, group, remove } = await room();
    const held = fixture.faults.hold(call);
    const ref = bob.start({ type: 'get_conversation', conversation_id: group });
    await fixture.settle();
    expect(held.reached).toBe(true);
    await remove();
    await ada.text(group, 'secret');
    held.release();
    await fixture.settle();
    const answer = bob.answer(ref);
    if (answer?.type !== 'conversation') throw new Error(JSON.stringify(answer));
    expect(answer.conversation.head).toBeLessThanOrEqual(2);
  }
});

test('[SEND-7] [INV 16] a send that waits behind the removal is refused, one before it is stored', async () => {
  const { fixture, ada, bob, group } = await room();
  const held = fixture.faults.hold('append');
  const before = bob.start(sendOf(group, [{ id: 'before', text: 'before' }]));
  await fixture.settle();
  const removal = ada.start({
    type: 'remove_member',
    conversation_id: group,
    client_msg_id: 'r' as never,
    user_id: bob.userId,
  });
  await fixture.settle();
  const after = bob.start(
    sendOf(group, [
      { id: 'after', text: 'after' },
      { id: 'more', text: 'more' },
    ]),
  );
  const kept = ada.start(sendOf(group, [{ id: 'kept', text: 'kept' }]));
  await fixture.settle();
  held.release();
  await fixture.settle();
  expect(bob.answer(before)).toMatchObject({ results: [{ seq: 2 }] });
  expect(ada.answer(removal)).toMatchObject({ type: 'changed', seq: 3 });
  expect(bob.answer(after)).toMatchObject({
    results: [{ error: { code: 'not_member' } }, { error: { code: 'not_member' } }],
  });
  expect(ada.answer(kept)).toMatchObject({ results: [{ seq: 4 }] });
});

test('[SEND-7] [INV 16] send and removal race: either the send is before the removal, or it is refused without a trace', async () => {
  let stored = 0;
  for (let turns = 0; turns < 24; turns++) {
    const { fixture, ada, bob, group } = await room();
    const first = turns % 2 === 0;
    const wait = async () => {
      for (let left = turns >> 1; left > 0; left--) await Promise.resolve();
    };
    const send = () => bob.start(sendOf(group, [{ id: 'x', text: 'x' }]));
    const remove = () =>
      ada.start({
        type: 'remove_member',
        conversation_id: group,
        client_msg_id: 'r' as never,
        user_id: bob.userId,
      });
    const refs: number[] = [];
    for (const act of first ? [send, remove] : [remove, send]) {
      refs.push(act());
      await wait();
    }
    await fixture.settle();
    const answer = bob.answer(refs[first ? 0 : 1] ?? 0);
    const log = fixture.stores.world.state.logs.get(group);
    const kinds = log?.rows.map((row) => row.kind);
    const isStored = answer?.type === 'sent' && 'seq' in (answer.results[0] ?? {});
    stored += isStored ? 1 : 0;
    expect(kinds).toEqual(
      isStored ? ['group_created', 'message', 'member_removed'] : ['group_created', 'member_removed'],
    );
  }
  expect(stored).toBeWithin(1, 24);
});

test('[ENTRY-4] history `all`: one who rejoins reads everything, also what was said meanwhile', async () => {
  const { ada, bob, group, remove, add } = await room('all');
  await remove();
  await ada.text(group, 'meanwhile');
  await add('a');
  await ada.text(group, 'back');
  const page = await bob.pull(group, 0);
  expect(page).toMatchObject({ head: 5, floor: 0 });
  expect(page.entries.map((entry) => entry.seq)).toEqual([1, 2, 3, 4, 5]);
  expect(await bob.text(group, 'thanks')).toMatchObject({ seq: 6 });
});

test('[ENTRY-4] history `joined`: a new member and one who rejoins read from the entry that let them in', async () => {
  const { fixture, ada, bob, group, remove, add } = await room('joined');
  await ada.text(group, 'early');
  const eve = await fixture.join('eve');
  await ada.change('add_members', group, 'e', { user_ids: [eve.userId] });
  await ada.text(group, 'together');
  expect(await eve.pull(group, 0)).toMatchObject({
    floor: 2,
    head: 4,
    entries: [{ kind: 'members_added' }, { seq: 4 }],
  });
  await bob.mark(group, 4);
  await remove();
  await ada.text(group, 'meanwhile');
  await add('a');
  expect(await bob.pull(group, 0)).toMatchObject({
    floor: 6,
    head: 7,
    entries: [{ seq: 7, kind: 'members_added' }],
  });
  expect(pushedSeqs(bob)).toEqual([1, 2, 3, 4, 5, 7]);
  const again = await fixture.restart().connect(bob.token);
  expect(await again.pull(group)).toMatchObject({ floor: 6, entries: [{ seq: 7 }] });
  expect(again.socket.messages.join()).not.toContain('meanwhile');
});

test('[ENTRY-1] all members read the same log', async () => {
  const { fixture, ada, bob, group } = await room();
  const eve = await fixture.join('eve');
  await ada.change('add_members', group, 'e', { user_ids: [eve.userId] });
  for (const client of [ada, bob, eve]) await client.text(group, `from ${client.userId}`);
  const pages = [];
  for (const client of [ada, bob, eve]) pages.push((await client.pull(group, 0)).entries);
  expect(pages[0]).toHaveLength(5);
  expect(pages[1]).toEqual(pages[0] as never);
  expect(pages[2]).toEqual(pages[0] as never);
  for (const entry of bob.all('entries').flatMap((push) => push.entries))
    expect(pages[0]).toContainEqual(entry);
});

test('[ENTRY-2] a direct conversation begins with its first message, a group with group_created', async () => {
  const { ada, bob, group } = await room();
  const direct = await bob.direct(ada.userId);
  await bob.text(direct, 'first');
  expect((await ada.pull(direct, 0)).entries).toMatchObject([{ seq: 1, kind: 'message' }]);
  expect((await bob.pull(group, 0)).entries).toMatchObject([
    {
      seq: 1,
      kind: 'group_created',
      title: 'room',
      history: 'all',
      members: [
        { user_id: ada.userId, role: 'owner' },
        { user_id: bob.userId, role: 'member' },
      ],
    },
  ]);
});
