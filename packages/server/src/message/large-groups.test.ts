// Large groups: who is pushed an entry, who is told of it, and how often.
import { expect, test } from 'bun:test';
import type { ConversationId, UserId } from '@parley/protocol/ids';
import { LiveSessions } from '../connection/live-sessions.ts';
import { Viewers } from '../connection/viewers.ts';
import { Roster } from '../group/roster.ts';
import { fill } from '../testing/groups.ts';
import { ServerFixture } from '../testing/server-fixture.ts';
import type { TestClient } from '../testing/test-client.ts';
import { LargeGroups } from './large-groups.ts';
import { HEADS_INTERVAL_MS, HEADS_PER_TURN_MAX_COUNT } from './limits.ts';

/** Three members are many here. */
async function room(largeGroupMembers = 3) {
  const fixture = new ServerFixture({ server: { largeGroupMembers } });
  const ada = await fixture.join('ada');
  const bob = await fixture.join('bob');
  const eve = await fixture.join('eve');
  const group = await ada.group('room', [bob.userId, eve.userId]);
  await fixture.timers.advance(3_000);
  for (const client of [ada, bob, eve]) {
    await client.mark(group, 1);
    client.clear();
  }
  return { fixture, ada, bob, eve, group };
}

const view = (client: TestClient, ...conversation_ids: ConversationId[]) =>
  client.send({ type: 'view', conversation_ids });
const seqsOf = (client: TestClient) =>
  client.all('entries').flatMap(({ entries }) => entries.map((entry) => entry.seq));
const headsOf = (client: TestClient) =>
  client.all('heads').flatMap(({ rows }) => rows.map((row) => row.head));

test('[LARGE-1] entries go to those who view the group and to the sender’s own sessions; the others get heads', async () => {
  const { fixture, ada, bob, eve, group } = await room();
  const phone = await fixture.connect((await fixture.login('ada')).token);
  await fixture.timers.advance(0);
  for (const client of [ada, bob, eve, phone]) client.clear();
  await view(bob, group);
  await ada.text(group, 'hello');
  expect([ada, phone, bob, eve].map(seqsOf)).toEqual([[2], [2], [2], []]);
  await fixture.timers.advance(0);
  expect(eve.last('heads').rows).toEqual([{ conversation_id: group, head: 2, floor: 0, received: 1 }]);
  expect(headsOf(bob)).toEqual([]);
  expect((await eve.pull(group, 1)).entries).toMatchObject([{ seq: 2 }]);
});

test('[LARGE-1] heads come at most once a second and conversation, the first at once', async () => {
  const { fixture, ada, eve, group } = await room();
  const told: [number, number][] = [];
  for (let ms = 0; ms < 3_000; ms += 100) {
    await ada.text(group, `at ${ms}`);
    await fixture.timers.advance(100);
    for (const head of headsOf(eve)) told.push([ms, head]);
    eve.clear();
  }
  expect(told).toEqual([
    [0, 2],
    [900, 11],
    [1_900, 21],
    [2_900, 31],
  ]);
  eve.clear();
  await fixture.timers.advance(5 * HEADS_INTERVAL_MS);
  expect(eve.all('heads')).toEqual([]);
});

test('[LARGE-1] `view` is the whole list each time, of at most 16, and ends with the session', async () => {
  const { fixture, ada, bob, eve, group } = await room();
  const other = await ada.group('other', [bob.userId, eve.userId]);
  await view(bob, group, other, group);
  await view(bob, other);
  bob.clear();
  await ada.text(group, 'x');
  await ada.text(other, 'y');
  expect(bob.all('entries').map((push) => push.conversation_id)).toEqual([other]);
  await view(bob);
  bob.clear();
  await ada.text(other, 'z');
  expect(seqsOf(bob)).toEqual([]);
  const many = Array.from({ length: 17 }, (_, at) => String(at + 1) as ConversationId);
  await view(bob, ...many);
  expect(bob.last('error')).toMatchObject({ code: 'invalid_field' });
  await view(eve, group);
  eve.cut();
  eve.clear();
  await ada.text(group, 'nobody is there');
  await fixture.timers.advance(1_000);
  expect(eve.frames).toEqual([]);
});

