// How fast one user brings users into conversations, and how many others may give a user.
import { expect, test } from 'bun:test';
import { FakeClock } from '@parley/adapter-memory/fake-clock';
import type { ConversationId, UserId } from '@parley/protocol/ids';
import { CONVERSATIONS_PER_USER_MAX_COUNT } from '@parley/protocol/limits';
import { ServerFixture } from '../testing/server-fixture.ts';
import { CONVERSATIONS_BY_OTHERS_MAX_COUNT } from './limits.ts';
import { BROUGHT_IN, BROUGHT_IN_AT_ONCE_MAX_COUNT, RATED_USERS_MAX_COUNT, RateLimit } from './rate-limit.ts';

const create = (id: string, member_ids: UserId[]) =>
  ({ type: 'create_group', client_msg_id: id as never, title: id, member_ids }) as const;

/** Makes the user a member of so many groups, without a request. */
async function give(fixture: ServerFixture, user: UserId, count: number): Promise<void> {
  const common = { kind: 'group', createdBy: '77' as UserId, title: 'x', history: 'all' } as const;
  const row = { user, role: 'member', joinedSeq: 1, visibleAfter: 0, leftSeq: undefined } as const;
  for (let at = 0; at < count; at++) {
    const id = fixture.ids.next() as ConversationId;
    await fixture.stores.members.createConversation({ ...common, id, clientMsgId: `given-${id}` as never });
    await fixture.stores.members.apply(id, [{ seq: 1, title: undefined, memberships: [row] }]);
  }
}

test('[CONV-2] [GROUP-1] a burst passes, then rate_limited says when, and by then it passes', async () => {
  const fixture = new ServerFixture();
  const ada = await fixture.join('ada');
  const eve = await fixture.join('eve');
  const users = await fixture.registerMany(199);
  for (let at = 0; at < 4; at++) {
    expect(await ada.request(create(`g-${at}`, users))).toMatchObject({ type: 'conversation' });
  }
  const group = await ada.group('room', users.slice(0, 100));
  const rest = users.slice(100, 199);
  expect(await ada.change('add_members', group, 'a', { user_ids: rest.slice(0, 98) })).toMatchObject({
    type: 'changed',
  });
  // 999 are used up: one is left, for one.
  expect(await ada.request(create('late', users.slice(0, 1)))).toMatchObject({
    code: 'rate_limited',
    retry: 'later',
    retry_after_ms: 50,
  });
  const more = await ada.change('add_members', group, 'b', { user_ids: [rest[98]] });
  expect(more).toMatchObject({ type: 'changed' });
  const open = { type: 'open_direct', user_id: eve.userId } as const;
  expect(await ada.request(open)).toMatchObject({ code: 'rate_limited', retry_after_ms: 50 });
  expect(await ada.change('remove_member', group, 'r', { user_id: users[0] })).toMatchObject({
    type: 'changed',
  });
  expect(await eve.request({ type: 'open_direct', user_id: ada.userId })).toMatchObject({
    type: 'conversation',
  });
  expect(await ada.change('add_members', group, 'c', { user_ids: [eve.userId] })).toMatchObject({
    code: 'rate_limited',
    retry_after_ms: 50,
  });
  // What is there already brings nobody in.
  expect(await ada.request(open)).toMatchObject({ type: 'conversation' });
  fixture.clock.advance(99);
  expect(await ada.request(create('late', users.slice(0, 1)))).toMatchObject({ retry_after_ms: 1 });
  fixture.clock.advance(1);
  expect(await ada.request(create('late', users.slice(0, 1)))).toMatchObject({ type: 'conversation' });
});

test('the allowance is never more than the burst, and the users of whom it is known are bounded', () => {
  const clock = new FakeClock();
  const limit = new RateLimit(clock, BROUGHT_IN);
  const user = (id: number) => String(id) as UserId;
  expect(limit.take(user(1), BROUGHT_IN_AT_ONCE_MAX_COUNT)).toBeUndefined();
  clock.advance(3_600_000);
  expect(limit.take(user(1), BROUGHT_IN_AT_ONCE_MAX_COUNT)).toBeUndefined();
  expect(limit.take(user(1), 1)).toBe(50);
  for (let id = 2; id <= RATED_USERS_MAX_COUNT; id++) limit.take(user(id), 1);
  limit.take(user(1), 1);
  limit.take(user(RATED_USERS_MAX_COUNT + 1), 1);
  expect(limit.size).toBe(RATED_USERS_MAX_COUNT);
  // The one who asked last is known still; the one who asked longest ago is not.
  expect(limit.take(user(1), 1)).toBe(50);
});

test('[CONV-1] [CONV-2] [GROUP-1] others cannot fill the conversations of a user, who opens more', async () => {
  const fixture = new ServerFixture();
  const ada = await fixture.join('ada');
  const eve = await fixture.join('eve');
  const group = await eve.group('room', []);
  await give(fixture, ada.userId, CONVERSATIONS_BY_OTHERS_MAX_COUNT);
  const full = { code: 'limit_reached', retry: 'no' };
  expect(await eve.request(create('g', [ada.userId]))).toMatchObject(full);
  expect(await eve.request({ type: 'open_direct', user_id: ada.userId })).toMatchObject(full);
  expect(await eve.change('add_members', group, 'a', { user_ids: [ada.userId] })).toMatchObject(full);
  expect(await ada.request({ type: 'open_direct', user_id: eve.userId })).toMatchObject({
    type: 'conversation',
  });
  expect(await ada.request(create('own', [eve.userId]))).toMatchObject({ type: 'conversation' });
  const own = CONVERSATIONS_PER_USER_MAX_COUNT - CONVERSATIONS_BY_OTHERS_MAX_COUNT - 2;
  await give(fixture, ada.userId, own);
  expect(await ada.request(create('one-too-many', []))).toMatchObject(full);
});

test('[CONV-2] a group that is refused as full leaves nothing behind; one that was created is answered again', async () => {
  const fixture = new ServerFixture();
  const ada = await fixture.join('ada');
  const first = await ada.request(create('first', []));
  expect(first).toMatchObject({ type: 'conversation' });
  await give(fixture, ada.userId, CONVERSATIONS_PER_USER_MAX_COUNT - 1);
  const { state } = fixture.stores.world;
  const before = [state.conversations.size, state.logs.size];
  expect(await ada.request(create('refused', []))).toMatchObject({ code: 'limit_reached' });
  expect([state.conversations.size, state.logs.size]).toEqual(before);
  const again = await ada.request(create('first', []));
  expect(again.type === 'conversation' && again.conversation).toEqual(
    first.type === 'conversation' && first.conversation,
  );
});

test('[GROUP-1] a user whose bucket is full again is not remembered', () => {
  const clock = new FakeClock();
  const limit = new RateLimit(clock, BROUGHT_IN);
  for (let index = 1; index <= 10; index += 1) limit.take(String(index) as UserId, 1);
  expect(limit.size).toBe(10);
  clock.advance(60_000);
  for (let index = 0; index < 5; index += 1) limit.take('99' as UserId, 1);
  expect(limit.size).toBe(1);
});
