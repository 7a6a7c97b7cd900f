// What must follow a change: the state and the erasure, whatever fails or dies between, and for whom it may be read.
import { expect, test } from 'bun:test';
import type { Role } from '@parley/protocol/role';
import { Follower, viewOf } from '../testing/follower.ts';
import { ServerFixture } from '../testing/server-fixture.ts';

async function room(history: 'all' | 'joined' = 'all') {
  const fixture = new ServerFixture();
  const ada = await fixture.join('ada');
  const bob = await fixture.join('bob');
  const group = await ada.group('room', [bob.userId], history);
  await ada.text(group, 'secret zero', 'a');
  return { fixture, ada, bob, group };
}

const edit = (target: number, version: number, words: string) => {
  return { target, version, content: { kind: 'text', text: words } };
};

test('[PITFALL: resync misses edits, deletes, reactions] [STATE-1] [INV 10] who was away gets every change, and old history as it is now', async () => {
  const { fixture, ada, bob, group } = await room();
  await ada.text(group, 'two', 'b');
  await ada.text(group, 'three', 'c');
  const late = await fixture.connect((await fixture.login('bob')).token);
  await late.mark(group, 4);
  late.cut();
  await ada.change('edit_message', group, 'e', edit(2, 2, 'edited'));
  await bob.change('react', group, 'r', { target: 3, emoji: '👍' });
  await bob.change('react', group, 's', { target: 4, emoji: '👍' });
  await bob.change('react', group, 't', { target: 4, emoji: '👍', remove: true });
  await ada.change('pin_message', group, 'p', { target: 3 });
  await ada.change('delete_message', group, 'd', { target: 4 });
  // By the log, as everything else that was missed.
  const { entries } = await bob.pull(group, 4);
  expect(entries.map((entry) => entry.kind)).toEqual([
    'message_edited',
    'reaction_added',
    'reaction_added',
    'reaction_removed',
    'message_pinned',
    'message_deleted',
  ]);
  // And by the states, where only the old page is read.
  const { states } = await bob.pull(group, 1, 3);
  expect(states).toMatchObject([
    { seq: 2, as_of: 5, version: 5, content: { text: 'edited' } },
    { seq: 3, as_of: 9, pinned: true, reactions: [{ emoji: '👍', users: [bob.userId] }] },
    { seq: 4, as_of: 10, deleted: true, reactions: [] },
  ]);
  expect((await bob.pull(group, 4)).states).toEqual([]);
});

const CHANGES = [
  ['edit_message', edit(2, 2, 'secret one')],
  ['react', { target: 2, emoji: '👍' }],
  ['pin_message', { target: 2 }],
  ['delete_message', { target: 2 }],
] as const;

test.each(
  CHANGES.flatMap(([type, fields]) =>
    ['states', 'putStates', ...(type === 'delete_message' ? ['erase'] : [])].map(
      (call) => [type, call, fields] as const,
    ),
  ),
)(
  '[INV 9] [INV 14] %s: an effect (%s) that fails is answered as unknown, and redone before the retry is answered',
  async (type, call, fields) => {
    const { fixture, ada, bob, group } = await room();
    for (const fault of ['unavailable', 'unknown_not_applied', 'unknown_applied'] as const) {
      const id = `c-${fault}`;
      await ada.text(group, 'secret zero', id);
      const head = fixture.stores.world.state.logs.get(group)?.head ?? 0;
      const change = { ...fields, target: head, ...('version' in fields ? { version: head } : {}) };
      fixture.faults.next(call, fault);
      expect(await ada.change(type, group, `x-${id}`, change)).toMatchObject({ code: 'outcome_unknown' });
      expect(await ada.change(type, group, `x-${id}`, change)).toMatchObject({ seq: head + 1 });
      const { states } = await bob.pull(group, head - 1, 1);
      expect(states).toMatchObject([{ seq: head, as_of: head + 1 }]);
      expect(states[0]?.deleted).toBe(type === 'delete_message' ? true : undefined);
    }
  },
);

