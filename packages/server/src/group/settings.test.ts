// Bans, settings, announcements and slow mode: what they keep out, and that a refusal leaves no trace.
import { expect, test } from 'bun:test';
import type { UserId } from '@parley/protocol/ids';
import { logOf } from '../testing/groups.ts';
import { ServerFixture } from '../testing/server-fixture.ts';
import type { TestClient } from '../testing/test-client.ts';
import { SLOW_MODE_SENDERS_MAX_COUNT } from '../message/limits.ts';
import { noteSent } from '../message/sending-rules.ts';

async function room() {
  const fixture = new ServerFixture();
  const ada = await fixture.join('ada');
  const bob = await fixture.join('bob');
  const eve = await fixture.join('eve');
  const group = await ada.group('room', [bob.userId, eve.userId]);
  return { fixture, ada, bob, eve, group };
}

const code = (answer: object) => ('code' in answer ? answer.code : 'ok');

test('[GROUP-6] a ban ends a membership and keeps the user out until it is lifted', async () => {
  const { ada, bob, eve, group } = await room();
  const ban = { user_id: bob.userId, ban: true };
  expect(await ada.change('remove_member', group, '1', ban)).toMatchObject({ type: 'changed', seq: 2 });
  expect(bob.last('entries').entries).toMatchObject([
    { kind: 'member_removed', user_id: bob.userId, banned: true },
  ]);
  const add = (id: string) => ada.change('add_members', group, id, { user_ids: [bob.userId] });
  expect(await add('2')).toMatchObject({ code: 'banned', field: 'user_ids.0', retry: 'no' });
  expect(await bob.text(group, 'x')).toMatchObject({ error: { code: 'not_member' } });
  expect(await ada.change('unban_member', group, '3', { user_id: bob.userId })).toMatchObject({ seq: 3 });
  expect(eve.last('entries').entries).toMatchObject([{ kind: 'member_unbanned', user_id: bob.userId }]);
  expect((await bob.pull(group, 0)).head).toBe(2);
  expect(await add('4')).toMatchObject({ type: 'changed', seq: 4 });
});

test('[GROUP-6] [ENTRY-3] [PULL-4] one who left before is kept out too, and learns nothing of it', async () => {
  const { fixture, ada, bob, group } = await room();
  await bob.change('leave_group', group, 'l');
  bob.clear();
  expect(await ada.change('remove_member', group, '1', { user_id: bob.userId, ban: true })).toMatchObject({
    type: 'changed',
    seq: 3,
  });
  expect(bob.frames).toEqual([]);
  expect(await bob.pull(group, 0)).toMatchObject({ head: 2, through: 2 });
  const next = fixture.restart();
  const again = await next.connect(ada.token);
  expect(await again.change('add_members', group, '2', { user_ids: [bob.userId] })).toMatchObject({
    code: 'banned',
  });
  expect((await (await next.connect(bob.token)).pull(group, 0)).head).toBe(2);
});

test('[GROUP-5] [GROUP-6] a ban of one who is banned or never was in, and the end of none, are refused', async () => {
  const { fixture, ada, bob, group } = await room();
  const [outsider] = (await fixture.registerMany(1)) as [UserId];
  const ban = (id: string, user_id: UserId) => ada.change('remove_member', group, id, { user_id, ban: true });
  await ban('1', bob.userId);
  for (const answer of [
    await ban('2', bob.userId),
    await ban('3', outsider),
    await ban('4', ada.userId),
    await ada.change('unban_member', group, '5', { user_id: outsider }),
    await ada.change('remove_member', group, '6', { user_id: bob.userId }),
  ]) {
    expect(answer).toMatchObject({ code: 'invalid_field', field: 'user_id' });
  }
  expect(logOf(fixture, group)).toHaveLength(2);
});

