// [READ-3] What counts as a mention, and that it counts the same after edits, deletions, blocks and crashes.
import { expect, test } from 'bun:test';
import type { UserId } from '@parley/protocol/ids';
import {
  counts,
  idOf,
  markUnread,
  read,
  room,
  says,
  type Person,
  type Room,
} from '../testing/reading-room.ts';

const mentions = async (person: Person, group: Room['group']) => (await counts(person, group))[2];

const edit = (person: Person, group: Room['group'], target: number, version: number, fields: object = {}) =>
  person.change('edit_message', group, `edit-${target}-${version}`, {
    target,
    version,
    content: { kind: 'text', text: 'edited' },
    ...fields,
  });

test('[READ-3] mentions counts unread messages that name the user or everyone, each once, and none of one’s own', async () => {
  const { ada, bob, cleo, group } = await room();
  await says(ada, group, 'plain');
  await says(ada, group, 'b', { mentions: { users: [bob.userId] } });
  await says(ada, group, 'all', { mentions: { users: [bob.userId], everyone: 'all' } });
  await says(bob, group, 'here', { mentions: { users: [bob.userId], everyone: 'here' } });
  expect(await Promise.all([ada, bob, cleo].map((one) => mentions(one, group)))).toEqual([1, 2, 2]);
  await read(bob, group, 3);
  expect(await counts(bob, group)).toEqual([3, 1, 1]);
  await markUnread(bob, group, 3);
  expect(await counts(bob, group)).toEqual([2, 2, 2]);
});

test('[READ-3] of an edited message counts what it says last, of a deleted one nothing', async () => {
  const { ada, bob, cleo, group } = await room();
  const users = (...who: Person[]) => ({ mentions: { users: who.map((one) => one.userId) } });
  const first = await says(ada, group, 'a', users(bob));
  expect(await edit(ada, group, first, first, users(cleo))).toMatchObject({ type: 'changed', seq: 3 });
  expect([await mentions(bob, group), await mentions(cleo, group)]).toEqual([0, 1]);
  await edit(ada, group, first, 3, { mentions: { everyone: 'all' } });
  expect([await mentions(bob, group), await mentions(cleo, group)]).toEqual([1, 1]);
  await edit(ada, group, first, 4);
  expect([await mentions(bob, group), await mentions(cleo, group)]).toEqual([0, 0]);
  await edit(ada, group, first, 5, users(bob, cleo));
  await ada.change('delete_message', group, 'd', { target: first });
  expect([await counts(bob, group), await counts(cleo, group)]).toEqual([
    [1, 1, 0],
    [1, 1, 0],
  ]);
});

test('[READ-3] [OWN-4] answers in a thread count for who follows it: its author, who wrote in it, who said so', async () => {
  const { fixture, ada, bob, cleo, group } = await room();
  const dan = await fixture.join('dan');
  await ada.change('add_members', group, 'add', { user_ids: [dan.userId] });
  const thread = await says(ada, group, 'root');
  await says(bob, group, 'one', { thread });
  await says(cleo, group, 'two', { thread });
  const all = () => Promise.all([ada, bob, cleo, dan].map((one) => mentions(one, group)));
  expect(await all()).toEqual([2, 1, 0, 0]);
  const follow = { type: 'follow_thread', conversation_id: group, thread } as const;
  await dan.request({ ...follow, follow: true });
  await bob.request({ ...follow, follow: false });
  const third = await says(ada, group, 'three', { thread });
  expect(await all()).toEqual([2, 1, 1, 1]);
  // Who once stopped does not follow again by writing.
  await says(bob, group, 'four', { thread });
  await says(cleo, group, 'five', { thread });
  expect(await all()).toEqual([4, 1, 2, 3]);
  // An edit of an answer leaves it an answer; a deletion does not.
  await edit(ada, group, third, third);
  expect(await all()).toEqual([4, 1, 2, 3]);
  await ada.change('delete_message', group, 'd', { target: third });
  expect(await all()).toEqual([4, 1, 1, 2]);
});

test('[READ-3] answers in one send count only from where each began to follow', async () => {
  const { fixture, ada, bob, cleo, group } = await room();
  const thread = await says(ada, group, 'root');
  // In one turn, so that they share an append.
  const answer = (person: Person, id: string) =>
    person.start({
      type: 'send',
      conversation_id: group,
      messages: [{ client_msg_id: idOf(id), content: { kind: 'text', text: id }, thread }],
    });
  answer(bob, 'one');
  answer(cleo, 'two');
  answer(bob, 'three');
  await fixture.settle();
  expect(await Promise.all([ada, bob, cleo].map((one) => mentions(one, group)))).toEqual([3, 1, 1]);
});

