// Invitations and public channels: who makes them, whom they let in, and when they do not.
import { expect, test } from 'bun:test';
import {
  CONVERSATIONS_PER_USER_MAX_COUNT,
  GROUP_MEMBERS_MAX_COUNT,
  INVITES_MAX_COUNT,
} from '@parley/protocol/limits';
import type { ConversationId } from '@parley/protocol/ids';
import { fill, invite, logOf, membersOf } from '../testing/groups.ts';
import { DAY_MS, ServerFixture } from '../testing/server-fixture.ts';
import type { TestClient } from '../testing/test-client.ts';
import { INVITE_KEPT_MS } from './limits.ts';
import { BROUGHT_IN_AT_ONCE_MAX_COUNT } from './rate-limit.ts';

async function room() {
  const fixture = new ServerFixture();
  const ada = await fixture.join('ada');
  const bob = await fixture.join('bob');
  const eve = await fixture.join('eve');
  const group = await ada.group('room', [bob.userId]);
  return { fixture, ada, bob, eve, group };
}

const join = (client: TestClient, code: string) => client.request({ type: 'join', code });
const joinChannel = (client: TestClient, conversation_id: ConversationId) =>
  client.request({ type: 'join', conversation_id });

async function open(client: TestClient, group: ConversationId) {
  const answer = await client.request({ type: 'list_invites', conversation_id: group });
  if (answer.type !== 'invites') throw new Error(JSON.stringify(answer));
  return answer.rows.map(({ code, uses }) => [code, uses] as const);
}

test('[JOIN-1] an invitation has a code of 128 random bits, is good for seven days and for any number of users', async () => {
  const { fixture, ada, eve, group } = await room();
  const one = await invite(ada, group);
  const other = await invite(ada, group);
  expect(one.code).toMatch(/^[A-Za-z0-9_-]{22}$/);
  expect(other.code).not.toBe(one.code);
  expect(one).toMatchObject({ conversation_id: group, created_by: ada.userId, uses: 0 });
  expect(one.expires_at).toBe(fixture.clock.now() + 7 * DAY_MS);
  expect(one).not.toHaveProperty('uses_max');
  fixture.clock.advance(7 * DAY_MS - 1);
  expect(await join(eve, one.code)).toMatchObject({ type: 'conversation' });
});

test('[JOIN-1] those that are still good are listed, newest first; one that is taken back is of no use', async () => {
  const { fixture, ada, bob, eve, group } = await room();
  const first = await invite(ada, group, { uses_max: 1 });
  fixture.clock.advance(1);
  const second = await invite(ada, group, { expires_in_s: 60 });
  fixture.clock.advance(1);
  const third = await invite(ada, group);
  const codes = async () => (await open(ada, group)).map(([code]) => code);
  expect(await codes()).toEqual([third.code, second.code, first.code]);
  await join(eve, first.code);
  expect(await codes()).toEqual([third.code, second.code]);
  const revoke = { type: 'revoke_invite', conversation_id: group, code: third.code } as const;
  expect(await ada.request(revoke)).toMatchObject({ type: 'done' });
  expect(await ada.request(revoke)).toMatchObject({ code: 'not_found', field: 'code' });
  fixture.clock.advance(60_000);
  expect(await codes()).toEqual([]);
  const elsewhere = await bob.group('other', []);
  const foreign = await invite(bob, elsewhere);
  expect(await ada.request({ ...revoke, code: foreign.code })).toMatchObject({ code: 'not_found' });
  expect(await open(bob, elsewhere)).toHaveLength(1);
});

test('[JOIN-1] a direct conversation has no invitations, and a group has so many at once and no more', async () => {
  const { ada, bob, group } = await room();
  const direct = await ada.direct(bob.userId);
  expect(await ada.request({ type: 'create_invite', conversation_id: direct })).toMatchObject({
    code: 'not_a_group',
  });
  for (let made = 0; made < INVITES_MAX_COUNT; made++) await invite(ada, group);
  const request = { type: 'create_invite', conversation_id: group } as const;
  expect(await ada.request(request)).toMatchObject({ code: 'limit_reached', retry: 'no' });
});