test('[LARGE-1] [PULL-4] whoever is no member views in vain, and sees what comes once let in', async () => {
  const { fixture, ada, bob, group } = await room();
  const stranger = await fixture.join('stranger');
  await ada.change('remove_member', group, 'r', { user_id: bob.userId });
  for (const client of [stranger, bob]) {
    await view(client, group);
    client.clear();
  }
  await ada.change('add_members', group, 'x', { user_ids: await fixture.registerMany(3) });
  await ada.text(group, 'secret');
  await fixture.timers.advance(2_000);
  for (const client of [stranger, bob]) {
    expect(client.all('entries')).toEqual([]);
    expect(client.all('heads')).toEqual([]);
  }
  await ada.change('add_members', group, 'a', { user_ids: [stranger.userId] });
  await ada.text(group, 'welcome');
  expect(seqsOf(stranger)).toEqual([5, 6]);
});

test('[LARGE-1] who begins to view after an entry is told of it, who viewed before is not', async () => {
  const { fixture, ada, bob, eve, group } = await room();
  await view(bob, group);
  await ada.text(group, 'one');
  await view(eve, group);
  await view(bob, group);
  await fixture.timers.advance(500);
  expect([headsOf(bob), headsOf(eve)]).toEqual([[], [2]]);
  await ada.text(group, 'two');
  await fixture.timers.advance(1_000);
  expect([headsOf(bob), headsOf(eve)]).toEqual([[], [2]]);
  expect([seqsOf(bob), seqsOf(eve)]).toEqual([[2, 3], [3]]);
});

test('[LARGE-1] [ENTRY-3] whom an entry lets in, puts out or gives a role gets it', async () => {
  const { fixture, ada, bob, eve, group } = await room();
  const dan = await fixture.join('dan');
  await ada.change('add_members', group, '1', { user_ids: [dan.userId] });
  await ada.change('set_role', group, '2', { user_id: eve.userId, role: 'admin' });
  await ada.change('remove_member', group, '3', { user_id: bob.userId });
  expect([dan, eve, bob].map(seqsOf)).toEqual([[2], [3], [4]]);
  await fixture.timers.advance(2_000);
  // What comes after the removal is not for him to know.
  bob.clear();
  await ada.text(group, 'without him');
  await fixture.timers.advance(2_000);
  expect(bob.frames.filter((frame) => frame.type === 'heads' || frame.type === 'entries')).toEqual([]);
});

test('[LARGE-1] who was removed while members are being told is not told any more', async () => {
  const { fixture, ada, bob, group } = await room(2);
  await ada.text(group, 'one');
  const held = fixture.faults.hold('received');
  await fixture.timers.advance(0);
  expect(held.reached).toBe(true);
  await ada.change('remove_member', group, 'r', { user_id: bob.userId });
  bob.clear();
  held.release();
  await fixture.settle();
  expect(bob.all('heads')).toEqual([]);
});

test('[LARGE-1] [SYNC-1] a device that has it all is told nothing; one that the look still works for is told truly', async () => {
  const { fixture, ada, bob, eve, group } = await room();
  await ada.text(group, 'one');
  await bob.mark(group, 2);
  await fixture.timers.advance(0);
  expect([headsOf(bob), headsOf(eve)]).toEqual([[], [2]]);
  // A new device knows nothing of the group: it is to begin where the server says.
  const tablet = fixture.open();
  const { token } = await fixture.login('eve');
  const held = fixture.faults.hold('behind');
  await tablet.hello(token);
  await fixture.timers.advance(1_000);
  await ada.text(group, 'two');
  await fixture.timers.advance(0);
  held.release();
  await fixture.settle();
  expect(tablet.all('heads').map(({ rows }) => rows)).toEqual([
    [{ conversation_id: group, head: 3, floor: 0, received: 0 }],
    [{ conversation_id: group, head: 3, floor: 0, received: 0 }],
  ]);
});