test('[READ-3] [BLOCK-3] messages of a blocked user are unread and mention nobody, until the block ends', async () => {
  const { fixture, ada, bob, group } = await room();
  await says(ada, group, 'a', { mentions: { users: [bob.userId] } });
  await bob.request({ type: 'block_user', user_id: ada.userId });
  await says(ada, group, 'b', { mentions: { everyone: 'all' } });
  expect(await counts(bob, group)).toEqual([1, 2, 0]);
  expect(await bob.request({ type: 'get_unread' })).toMatchObject({ total: { unread: 2, mentions: 0 } });
  const again = await fixture.restart().connect(bob.token);
  expect(await counts(again, group)).toEqual([1, 2, 0]);
  await again.request({ type: 'unblock_user', user_id: ada.userId });
  expect(await counts(again, group)).toEqual([1, 2, 2]);
});

test('[READ-3] a crash between the commit and its effects: the next claim makes the mentions right', async () => {
  for (const call of ['setMentions', 'follow', 'followers', 'putStates']) {
    const { fixture, ada, bob, group } = await room();
    const thread = await says(bob, group, 'root');
    const held = fixture.faults.hold(call);
    ada.start({
      type: 'send',
      conversation_id: group,
      messages: [
        { client_msg_id: idOf('m'), content: { kind: 'text', text: 'm' }, mentions: { users: [bob.userId] } },
        { client_msg_id: idOf('t'), content: { kind: 'text', text: 't' }, thread },
      ],
    });
    await fixture.settle();
    expect([call, held.reached]).toEqual([call, true]);
    const after = fixture.restart();
    held.release();
    const [one, other] = [await after.connect(ada.token), await after.connect(bob.token)];
    await says(one, group, 'next');
    expect([call, await counts(other as Person, group)]).toEqual([call, [1, 3, 2]]);
  }
});

test('[READ-3] a failed effect of an edit or a deletion is made good, and not answered before', async () => {
  for (const call of ['setMentions', 'putStates', 'erase']) {
    const { fixture, ada, bob, group } = await room();
    const first = await says(ada, group, 'a', { mentions: { users: [bob.userId] } });
    const second = await says(ada, group, 'b');
    fixture.faults.next(call, 'unavailable', 'unavailable');
    await ada.change('delete_message', group, 'd', { target: first });
    await edit(ada, group, second, second, { mentions: { everyone: 'all' } });
    fixture.faults.clear();
    expect(await ada.change('delete_message', group, 'd', { target: first })).toMatchObject({
      type: 'changed',
    });
    await edit(ada, group, second, second, { mentions: { everyone: 'all' } });
    expect([call, await counts(bob, group)]).toEqual([call, [1, 2, 1]]);
  }
});

test('[READ-3] a claim that redoes old effects changes no count, whoever follows meanwhile', async () => {
  const { fixture, ada, bob, cleo, group } = await room();
  const thread = await says(ada, group, 'root');
  await says(bob, group, 'one', { thread });
  await says(cleo, group, 'two', { thread });
  await bob.request({ type: 'follow_thread', conversation_id: group, thread, follow: false });
  const before = await Promise.all([ada, bob, cleo].map((one) => counts(one, group)));
  const after = fixture.restart();
  const again = await Promise.all([ada, bob, cleo].map((one) => after.connect(one.token)));
  await again[0]?.change('rename_group', group, 't', { title: 'other' });
  const now = await Promise.all(again.map((one) => counts(one, group)));
  expect(now).toEqual(before);
});

test('[READ-3] plain messages and reactions ask the personal store nothing', async () => {
  const { fixture, ada, bob, group } = await room();
  const seq = await says(ada, group, 'a');
  await edit(ada, group, seq, seq);
  fixture.faults.calls.length = 0;
  await says(bob, group, 'b');
  await bob.change('react', group, 'r', { target: seq, emoji: '+' });
  await edit(ada, group, seq, 3);
  const asked = ['setMentions', 'begin', 'follow', 'followers'];
  expect(fixture.faults.calls.filter((call) => asked.includes(call))).toEqual([]);
});

test('[READ-3] who is mentioned before he joins counts it where he reads it', async () => {
  const { fixture, ada, group } = await room();
  const dan = await fixture.join('dan');
  const seq = await says(ada, group, 'a', { mentions: { users: [dan.userId, '999' as UserId] } });
  await ada.change('add_members', group, 'add', { user_ids: [dan.userId] });
  expect(await counts(dan, group)).toEqual([3, 0, 0]);
  await markUnread(dan, group, seq);
  expect(await counts(dan, group)).toEqual([1, 1, 1]);
});