test('[JOIN-2] a code lets a user in: the entry names those who came, and everyone is pushed it', async () => {
  const { fixture, ada, bob, eve, group } = await room();
  const { code } = await invite(ada, group);
  ada.clear();
  const answer = await join(eve, code);
  expect(answer).toMatchObject({
    type: 'conversation',
    conversation: { conversation_id: group, title: 'room', role: 'member', members: 3, head: 2 },
  });
  const entry = { seq: 2, kind: 'members_joined', sender: eve.userId };
  for (const client of [ada, bob, eve]) {
    expect(client.last('entries').entries).toMatchObject([
      { ...entry, members: [{ user_id: eve.userId, role: 'member' }] },
    ]);
  }
  expect(await eve.text(group, 'hello')).toMatchObject({ seq: 3 });
  expect(membersOf(fixture, group)).toContain(eve.userId);
});

test('[JOIN-2] for a member a join changes nothing and takes no use, whatever became of the invitation', async () => {
  const { fixture, ada, bob, eve, group } = await room();
  const { code } = await invite(ada, group, { uses_max: 2, expires_in_s: 3_600 });
  expect(await join(bob, code)).toMatchObject({ type: 'conversation' });
  await join(eve, code);
  expect(await join(eve, code)).toMatchObject({ type: 'conversation', conversation: { head: 2 } });
  expect(await open(ada, group)).toEqual([[code, 1]]);
  fixture.clock.advance(3_600_000);
  expect(await join(eve, code)).toMatchObject({ type: 'conversation' });
  expect(logOf(fixture, group).map(({ kind }) => kind)).toEqual(['group_created', 'members_joined']);
});

test('[JOIN-2] a code that is unknown, taken back, expired or used up is answered alike', async () => {
  const { fixture, ada, bob, eve, group } = await room();
  const usedUp = await invite(ada, group, { uses_max: 1 });
  const expired = await invite(ada, group, { expires_in_s: 1 });
  const revoked = await invite(ada, group);
  const dan = await fixture.join('dan');
  await join(dan, usedUp.code);
  await ada.request({ type: 'revoke_invite', conversation_id: group, code: revoked.code });
  await fixture.timers.advance(1_000);
  const answers = [];
  for (const code of ['A'.repeat(22), revoked.code, expired.code, usedUp.code])
    answers.push({ ...(await join(eve, code)), ref: 0 });
  expect(answers[0]).toMatchObject({ type: 'error', code: 'not_found', field: 'code', retry: 'no' });
  for (const answer of answers) expect(answer).toEqual(answers[0] as never);
  expect(membersOf(fixture, group)).not.toContain(eve.userId);
  for (const frame of [{}, { code: usedUp.code, conversation_id: group }]) {
    expect(await bob.request({ type: 'join', ...frame })).toMatchObject({ code: 'invalid_field' });
  }
});

test('[JOIN-2] [GROUP-6] a user counts once; who is refused counts for nothing', async () => {
  const { fixture, ada, bob, eve, group } = await room();
  const { code } = await invite(ada, group, { uses_max: 2 });
  await join(eve, code);
  await eve.change('leave_group', group, 'l');
  await join(eve, code);
  expect(await open(ada, group)).toEqual([[code, 1]]);
  await ada.change('remove_member', group, 'b', { user_id: bob.userId, ban: true });
  expect(await join(bob, code)).toMatchObject({ type: 'error', code: 'banned' });
  expect(await open(ada, group)).toEqual([[code, 1]]);
  const crowd = await fixture.registerMany(GROUP_MEMBERS_MAX_COUNT - 2);
  await fill(fixture, group, crowd);
  const next = fixture.restart();
  const dan = await next.join('dan');
  const again = await next.connect(ada.token);
  dan.start({ type: 'join', code });
  await next.timers.advance(2_000);
  expect(dan.last('error')).toMatchObject({ code: 'limit_reached', retry: 'no' });
  expect(await open(again, group)).toEqual([[code, 1]]);
});

test('[JOIN-2] who has as many conversations as may be, or joins too fast, is told so and takes no use', async () => {
  const { fixture, ada, eve, group } = await room();
  const { code } = await invite(ada, group);
  const many = fixture.stores.members;
  const counted = many.countConversationsOf.bind(many);
  many.countConversationsOf = () => Promise.resolve(CONVERSATIONS_PER_USER_MAX_COUNT);
  expect(await join(eve, code)).toMatchObject({ code: 'limit_reached', retry: 'no' });
  many.countConversationsOf = counted;
  const others = await fixture.registerMany(199);
  // Of the whole allowance one is gone already.
  for (let at = 0; at < 4; at++) await eve.group(`many-${at}`, others);
  await eve.group('rest', others.slice(1));
  expect(BROUGHT_IN_AT_ONCE_MAX_COUNT).toBe(1 + 4 * 200 + 199);
  expect(await join(eve, code)).toMatchObject({ code: 'rate_limited', retry: 'later' });
  expect(await open(ada, group)).toEqual([[code, 0]]);
});