test.each([
  ['states', 1],
  ['erase', 1],
  ['erase', 2],
  ['erase', 3],
  ['putStates', 1],
  ['advance', 1],
] as const)(
  '[CHANGE-2] [INV 14] a crash at `%s` number %i of a deletion: the next owner erases all of it',
  async (call, number) => {
    const { fixture, ada, bob, group } = await room();
    await ada.change('edit_message', group, 'e', edit(2, 2, 'secret one'));
    await ada.change('edit_message', group, 'f', edit(2, 3, 'secret two'));
    let reached = 0;
    let held: { reached: boolean } = { reached: false };
    held = fixture.faults.hold(({ method }) => method === call && (reached += 1) === number);
    const ref = ada.start({
      type: 'delete_message',
      conversation_id: group,
      client_msg_id: 'd' as never,
      target: 2,
    });
    await fixture.settle();
    expect(held.reached).toBe(true);
    expect(ada.answer(ref)).toBeUndefined();
    const next = fixture.restart();
    const again = await next.connect(ada.token);
    // Any claim does it, not only a retry.
    await again.text(group, 'something else');
    const log = fixture.stores.world.state.logs.get(group);
    expect(JSON.stringify([log?.rows, [...(log?.states.values() ?? [])]])).not.toContain('secret');
    expect(await again.change('delete_message', group, 'd', { target: 2 })).toMatchObject({ seq: 5 });
    const reader = await next.connect((await next.login('bob')).token);
    expect((await reader.pull(group, 0)).states).toMatchObject([
      { seq: 2, as_of: 5, deleted: true, edits: [] },
    ]);
    expect(bob.all('entries').flatMap(({ entries }) => entries.map((entry) => entry.kind))).not.toContain(
      'message_deleted',
    );
  },
);

test('[INV 9] [STATE-1] a crash before a thread was counted: the next owner counts each message once', async () => {
  const { fixture, ada, group } = await room();
  const reply = (id: string) => ({ client_msg_id: id, content: { kind: 'text', text: id }, thread: 2 });
  await ada.request({ type: 'send', conversation_id: group, messages: ['1', '2'].map(reply) } as never);
  fixture.faults.hold('putStates');
  ada.start({ type: 'send', conversation_id: group, messages: ['3', '4'].map(reply) } as never);
  await fixture.settle();
  for (let at = 0; at < 2; at++) {
    const next = fixture.restart();
    const again = await next.connect(ada.token);
    await again.text(group, `wake ${at}`);
    expect((await again.pull(group, 1, 1)).states).toMatchObject([{ seq: 2, replies: 4, last_reply: 6 }]);
    fixture.stores.crash();
  }
});

test('[INV 14] a server that lost the conversation in mid-change cannot bring back what the next one deleted', async () => {
  const { fixture, ada, group } = await room();
  const held = fixture.faults.hold('putStates');
  const ref = ada.start({
    ...(edit(2, 2, 'secret one') as { content: never; target: number; version: number }),
    type: 'edit_message',
    conversation_id: group,
    client_msg_id: 'e' as never,
  });
  await fixture.settle();
  expect(held.reached).toBe(true);
  const other = fixture.second();
  const elsewhere = await other.connect(ada.token);
  expect(await elsewhere.change('delete_message', group, 'd', { target: 2 })).toMatchObject({ seq: 4 });
  held.release();
  await fixture.settle();
  expect(ada.answer(ref)).toMatchObject({ type: 'changed', seq: 3 });
  const log = fixture.stores.world.state.logs.get(group);
  expect(JSON.stringify([log?.rows, [...(log?.states.values() ?? [])]])).not.toContain('secret');
  expect((await elsewhere.pull(group, 1, 1)).states).toMatchObject([{ seq: 2, as_of: 4, deleted: true }]);
});