test('[LARGE-1] [SYNC-4] when the store cannot be read then, the next look makes it good', async () => {
  const { fixture, ada, eve, group } = await room();
  fixture.faults.always = ({ method }) => (method === 'received' ? 'unavailable' : undefined);
  await ada.text(group, 'one');
  await fixture.timers.advance(0);
  expect(eve.all('heads')).toEqual([]);
  expect(fixture.log.text()).toContain('members of a large group could not be told');
  fixture.faults.clear();
  for (let s = 0; s < 80; s += 5) {
    await eve.send({ type: 'heartbeat' });
    await fixture.timers.advance(5_000);
  }
  expect(headsOf(eve)).toContain(2);
});

test('[LARGE-1] what a send costs does not grow with the members: no list of them is made or written', async () => {
  const { fixture, ada, group } = await room();
  await fill(fixture, group, await fixture.registerMany(2_000));
  const next = fixture.restart();
  const again = await next.connect(ada.token);
  const advanced: (readonly UserId[])[] = [];
  const { queue } = next.stores;
  const advance = queue.advance.bind(queue);
  queue.advance = (conversation, head, users) => {
    advanced.push(users);
    return advance(conversation, head, users);
  };
  await again.text(group, 'loads it');
  advanced.length = 0;
  await again.text(group, 'one');
  await again.change('rename_group', group, 'n', { title: 'x' });
  const [newcomer] = (await next.registerMany(1)) as [UserId];
  await again.change('add_members', group, 'a', { user_ids: [newcomer] });
  expect(advanced).toEqual([[], [], [newcomer]]);
});

test('[LARGE-1] many who are connected are told in slices, found from whichever are fewer', async () => {
  const { timers, clock, log, stores } = new ServerFixture();
  const record = { id: '9', createdBy: '1', kind: 'group', title: 'x', history: 'all' };
  const users = Array.from(
    { length: HEADS_PER_TURN_MAX_COUNT * 2 + 20 },
    (_, at) => String(at + 1) as UserId,
  );
  for (const strangers of [0, 5_000]) {
    const rows = users.map((user) => ({
      user,
      role: 'member',
      joinedSeq: 1,
      visibleAfter: 0,
      leftSeq: undefined,
    }));
    const roster = new Roster(record as never, { asOf: 1, rows: rows as never });
    const sessions = new LiveSessions();
    const told = new Map<UserId, number>();
    const ids = Array.from({ length: strangers }, (_, at) => String(10_000 + at) as UserId);
    for (const user of [...users.slice(0, -10), ...ids]) {
      const push = () => void told.set(user, (told.get(user) ?? 0) + 1);
      sessions.attach({ user, device: user as never, push, revoke: () => undefined } as never);
    }
    const received = () => Promise.resolve(new Map());
    const viewers = new Viewers(sessions);
    const { messages } = stores;
    const groups = new LargeGroups({ sessions, viewers, messages, received, clock, timers, log });
    groups.moved('9' as ConversationId, roster, 5);
    const counts: number[] = [];
    const after = timers.after.bind(timers);
    timers.after = (ms, call) => {
      return after(ms, () => {
        counts.push(told.size);
        call();
      });
    };
    await timers.advance(0);
    timers.after = after;
    expect(counts).toEqual([HEADS_PER_TURN_MAX_COUNT, 2 * HEADS_PER_TURN_MAX_COUNT]);
    expect([...told.keys()]).toEqual(users.slice(0, -10));
    expect(new Set(told.values())).toEqual(new Set([1]));
    await timers.advance(HEADS_INTERVAL_MS);
    expect(groups.size).toBe(0);
  }
});