test('[GROUP-1] [GROUP-6] [GROUP-7] bans and settings are idempotent by client_msg_id, after a crash too', async () => {
  const { fixture, ada, bob, eve, group } = await room();
  const changes = [
    ['remove_member', { user_id: bob.userId, ban: true }, { user_id: bob.userId }],
    ['unban_member', { user_id: bob.userId }, { user_id: eve.userId }],
    ['set_group', { announcements: true }, { announcements: true, slow_mode_s: 0 }],
    ['set_group', { public: true, slow_mode_s: 9 }, { public: true }],
  ] as const;
  const first: object[] = [];
  for (const [at, [type, fields]] of changes.entries())
    first.push({ ...(await ada.change(type, group, `c-${at}`, fields)), ref: 0 });
  const again = await fixture.restart().connect(ada.token);
  for (const [at, [type, fields, other]] of changes.entries()) {
    expect({ ...(await again.change(type, group, `c-${at}`, fields)), ref: 0 }).toEqual(first[at] as never);
    expect(await again.change(type, group, `c-${at}`, other)).toMatchObject({ code: 'id_reused' });
  }
  expect((await again.pull(group, 0)).head).toBe(5);
});

test('[GROUP-7] settings are changed one by one, told to members alone, and a change of nothing is refused', async () => {
  const { ada, bob, eve, group } = await room();
  const set = (id: string, fields: object) => ada.change('set_group', group, id, fields);
  const settings = async (client: TestClient) => {
    const answer = await client.request({ type: 'get_conversation', conversation_id: group });
    return answer.type === 'conversation' ? answer.conversation.settings : undefined;
  };
  expect(await settings(bob)).toEqual({ public: false, announcements: false, slow_mode_s: 0 });
  await set('1', { slow_mode_s: 60 });
  await set('2', { public: true });
  expect(await settings(bob)).toEqual({ public: true, announcements: false, slow_mode_s: 60 });
  expect(bob.last('entries').entries).toMatchObject([{ kind: 'group_set', public: true }]);
  expect(bob.last('entries').entries[0]).not.toHaveProperty('slow_mode_s');
  expect(await set('3', {})).toMatchObject({ code: 'invalid_field', field: 'public' });
  expect(await set('4', { slow_mode_s: 60 })).toMatchObject({ code: 'invalid_field', field: 'slow_mode_s' });
  expect(await set('5', { public: true, slow_mode_s: 30 })).toMatchObject({ type: 'changed' });
  await eve.change('leave_group', group, 'l');
  expect(await settings(eve)).toBeUndefined();
  const direct = await ada.direct(bob.userId);
  expect(code(await ada.change('set_group', direct, 'd', { public: true }))).toBe('not_a_group');
});

test('[GROUP-7] where only announcements are made members do not send, but change, and what they sent before stands', async () => {
  const { ada, bob, eve, group } = await room();
  const before = await bob.text(group, 'before');
  await ada.change('set_role', group, 'r', { user_id: eve.userId, role: 'admin' });
  await ada.change('set_group', group, 's', { announcements: true });
  expect(await bob.text(group, 'now')).toMatchObject({ error: { code: 'forbidden', retry: 'no' } });
  expect(await bob.text(group, 'before')).toEqual(before);
  expect(await ada.text(group, 'from the owner')).toHaveProperty('seq');
  expect(await eve.text(group, 'from an admin')).toHaveProperty('seq');
  const target = (before as { seq: number }).seq;
  expect(code(await bob.change('react', group, 'a', { target, emoji: '👍' }))).toBe('ok');
  const edit = { target, version: target, content: { kind: 'text', text: 'after' } };
  expect(code(await bob.change('edit_message', group, 'e', edit))).toBe('ok');
  await ada.change('set_group', group, 't', { announcements: false });
  expect(await bob.text(group, 'now')).toHaveProperty('seq');
});

test('[GROUP-7] in slow mode a member waits between two messages; a send of several counts as one', async () => {
  const { fixture, ada, bob, eve, group } = await room();
  await bob.text(group, 'before it');
  fixture.clock.advance(4_000);
  await ada.change('set_group', group, 's', { slow_mode_s: 10 });
  expect(await bob.text(group, 'early')).toMatchObject({
    error: { code: 'rate_limited', retry: 'later', retry_after_ms: 6_000 },
  });
  expect(await eve.text(group, 'the first')).toHaveProperty('seq');
  fixture.clock.advance(5_999);
  expect(await bob.text(group, 'early')).toMatchObject({ error: { retry_after_ms: 1 } });
  fixture.clock.advance(1);
  const several = ['early', 'and', 'more'].map((text) => ({ id: `m-${text}`, text }));
  for (const result of await bob.texts(group, several)) expect(result).toHaveProperty('seq');
  expect(await bob.text(group, 'too much')).toMatchObject({ error: { retry_after_ms: 10_000 } });
  for (const text of ['x', 'y']) expect(await ada.text(group, text)).toHaveProperty('seq');
  expect(code(await bob.change('react', group, 'a', { target: 2, emoji: '👍' }))).toBe('ok');
});

