// [READ-1..6] What one has read, what is unread, and that all of a user's devices agree on it.
import { expect, test } from 'bun:test';
import type { ConversationId } from '@parley/protocol/ids';
import { counts, markUnread, read, room, says, standingOf } from '../testing/reading-room.ts';
import { ServerFixture } from '../testing/server-fixture.ts';

test('[READ-1] a read mark is answered with the standing, and not behind it is one again', async () => {
  const { ada, bob, group } = await room();
  for (const text of ['a', 'b', 'c']) await says(ada, group, text);
  expect(await read(bob, group, 3)).toMatchObject({
    type: 'standing',
    standing: { conversation_id: group, read: 3, unread: 1, mentions: 0, as_of: 4 },
  });
  expect(await read(bob, group, 3)).toMatchObject({ type: 'standing', standing: { read: 3 } });
  expect(await read(bob, group, 4)).toMatchObject({ standing: { read: 4, unread: 0 } });
});

test('[READ-1] a seq beyond the head or behind an earlier one is refused, and changes nothing', async () => {
  const { ada, bob, group } = await room();
  for (const text of ['a', 'b', 'c']) await says(ada, group, text);
  await read(bob, group, 3);
  for (const seq of [5, 1_000, 2, 0])
    expect(await read(bob, group, seq)).toMatchObject({ code: 'invalid_field', field: 'seq' });
  expect(await counts(bob, group)).toEqual([3, 1, 0]);
});

test('[READ-1] strangers get not_found and former members not_member, for marks and flags alike', async () => {
  const { fixture, ada, bob, group } = await room();
  const dan = await fixture.join('dan');
  await says(ada, group, 'a');
  await ada.change('remove_member', group, 'r', { user_id: bob.userId });
  const frames = [
    { type: 'read', conversation_id: group, seq: 1 },
    { type: 'mark_unread', conversation_id: group, seq: 1 },
    { type: 'set_conversation', conversation_id: group, pinned: true },
    { type: 'follow_thread', conversation_id: group, thread: 2, follow: true },
  ] as const;
  for (const frame of frames) {
    expect(await dan.request(frame)).toMatchObject({ code: 'not_found' });
    expect(await bob.request(frame)).toMatchObject({ code: 'not_member' });
    expect(await dan.request({ ...frame, conversation_id: '99' as ConversationId })).toMatchObject({
      code: 'not_found',
    });
  }
});

test('[READ-1] once answered it is durable: a crash right after keeps it, and one before it is not answered', async () => {
  const { fixture, ada, bob, group } = await room();
  for (const text of ['a', 'b', 'c']) await says(ada, group, text);
  expect(await read(bob, group, 3)).toMatchObject({ type: 'standing' });
  const held = fixture.faults.hold('read');
  const ref = bob.start({ type: 'read', conversation_id: group, seq: 4 });
  await fixture.settle();
  expect(held.reached).toBe(true);
  expect(bob.answer(ref)).toBeUndefined();
  const after = fixture.restart();
  held.release();
  const again = await after.connect(bob.token);
  expect(await counts(again, group)).toEqual([3, 1, 0]);
});

test('[READ-1] a store that fails is told as such, and asking again settles it', async () => {
  const { fixture, ada, bob, group } = await room();
  await says(ada, group, 'a');
  fixture.faults.next('read', 'unavailable');
  expect(await read(bob, group, 2)).toMatchObject({ code: 'unavailable', retry: 'later' });
  fixture.faults.next('read', 'unknown_applied');
  expect(await read(bob, group, 2)).toMatchObject({ code: 'outcome_unknown', retry: 'later' });
  expect(await read(bob, group, 2)).toMatchObject({ standing: { read: 2, unread: 0 } });
});

test('[READ-2] unread are the messages of others after read: no own ones, no changes, a deleted one still', async () => {
  const { ada, bob, group } = await room();
  const first = await says(ada, group, 'a');
  await says(bob, group, 'own');
  await says(ada, group, 'b');
  await ada.change('react', group, 'r', { target: first, emoji: '+' });
  await ada.change('rename_group', group, 't', { title: 'other' });
  expect(await counts(bob, group)).toEqual([1, 2, 0]);
  await ada.change('delete_message', group, 'd', { target: first });
  expect(await counts(bob, group)).toEqual([1, 2, 0]);
  expect(await counts(ada, group)).toEqual([1, 1, 0]);
});

