// Many who join at once: one entry for all, no more than may come, and everybody is answered truly.
import { expect, test } from 'bun:test';
import type { Down } from '@parley/protocol/down';
import type { ConversationId, UserId } from '@parley/protocol/ids';
import { fill, invite, logOf, membersOf } from '../testing/groups.ts';
import { ServerFixture, type FixtureOptions } from '../testing/server-fixture.ts';
import type { TestClient } from '../testing/test-client.ts';
import { JOINS_PER_ENTRY_MAX_COUNT } from '../message/limits.ts';

async function room(options?: FixtureOptions) {
  const fixture = new ServerFixture(options);
  const ada = await fixture.join('ada');
  const bob = await fixture.join('bob');
  const group = await ada.group('room', [bob.userId]);
  return { fixture, ada, bob, group };
}

async function crowd(fixture: ServerFixture, count: number): Promise<TestClient[]> {
  const clients: TestClient[] = [];
  for (let at = 0; at < count; at++) clients.push(await fixture.join(`crowd-${at}`));
  return clients;
}

function start(clients: readonly TestClient[], code: string): () => (Down | undefined)[] {
  const refs = clients.map((client) => client.start({ type: 'join', code }));
  return () => clients.map((client, at) => client.answer(refs[at] as number));
}

const codesOf = (answers: readonly (Down | undefined)[]) =>
  answers.map((answer) => (answer?.type === 'error' ? answer.code : answer?.type));

function joinedEntries(fixture: ServerFixture, group: ConversationId): UserId[][] {
  return logOf(fixture, group).flatMap(({ kind, body }) => {
    if (kind !== 'members_joined') return [];
    return [(JSON.parse(body) as { members: { user_id: UserId }[] }).members.map(({ user_id }) => user_id)];
  });
}

test('[JOIN-2] of 50 who try at once no more come than `uses_max`, and all are answered', async () => {
  const { fixture, ada, group } = await room();
  const { code } = await invite(ada, group, { uses_max: 10 });
  const clients = await crowd(fixture, 50);
  const answers = start(clients, code);
  await fixture.settle();
  const codes = codesOf(answers());
  expect(codes.filter((each) => each === 'conversation')).toHaveLength(10);
  expect(codes.filter((each) => each === 'not_found')).toHaveLength(40);
  expect(membersOf(fixture, group)).toHaveLength(12);
  expect(joinedEntries(fixture, group).flat()).toHaveLength(10);
});

test('[JOIN-2] those who wait while an entry is written share the next one, each once, whatever devices they use', async () => {
  const { fixture, ada, group } = await room();
  const { code } = await invite(ada, group);
  const clients = await crowd(fixture, 8);
  const phone = await fixture.connect((await fixture.login('crowd-1')).token);
  const held = fixture.faults.hold('append');
  const first = start(clients.slice(0, 1), code);
  await fixture.settle();
  const rest = start([...clients.slice(1), phone], code);
  await fixture.settle();
  held.release();
  await fixture.settle();
  expect(codesOf([...first(), ...rest()])).toEqual(Array.from({ length: 9 }, () => 'conversation'));
  expect(joinedEntries(fixture, group)).toEqual([
    [clients[0]?.userId as UserId],
    clients.slice(1).map((client) => client.userId),
  ]);
});

test('[JOIN-4] in a large group those who join within a second share one entry, and messages do not wait for it', async () => {
  const { fixture, ada, group } = await room({ server: { largeGroupMembers: 3 } });
  const { code } = await invite(ada, group);
  const [first, second, third] = await crowd(fixture, 3);
  const answers = start([first as TestClient], code);
  await fixture.settle();
  expect(codesOf(answers())).toEqual(['conversation']);
  const waiting = [start([second as TestClient], code)];
  await fixture.timers.advance(600);
  waiting.push(start([third as TestClient], code));
  expect(await ada.text(group, 'meanwhile')).toMatchObject({ seq: 3 });
  await fixture.timers.advance(399);
  expect(waiting.flatMap((each) => codesOf(each()))).toEqual([undefined, undefined]);
  await fixture.timers.advance(1);
  expect(waiting.flatMap((each) => codesOf(each()))).toEqual(['conversation', 'conversation']);
  expect(joinedEntries(fixture, group).map((each) => each.length)).toEqual([1, 2]);
});

test('[JOIN-4] an entry lets in 200, and in a large group the next comes a second later', async () => {
  const { fixture, ada, group } = await room();
  const { code } = await invite(ada, group);
  await fill(fixture, group, await fixture.registerMany(100));
  const next = fixture.restart();
  const clients = await crowd(next, JOINS_PER_ENTRY_MAX_COUNT + 30);
  const answers = start(clients, code);
  await next.timers.advance(1_000);
  const let_in = () => codesOf(answers()).filter((each) => each === 'conversation').length;
  expect(let_in()).toBe(JOINS_PER_ENTRY_MAX_COUNT);
  await next.timers.advance(999);
  expect(let_in()).toBe(JOINS_PER_ENTRY_MAX_COUNT);
  await next.timers.advance(1);
  expect(let_in()).toBe(clients.length);
  expect(joinedEntries(next, group).map((each) => each.length)).toEqual([JOINS_PER_ENTRY_MAX_COUNT, 30]);
});

test('[JOIN-4] [CLOSE-3] a server that goes away lets in who waits', async () => {
  const { fixture, ada, group } = await room({ server: { largeGroupMembers: 2 } });
  const { code } = await invite(ada, group);
  const clients = await crowd(fixture, 2);
  const answers = start(clients, code);
  await fixture.settle();
  const stopped = fixture.server.stop();
  await fixture.timers.advance(1_100);
  await stopped;
  expect(codesOf(answers())).toEqual(['conversation', 'conversation']);
});

