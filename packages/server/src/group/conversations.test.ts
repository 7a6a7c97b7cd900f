// Finding people, opening conversations, listing them.
import { expect, test } from 'bun:test';
import type { Down } from '@parley/protocol/down';
import type { ConversationId, UserId } from '@parley/protocol/ids';
import { ServerFixture } from '../testing/server-fixture.ts';

async function people() {
  const fixture = new ServerFixture();
  return { fixture, ada: await fixture.join('ada'), bob: await fixture.join('bob') };
}

function viewOf(answer: Down | undefined) {
  if (answer?.type !== 'conversation') throw new Error(JSON.stringify(answer));
  return answer.conversation;
}

test('[CONV-1] both users get the same direct conversation, whoever opens it first, and when both do at once', async () => {
  for (let turns = 0; turns < 8; turns++) {
    const { fixture, ada, bob } = await people();
    const one = ada.start({ type: 'open_direct', user_id: bob.userId });
    for (let left = turns; left > 0; left--) await Promise.resolve();
    const other = bob.start({ type: 'open_direct', user_id: ada.userId });
    await fixture.settle();
    const views = [viewOf(ada.answer(one)), viewOf(bob.answer(other))];
    expect(views[0]?.conversation_id).toBe(views[1]?.conversation_id as ConversationId);
    expect(views.map((view) => [view.kind, view.peer?.name, view.role, view.members])).toEqual([
      ['direct', 'bob', 'member', 2],
      ['direct', 'ada', 'member', 2],
    ]);
    const again = await fixture.restart().connect(ada.token);
    expect(await again.direct(bob.userId)).toBe(views[0]?.conversation_id as ConversationId);
  }
});

test('[CONV-1] not with oneself, and not with nobody', async () => {
  const { ada } = await people();
  expect(await ada.request({ type: 'open_direct', user_id: ada.userId })).toMatchObject({
    code: 'invalid_field',
    field: 'user_id',
  });
  expect(await ada.request({ type: 'open_direct', user_id: '424242' as UserId })).toMatchObject({
    code: 'not_found',
    field: 'user_id',
  });
});

test('[CONV-3] conversations come in pages by id, with how far they and the device have gone', async () => {
  const { ada, bob } = await people();
  const ids = [await ada.direct(bob.userId)];
  for (let at = 0; at < 6; at++) ids.push(await ada.group(`g-${at}`, [bob.userId]));
  await ada.text(ids[0] as ConversationId, 'x');
  await bob.mark(ids[0] as ConversationId, 1);
  const got: ConversationId[] = [];
  const sizes: number[] = [];
  let after: ConversationId | undefined;
  do {
    const more = after === undefined ? {} : { after };
    const answer = await bob.request({ type: 'list_conversations', limit: 3, ...more });
    if (answer.type !== 'conversations') throw new Error(JSON.stringify(answer));
    got.push(...answer.rows.map((row) => row.conversation_id));
    sizes.push(answer.rows.length);
    after = answer.next;
  } while (after !== undefined);
  expect(got).toEqual(ids);
  expect(sizes).toEqual([3, 3, 1]);
  const all = await bob.request({ type: 'list_conversations' });
  expect(all.type === 'conversations' && all.rows.slice(0, 2)).toMatchObject([
    { kind: 'direct', peer: { name: 'ada' }, head: 1, received: 1 },
    { kind: 'group', title: 'g-0', role: 'member', members: 2, head: 1, floor: 0, received: 0 },
  ]);
  expect(all).not.toHaveProperty('next');
});

test('[CONV-3] there is no `next` when the last page is full', async () => {
  const { ada, bob } = await people();
  for (let at = 0; at < 4; at++) await ada.group(`g-${at}`, [bob.userId]);
  const first = await ada.request({ type: 'list_conversations', limit: 2 });
  if (first.type !== 'conversations' || first.next === undefined) throw new Error(JSON.stringify(first));
  const last = await ada.request({ type: 'list_conversations', limit: 2, after: first.next });
  expect(last).toMatchObject({ rows: [{}, {}] });
  expect(last).not.toHaveProperty('next');
});

test('[CONV-3] conversations that the user left are not listed, and do not end the list', async () => {
  const { ada, bob } = await people();
  const groups = [];
  for (let at = 0; at < 4; at++) groups.push(await ada.group(`g-${at}`, [bob.userId]));
  for (const group of groups.slice(0, 2)) await bob.change('leave_group', group, 'l');
  const first = await bob.request({ type: 'list_conversations', limit: 2 });
  if (first.type !== 'conversations' || first.next === undefined) throw new Error(JSON.stringify(first));
  expect(first.rows).toEqual([]);
  const last = await bob.request({ type: 'list_conversations', limit: 2, after: first.next });
  expect(last).toMatchObject({ rows: [{ conversation_id: groups[2] }, { conversation_id: groups[3] }] });
});

test('[CONV-3] get_conversation answers one, by who has or had a part in it', async () => {
  const { fixture, ada, bob } = await people();
  const group = await ada.group('room', [bob.userId], 'joined');
  const dan = await fixture.join('dan');
  await ada.change('add_members', group, 'a', { user_ids: [dan.userId] });
  const get = { type: 'get_conversation', conversation_id: group } as const;
  expect(viewOf(await ada.request(get))).toMatchObject({
    title: 'room',
    role: 'owner',
    members: 3,
    head: 2,
    floor: 0,
  });
  expect(viewOf(await dan.request(get))).toMatchObject({ role: 'member', floor: 1, received: 1 });
  const eve = await fixture.join('eve');
  expect(await eve.request(get)).toMatchObject({ code: 'not_found' });
  await ada.change('rename_group', group, 'r', { title: 'renamed' });
  expect(viewOf(await dan.request(get)).title).toBe('renamed');
});

test('[USER-1] those that exist, by names and ids, each once, at most 200 asked for', async () => {
  const { fixture, ada, bob } = await people();
  const answer = await ada.request({
    type: 'find_users',
    names: ['bob', 'nobody'] as never,
    ids: [ada.userId, bob.userId, '424242' as UserId],
  });
  if (answer.type !== 'users') throw new Error(JSON.stringify(answer));
  expect(answer.users.toSorted((one, other) => one.name.localeCompare(other.name))).toEqual([
    { user_id: ada.userId, name: 'ada' },
    { user_id: bob.userId, name: 'bob' },
  ]);
  expect(await ada.request({ type: 'find_users' })).toMatchObject({ users: [] });
  const ids = await fixture.registerMany(200);
  expect((await ada.request({ type: 'find_users', ids })) as never).toMatchObject({ type: 'users' });
  expect(await ada.request({ type: 'find_users', ids, names: ['bob'] as never })).toMatchObject({
    code: 'limit_reached',
  });
  expect(await ada.request({ type: 'find_users', ids: [...ids, bob.userId] })).toMatchObject({
    code: 'invalid_field',
    field: 'ids',
  });
});

test('a read that fails is answered as unavailable, a write that may have happened as unknown', async () => {
  const { fixture, ada, bob } = await people();
  fixture.faults.next('conversationsOf', 'unknown_not_applied');
  expect(await ada.request({ type: 'list_conversations' })).toMatchObject({
    code: 'unavailable',
    retry: 'later',
  });
  fixture.faults.next('createConversation', 'unknown_applied');
  expect(await ada.request({ type: 'open_direct', user_id: bob.userId })).toMatchObject({
    code: 'outcome_unknown',
    retry: 'later',
  });
  expect(await ada.direct(bob.userId)).toMatch(/^[0-9]+$/);
});