test('[READ-2] whoever joins, or comes back, has nothing unread, whatever the history', async () => {
  for (const history of ['all', 'joined'] as const) {
    const { fixture, ada, bob, group } = await room({}, history);
    const dan = await fixture.join('dan');
    for (const text of ['a', 'b']) await says(ada, group, text);
    await ada.change('add_members', group, 'add', { user_ids: [dan.userId] });
    expect(await counts(dan, group)).toEqual([4, 0, 0]);
    await ada.change('remove_member', group, 'r', { user_id: bob.userId });
    await says(ada, group, 'c');
    await ada.change('add_members', group, 'back', { user_ids: [bob.userId] });
    expect(await counts(bob, group)).toEqual([7, 0, 0]);
    await says(ada, group, 'd');
    expect([await counts(bob, group), await counts(dan, group)]).toEqual([
      [7, 1, 0],
      [4, 2, 0],
    ]);
  }
});

test('[READ-2] [JOIN-3] whoever comes by himself, also for the second time, has nothing unread', async () => {
  const { fixture, ada, bob, group } = await room();
  const dan = await fixture.join('dan');
  await ada.change('set_group', group, 'p', { public: true });
  await bob.change('leave_group', group, 'l');
  for (const text of ['a', 'b']) await says(ada, group, text);
  for (const person of [dan, bob]) {
    const answer = await person.request({ type: 'join', conversation_id: group });
    expect(answer).toMatchObject({ type: 'conversation', conversation: { standing: { unread: 0 } } });
  }
  const seq = await says(ada, group, 'c');
  for (const person of [dan, bob]) expect((await counts(person, group)).slice(1)).toEqual([1, 0]);
  expect(await read(bob, group, seq)).toMatchObject({ standing: { read: seq, unread: 0 } });
});

test('[READ-2] a crash between a join and its effects: it is redone, and never undoes what was marked later', async () => {
  const { fixture, ada, bob, group } = await room();
  for (const text of ['a', 'b', 'c']) await says(ada, group, text);
  await ada.change('remove_member', group, 'r', { user_id: bob.userId });
  fixture.faults.next('begin', 'unavailable');
  const answer = await ada.change('add_members', group, 'back', { user_ids: [bob.userId] });
  expect(answer).toMatchObject({ code: 'outcome_unknown' });
  expect(await ada.change('add_members', group, 'back', { user_ids: [bob.userId] })).toMatchObject({
    seq: 6,
  });
  expect(await counts(bob, group)).toEqual([6, 0, 0]);
  await markUnread(bob, group, 3);
  const after = fixture.restart();
  const again = await after.connect(ada.token);
  await says(again, group, 'd');
  expect(await counts(await after.connect(bob.token), group)).toEqual([2, 3, 0]);
});

test('[READ-4] mark_unread moves read back to just before the seq, for the user alone', async () => {
  const { fixture, ada, bob, group } = await room();
  for (const text of ['a', 'b', 'c']) await says(ada, group, text);
  await read(bob, group, 4);
  expect(await markUnread(bob, group, 3)).toMatchObject({ standing: { read: 2, unread: 2 } });
  expect(await markUnread(bob, group, 4)).toMatchObject({ standing: { read: 2 } });
  expect(await markUnread(bob, group, 5)).toMatchObject({ code: 'invalid_field', field: 'seq' });
  const seen = await ada.request({ type: 'get_watermarks', conversation_id: group });
  expect(seen).toMatchObject({ rows: [{}, { user_id: bob.userId, read: 4 }, {}] });
  // From there on reading goes forward again.
  expect(await read(bob, group, 3)).toMatchObject({ standing: { read: 3, unread: 1 } });
  const after = fixture.restart();
  expect(await counts(await after.connect(bob.token), group)).toEqual([3, 1, 0]);
});