test('[GROUP-7] [SEND-3] in slow mode a retry is answered as stored, whatever it is sent with, and counts for nothing', async () => {
  const { fixture, ada, bob, group } = await room();
  await ada.change('set_group', group, 's', { slow_mode_s: 10 });
  const first = await bob.text(group, 'one');
  const both = [
    { id: 'm-one', text: 'one' },
    { id: 'm-two', text: 'two' },
  ];
  expect(await bob.texts(group, both)).toMatchObject([first, { error: { code: 'rate_limited' } }]);
  expect(await bob.texts(group, [{ id: 'm-one', text: 'other' }])).toMatchObject([
    { error: { code: 'id_reused' } },
  ]);
  fixture.clock.advance(10_000);
  // The retry and the next message are in one batch.
  bob.start({
    type: 'send',
    conversation_id: group,
    messages: [{ client_msg_id: 'm-one' as never, content: { kind: 'text', text: 'one' } }],
  });
  expect(await bob.text(group, 'two')).toHaveProperty('seq');
});

test('[GROUP-7] in slow mode of two sends that are stored together the second waits', async () => {
  const { ada, bob, group, fixture } = await room();
  await ada.change('set_group', group, 's', { slow_mode_s: 10 });
  const send = (id: string) =>
    bob.start({
      type: 'send',
      conversation_id: group,
      messages: [{ client_msg_id: id as never, content: { kind: 'text', text: id } }],
    });
  const refs = [send('a'), send('b')];
  await fixture.settle();
  expect(refs.map((ref) => bob.answer(ref))).toMatchObject([
    { results: [{ client_msg_id: 'a', message_id: expect.any(String) }] },
    { results: [{ error: { code: 'rate_limited', retry_after_ms: 10_000 } }] },
  ]);
});

test('[GROUP-7] slow mode holds after a crash, and what cannot be looked up is refused for now', async () => {
  const { fixture, ada, bob, group } = await room();
  await ada.change('set_group', group, 's', { slow_mode_s: 10 });
  await bob.text(group, 'one');
  const next = fixture.restart();
  const again = await next.connect(bob.token);
  next.faults.next('lastSentAt', 'unavailable');
  expect(await again.text(group, 'two')).toMatchObject({ error: { code: 'unavailable', retry: 'later' } });
  expect(await again.text(group, 'two')).toMatchObject({ error: { code: 'rate_limited' } });
  fixture.clock.advance(10_000);
  expect(await again.text(group, 'two')).toHaveProperty('seq');
});

test('[GROUP-7] a message that failed to be stored does not count', async () => {
  const { fixture, ada, bob, group } = await room();
  await ada.change('set_group', group, 's', { slow_mode_s: 10 });
  fixture.faults.next('append', 'storage_full');
  expect(await bob.text(group, 'one')).toMatchObject({ error: { code: 'storage_full' } });
  expect(await bob.text(group, 'one')).toHaveProperty('seq');
});

test('who sent last in slow mode is remembered of so many members, and of nobody once it ended', () => {
  const settings = { public: false, announcements: false, slow_mode_s: 5 };
  const loaded: Parameters<typeof noteSent>[0] = { roster: { settings }, lastSent: undefined };
  for (let at = 0; at <= SLOW_MODE_SENDERS_MAX_COUNT; at++)
    noteSent(loaded, [{ kind: 'message', sender: String(at), at } as never]);
  expect(loaded.lastSent?.size).toBe(SLOW_MODE_SENDERS_MAX_COUNT);
  expect(loaded.lastSent?.has('0' as UserId)).toBe(false);
  settings.slow_mode_s = 0;
  noteSent(loaded, []);
  expect(loaded.lastSent).toBeUndefined();
});