test('[INV 15] [PULL-4] a former member is told how messages were at the end, and nothing of later changes', async () => {
  const { ada, bob, group } = await room();
  await ada.text(group, 'later deleted', 'b');
  await ada.change('edit_message', group, 'e', edit(2, 2, 'before'));
  await bob.change('react', group, 'r', { target: 2, emoji: '👍' });
  await ada.change('remove_member', group, 'x', { user_id: bob.userId });
  const atTheEnd = (await bob.pull(group, 0)).states;
  await ada.change('edit_message', group, 'f', edit(2, 4, 'after'));
  await ada.change('react', group, 's', { target: 3, emoji: '🎉' });
  await ada.change('pin_message', group, 'p', { target: 2 });
  expect((await bob.pull(group, 0)).states).toEqual(atTheEnd);
  expect(atTheEnd).toMatchObject([{ seq: 2, as_of: 5, version: 4, content: { text: 'before' } }]);
  const versions = await bob.request({ type: 'get_versions', conversation_id: group, target: 2 });
  expect(JSON.stringify(versions)).toContain('before');
  expect(JSON.stringify(versions)).not.toContain('after');
  expect(bob.all('entries').flatMap(({ entries }) => entries.map((entry) => entry.seq))).not.toContain(7);
});

test('[INV 15] a removal between the look at the membership and the answer hides what came after it', async () => {
  const { fixture, ada, bob, group } = await room();
  const held = fixture.faults.hold('read');
  const ref = bob.start({ type: 'pull', conversation_id: group, after: 0 });
  await fixture.settle();
  expect(held.reached).toBe(true);
  await ada.change('remove_member', group, 'x', { user_id: bob.userId });
  await ada.change('edit_message', group, 'f', edit(2, 2, 'after the removal'));
  held.release();
  await fixture.settle();
  expect(bob.answer(ref)).toMatchObject({ type: 'pulled', head: 2, states: [] });
});

test('[STATE-2] a client that folds from any earlier point ends with the same states as a fresh one', async () => {
  const { ada, bob, group } = await room();
  const followers = [];
  const steps: [Parameters<typeof ada.change>[0], object][] = [
    ['edit_message', edit(2, 2, 'one')],
    ['react', { target: 2, emoji: '👍' }],
    ['edit_message', edit(2, 3, 'two')],
    ['pin_message', { target: 2 }],
    ['react', { target: 2, emoji: '👍', remove: true }],
    ['delete_message', { target: 2 }],
  ];
  for (const [at, [type, fields]] of steps.entries()) {
    const follower = new Follower(0, group, 0);
    followers.push(follower);
    await follower.catchUp(bob, 1 + (at % 3));
    expect(await ada.change(type, group, `c-${at}`, fields)).toMatchObject({ type: 'changed' });
  }
  const fresh = new Follower(0, group, 0);
  await fresh.catchUp(bob);
  for (const follower of followers) {
    await follower.catchUp(bob, 2);
    expect(viewOf(follower.states, 0, new Set())).toBe(viewOf(fresh.states, 0, new Set()));
  }
});

test('an answer is cut where the states make it too large, and goes on after that', async () => {
  const { fixture, ada, group } = await room();
  await ada.text(group, 'plain');
  const reactions = [{ emoji: '👍', users: Array.from({ length: 20_000 }, (_, at) => `${10 ** 15 + at}`) }];
  for (const seq of [2, 3]) {
    const body = JSON.stringify({ seq, as_of: 3, version: seq, reactions, edits: [], replies: 0 });
    await fixture.stores.messages.putStates(group, [{ seq, asOf: 3, body }]);
  }
  const page = await ada.pull(group, 0);
  expect([page.through, page.entries.length, page.states.length, page.head]).toEqual([2, 2, 1, 3]);
  const rest = await ada.pull(group, 2);
  expect([rest.through, rest.entries.length, rest.states.length]).toEqual([3, 1, 1]);
});

test.each(['owner', 'admin', 'member'] satisfies Role[])(
  '[CHANGE-4] a group: who pins is decided as %s at its seq',
  async (role) => {
    const { ada, bob, group } = await room();
    if (role === 'member') {
      expect(await bob.change('pin_message', group, 'p', { target: 2 })).toMatchObject({ code: 'forbidden' });
      return;
    }
    await ada.change('set_role', group, 'r', { user_id: bob.userId, role });
    expect(await bob.change('pin_message', group, 'p', { target: 2 })).toMatchObject({ type: 'changed' });
  },
);