test('[JOIN-2] [SEND-6] a join of unknown outcome is decided by asking again, and takes one use', async () => {
  for (const fault of ['unknown_applied', 'unknown_not_applied'] as const) {
    const { fixture, ada, group } = await room();
    const { code } = await invite(ada, group, { uses_max: 1 });
    const [eve] = (await crowd(fixture, 1)) as [TestClient];
    fixture.faults.next('append', fault);
    fixture.faults.next('state', 'unavailable');
    expect(await eve.request({ type: 'join', code })).toMatchObject({
      code: 'outcome_unknown',
      retry: 'later',
    });
    expect(await eve.request({ type: 'join', code })).toMatchObject({ type: 'conversation' });
    expect(joinedEntries(fixture, group)).toEqual([[eve.userId]]);
    expect(membersOf(fixture, group)).toContain(eve.userId);
  }
});

test('[JOIN-2] [INV 15] a crash after a join was stored: the user is in, and is told so when it asks again', async () => {
  for (const call of ['append', 'apply', 'advance']) {
    const { fixture, ada, group } = await room();
    const { code } = await invite(ada, group, { uses_max: 1 });
    const eve = await fixture.join('eve');
    const held = fixture.faults.hold(call);
    if (call === 'append') fixture.faults.next('append', undefined);
    eve.start({ type: 'join', code });
    await fixture.settle();
    expect(held.reached).toBe(true);
    const next = fixture.restart();
    held.release();
    await next.settle();
    const again = await next.connect(eve.token);
    expect(await again.request({ type: 'join', code })).toMatchObject({ type: 'conversation' });
    expect(await again.text(group, 'here')).toHaveProperty('seq');
    expect(joinedEntries(next, group)).toEqual([[eve.userId]]);
  }
});

test('[JOIN-2] a join that could not be stored keeps its place, and nobody else gets it', async () => {
  const { fixture, ada, group } = await room();
  const { code } = await invite(ada, group, { uses_max: 1 });
  const [eve, dan] = (await crowd(fixture, 2)) as [TestClient, TestClient];
  fixture.faults.next('append', 'unavailable');
  expect(await eve.request({ type: 'join', code })).toMatchObject({ code: 'unavailable', retry: 'later' });
  expect(await dan.request({ type: 'join', code })).toMatchObject({ code: 'not_found' });
  expect(await eve.request({ type: 'join', code })).toMatchObject({ type: 'conversation' });
});

test('[JOIN-2] [GROUP-6] joins, leaves and bans that race leave a log that nobody banned came into', async () => {
  for (let turns = 0; turns < 20; turns++) {
    const { fixture, ada, group } = await room();
    const { code } = await invite(ada, group);
    const [eve] = (await crowd(fixture, 1)) as [TestClient];
    await eve.request({ type: 'join', code });
    eve.start({ type: 'leave_group', conversation_id: group, client_msg_id: 'l' as never });
    for (let left = turns; left > 0; left--) await Promise.resolve();
    const ban = {
      conversation_id: group,
      client_msg_id: 'b' as never,
      user_id: eve.userId,
      ban: true,
    } as const;
    const answers = start([eve], code);
    for (let left = turns; left > 0; left--) await Promise.resolve();
    const banned = ada.start({ type: 'remove_member', ...ban });
    await fixture.settle();
    expect(ada.answer(banned)).toMatchObject({ type: 'changed' });
    expect(['conversation', 'banned']).toContain(codesOf(answers())[0] as string);
    expect(membersOf(fixture, group)).not.toContain(eve.userId);
    expect(codesOf([await eve.request({ type: 'join', code })])).toEqual(['banned']);
    const kinds = logOf(fixture, group).map(({ kind }) => kind);
    expect(kinds.lastIndexOf('members_joined')).toBeLessThan(kinds.lastIndexOf('member_removed'));
  }
});

test('[JOIN-2] one who was let in by somebody else meanwhile is answered as a member', async () => {
  const { fixture, ada, group } = await room();
  const { code } = await invite(ada, group);
  const [eve] = (await crowd(fixture, 1)) as [TestClient];
  const held = fixture.faults.hold('use');
  const answers = start([eve], code);
  await fixture.settle();
  await ada.change('add_members', group, 'a', { user_ids: [eve.userId] });
  held.release();
  await fixture.settle();
  expect(codesOf(answers())).toEqual(['conversation']);
  expect(joinedEntries(fixture, group)).toEqual([]);
});

test('[JOIN-2] [GROUP-6] one who is banned while the join is under way does not come in', async () => {
  const { fixture, ada, group } = await room();
  const { code } = await invite(ada, group);
  const [eve] = (await crowd(fixture, 1)) as [TestClient];
  await ada.change('add_members', group, 'a', { user_ids: [eve.userId] });
  await eve.change('leave_group', group, 'l');
  const held = fixture.faults.hold('use');
  const answers = start([eve], code);
  await fixture.settle();
  expect(held.reached).toBe(true);
  await ada.change('remove_member', group, 'b', { user_id: eve.userId, ban: true });
  held.release();
  await fixture.settle();
  expect(codesOf(answers())).toEqual(['banned']);
  expect(joinedEntries(fixture, group)).toEqual([]);
  expect(membersOf(fixture, group)).not.toContain(eve.userId);
});
