// [OWN-4] Threads that one follows: asked for, by writing, and listed.
import { expect, test } from 'bun:test';
import { room, says, type Person, type Room } from '../testing/reading-room.ts';

const follow = (person: Person, group: Room['group'], thread: number, yes = true) =>
  person.request({ type: 'follow_thread', conversation_id: group, thread, follow: yes });

const listed = (person: Person) => person.request({ type: 'list_threads' });

test('[OWN-4] who begins a thread or writes in it follows it, unless that user once stopped', async () => {
  const { fixture, ada, bob, cleo, group } = await room();
  const thread = await says(ada, group, 'root');
  expect(await listed(ada)).toMatchObject({ rows: [] });
  const last = await says(bob, group, 'a', { thread });
  const row = { conversation_id: group, thread, replies: 1, last_reply: last };
  expect(await listed(ada)).toMatchObject({ rows: [row] });
  expect(await listed(bob)).toMatchObject({ rows: [row] });
  expect(await listed(cleo)).toMatchObject({ rows: [] });
  expect(await follow(bob, group, thread, false)).toMatchObject({ type: 'done' });
  await says(bob, group, 'b', { thread });
  expect(await listed(bob)).toMatchObject({ rows: [] });
  expect(await listed(ada)).toMatchObject({ rows: [{ replies: 2 }] });
  await follow(bob, group, thread);
  const again = await fixture.restart().connect(bob.token);
  expect(await listed(again as Person)).toMatchObject({ rows: [{ thread, replies: 2 }] });
});

test('[OWN-4] a thread may be followed before anybody wrote in it; what begins none, or is none to see, may not', async () => {
  const { fixture, ada, bob, group } = await room({}, 'joined');
  const dan = await fixture.join('dan');
  const thread = await says(ada, group, 'root');
  const answer = await says(ada, group, 'a', { thread });
  expect(await follow(bob, group, answer)).toMatchObject({ code: 'invalid_field', field: 'thread' });
  for (const seq of [0, 1, 99]) expect(await follow(bob, group, seq)).toMatchObject({ code: 'not_found' });
  await ada.change('add_members', group, 'add', { user_ids: [dan.userId] });
  expect(await follow(dan, group, thread)).toMatchObject({ code: 'not_found', field: 'thread' });
  const lone = await says(ada, group, 'b');
  expect(await follow(bob, group, lone)).toMatchObject({ type: 'done' });
  const page = await listed(bob);
  expect(page).toMatchObject({ rows: [{ conversation_id: group, thread: lone, replies: 0 }] });
  expect(page).not.toHaveProperty('rows.0.last_reply');
});

test('[OWN-4] list_threads goes page by page, by conversation and seq, without those of groups one left', async () => {
  const { ada, bob, group } = await room();
  const direct = await bob.direct(ada.userId);
  const roots = [await says(ada, group, 'a'), await says(ada, group, 'b')];
  const other = await says(ada, direct, 'c');
  for (const root of roots) await follow(bob, group, root);
  await follow(bob, direct, other);
  const first = await bob.request({ type: 'list_threads', limit: 2 });
  if (first.type !== 'threads') throw new Error(JSON.stringify(first));
  expect(first.rows.map((row) => row.thread)).toEqual(roots);
  expect(first.next).toEqual({ conversation_id: group, thread: roots[1] ?? 0 });
  const second = await bob.request({ type: 'list_threads', limit: 2, after: first.next });
  expect(second).toMatchObject({ rows: [{ conversation_id: direct, thread: other }] });
  expect(second).not.toHaveProperty('next');
  await bob.change('leave_group', group, 'l');
  expect(await listed(bob)).toMatchObject({ rows: [{ conversation_id: direct }] });
});