test('[JOIN-1] invitations that expired long ago are deleted', async () => {
  const { fixture, ada, group } = await room();
  await invite(ada, group, { expires_in_s: 1 });
  const kept = await invite(ada, group, { expires_in_s: 86_400 * 30 });
  const { invites } = fixture.stores.world.state;
  fixture.clock.advance(INVITE_KEPT_MS - 60_000);
  await fixture.restart().timers.advance(60_000);
  expect(invites.size).toBe(2);
  await fixture.restart().timers.advance(60_000);
  expect([...invites.keys()]).toEqual([kept.code]);
});

test('[JOIN-3] public groups are found by how their title begins, and joined; others are as if they were not', async () => {
  const { fixture, ada, eve, group } = await room();
  const other = await ada.group('Rooms-and-more', []);
  await ada.group('room-closed', []);
  expect(await joinChannel(eve, group)).toMatchObject({ code: 'not_found' });
  for (const id of [group, other]) await ada.change('set_group', id, 'p', { public: true });
  const find = async (frame: object) => {
    const answer = await eve.request({ type: 'find_channels', ...frame });
    if (answer.type !== 'channels') throw new Error(JSON.stringify(answer));
    return answer;
  };
  expect((await find({ text: 'ROOM' })).rows).toEqual([
    { conversation_id: group, title: 'room', members: 2 },
    { conversation_id: other, title: 'Rooms-and-more', members: 1 },
  ]);
  const first = await find({ limit: 1 });
  expect(first).toMatchObject({ rows: [{ conversation_id: group }], next: group });
  const second = await find({ limit: 1, after: first.next });
  expect(second).toMatchObject({ rows: [{ conversation_id: other }] });
  expect(second).not.toHaveProperty('next');
  expect((await find({ text: 'oom' })).rows).toEqual([]);
  expect(await joinChannel(eve, group)).toMatchObject({
    conversation: { members: 3, settings: { public: true } },
  });
  const direct = await ada.direct(eve.userId);
  const nobody = '424242' as ConversationId;
  const dan = await fixture.join('dan');
  for (const id of [direct, nobody]) expect(await joinChannel(dan, id)).toMatchObject({ code: 'not_found' });
});

test('[JOIN-3] [GROUP-6] a banned user does not come in by a public group, and one that was closed lets nobody in', async () => {
  const { fixture, ada, bob, eve, group } = await room();
  await ada.change('set_group', group, 'p', { public: true });
  await ada.change('remove_member', group, 'b', { user_id: bob.userId, ban: true });
  expect(await joinChannel(bob, group)).toMatchObject({ code: 'banned' });
  // It is closed after it was looked up, and before the owner decides.
  const held = fixture.faults.hold('countConversationsOf');
  const ref = eve.start({ type: 'join', conversation_id: group });
  await fixture.settle();
  expect(held.reached).toBe(true);
  await ada.change('set_group', group, 'c', { public: false });
  held.release();
  await fixture.settle();
  expect(eve.answer(ref)).toMatchObject({ type: 'error', code: 'not_found' });
  expect(membersOf(fixture, group)).toEqual([ada.userId]);
});

test('[JOIN-2] [JOIN-3] [GROUP-2] a group that everybody left lets nobody in: it would have no owner', async () => {
  const { fixture, ada, bob, eve, group } = await room();
  await ada.change('set_group', group, 'p', { public: true });
  const { code } = await invite(ada, group, { uses_max: 1 });
  await bob.change('leave_group', group, 'l');
  await ada.change('leave_group', group, 'l');
  expect(await join(eve, code)).toMatchObject({ code: 'not_found', field: 'code' });
  expect(await joinChannel(bob, group)).toMatchObject({ code: 'not_found' });
  expect(await eve.request({ type: 'find_channels' })).toMatchObject({ type: 'channels', rows: [] });
  expect(membersOf(fixture, group)).toEqual([]);
  expect(fixture.stores.world.state.invites.get(code)?.users.size).toBe(0);
});