test('[READ-5] get_unread has the conversations with something unread, page by page, and the total over all', async () => {
  const fixture = new ServerFixture();
  const ada = await fixture.join('ada');
  const bob = await fixture.join('bob');
  const groups: ConversationId[] = [];
  for (const [at, title] of ['a', 'b', 'c', 'd'].entries()) {
    const group = await ada.group(title, [bob.userId]);
    for (let text = 0; text < at; text++) await says(ada, group, `t${text}`);
    groups.push(group);
  }
  const mentions = { users: [bob.userId] };
  await says(ada, groups[3] as ConversationId, 'm', { mentions });
  const first = await bob.request({ type: 'get_unread', limit: 2 });
  expect(first).toMatchObject({ total: { unread: 7, mentions: 1 }, next: groups[2] });
  expect(first).toMatchObject({
    rows: [
      { conversation_id: groups[1], unread: 1 },
      { conversation_id: groups[2], unread: 2 },
    ],
  });
  const second = await bob.request({ type: 'get_unread', after: groups[2] as ConversationId, limit: 2 });
  expect(second).toMatchObject({
    total: { unread: 7, mentions: 1 },
    rows: [{ conversation_id: groups[3], unread: 4, mentions: 1 }],
  });
  expect(second).not.toHaveProperty('next');
  expect(await ada.request({ type: 'get_unread' })).toMatchObject({
    rows: [],
    total: { unread: 0, mentions: 0 },
  });
});

test('[READ-5] conversations have their standing, by one call of the store for a page; former members have none', async () => {
  const { fixture, ada, bob, group } = await room();
  const direct = await ada.direct(bob.userId);
  await says(ada, direct, 'a');
  await says(ada, group, 'b');
  fixture.faults.calls.length = 0;
  expect(await bob.request({ type: 'list_conversations' })).toMatchObject({
    rows: [
      { conversation_id: group, standing: { read: 1, unread: 1 } },
      { conversation_id: direct, standing: { read: 0, unread: 1 } },
    ],
  });
  expect(fixture.faults.calls.filter((call) => call === 'standings')).toHaveLength(1);
  await ada.change('remove_member', group, 'r', { user_id: bob.userId });
  expect(await standingOf(bob, group)).toBeUndefined();
});

test('[READ-6] [OWN-1] what changes a standing is pushed to the user’s other sessions, and to nobody else', async () => {
  const { fixture, ada, bob, group } = await room();
  const { token } = await fixture.login('bob');
  const phone = await fixture.connect(token);
  await says(ada, group, 'a');
  await read(bob, group, 2);
  expect(phone.last('standing')).toEqual({
    type: 'standing',
    standing: { conversation_id: group, read: 2, unread: 0, mentions: 0, as_of: 2 },
  });
  await markUnread(phone, group, 2);
  expect(bob.last('standing')).toMatchObject({ standing: { read: 1, unread: 1 } });
  expect(bob.last('standing')).not.toHaveProperty('ref');
  const flags = { muted_until: 5_000, archived: true, pinned: true };
  expect(await bob.request({ type: 'set_conversation', conversation_id: group, ...flags })).toMatchObject({
    standing: { read: 1, unread: 1, ...flags },
  });
  expect(phone.last('standing')).toMatchObject({ standing: flags });
  expect(ada.all('standing')).toEqual([]);
  // The one that asked is answered and not pushed to.
  expect(bob.all('standing')).toHaveLength(3);
});

test('[OWN-1] set_conversation changes what it names, for the user alone, and survives a restart', async () => {
  const { fixture, bob, cleo, group } = await room();
  const set = (fields: object) =>
    bob.request({ type: 'set_conversation', conversation_id: group, ...fields });
  await set({ muted_until: 9_000, pinned: true });
  await set({ archived: true, pinned: false });
  expect(await standingOf(bob, group)).toMatchObject({ muted_until: 9_000, archived: true });
  const after = fixture.restart();
  const again = await after.connect(bob.token);
  const standing = await standingOf(again, group);
  expect(standing).toMatchObject({ muted_until: 9_000, archived: true });
  expect(standing).not.toHaveProperty('pinned');
  const answer = await again.request({ type: 'set_conversation', conversation_id: group, muted_until: 0 });
  expect(answer).not.toHaveProperty('standing.muted_until');
  const other = await standingOf(await after.connect(cleo.token), group);
  expect(other).toEqual({ conversation_id: group, read: 1, unread: 0, mentions: 0, as_of: 1 });
});
