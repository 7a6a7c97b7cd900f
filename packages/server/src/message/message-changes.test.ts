// Editing, deleting, reacting and pinning: who may, when it is refused, and what everyone is told.
import { expect, test } from 'bun:test';
import { EDITS_MAX_COUNT, REACTION_KINDS_MAX_COUNT } from '@parley/protocol/limits';
import { DAY_MS, ServerFixture, type FixtureOptions } from '../testing/server-fixture.ts';

async function room(options: FixtureOptions = {}) {
  const fixture = new ServerFixture(options);
  const ada = await fixture.join('ada');
  const bob = await fixture.join('bob');
  const direct = await ada.direct(bob.userId);
  await ada.text(direct, 'helo', 'a');
  return { fixture, ada, bob, direct };
}

const text = (words: string) => ({ kind: 'text', text: words });
const edit = (target: number, version: number, words: string) => ({ target, version, content: text(words) });

test('[CHANGE-1] an edit is an entry of its own that everyone gets, and the message keeps its seq', async () => {
  const { ada, bob, direct } = await room();
  const answer = await ada.change('edit_message', direct, 'e', edit(1, 1, 'hello'));
  expect(answer).toMatchObject({ type: 'changed', conversation_id: direct, seq: 2 });
  for (const client of [ada, bob]) {
    expect(client.last('entries').entries).toMatchObject([
      { seq: 2, kind: 'message_edited', sender: ada.userId, target: 1, content: text('hello') },
    ]);
  }
  const { entries, states } = await bob.pull(direct, 0);
  expect(entries[0]).toMatchObject({ seq: 1, content: text('helo') });
  expect(states).toMatchObject([{ seq: 1, as_of: 2, version: 2, content: text('hello'), edits: [2] }]);
});

test('[CHANGE-1] an edit that saw another version is refused with stale_version and the present one', async () => {
  const { ada, direct } = await room();
  await ada.change('edit_message', direct, 'e', edit(1, 1, 'hello'));
  for (const version of [0, 1, 3]) {
    const answer = await ada.change('edit_message', direct, `s-${version}`, edit(1, version, 'other'));
    expect(answer).toMatchObject({ type: 'error', code: 'stale_version', retry: 'no', version: 2 });
  }
  expect(await ada.change('edit_message', direct, 'f', edit(1, 2, 'hello!'))).toMatchObject({ seq: 3 });
});

test('[CHANGE-1] only the author edits, and what was forwarded nobody', async () => {
  const { ada, bob, direct } = await room();
  expect(await bob.change('edit_message', direct, 'e', edit(1, 1, 'x'))).toMatchObject({ code: 'forbidden' });
  await bob.post(direct, 'f', { forward: { conversation_id: direct, seq: 1 } });
  expect(await bob.change('edit_message', direct, 'g', edit(2, 2, 'x'))).toMatchObject({ code: 'forbidden' });
  expect((await ada.pull(direct, 0)).states).toEqual([]);
});

test('[CHANGE-1] a message has at most EDITS_MAX_COUNT edits', async () => {
  const { ada, direct } = await room();
  for (let at = 1; at <= EDITS_MAX_COUNT; at++) {
    const answer = await ada.change('edit_message', direct, `e-${at}`, edit(1, at, `${at}`));
    expect(answer).toMatchObject({ seq: at + 1 });
  }
  const more = edit(1, EDITS_MAX_COUNT + 1, 'more');
  expect(await ada.change('edit_message', direct, 'more', more)).toMatchObject({ code: 'limit_reached' });
  const versions = await ada.request({ type: 'get_versions', conversation_id: direct, target: 1 });
  expect(versions).toMatchObject({ type: 'versions', entries: { length: EDITS_MAX_COUNT + 1 } });
});

test('[CHANGE-2] [INV 14] a deletion is final: every later change is refused with deleted', async () => {
  const { ada, bob, direct } = await room();
  await ada.change('edit_message', direct, 'e', edit(1, 1, 'hello'));
  expect(await bob.change('delete_message', direct, 'b', { target: 1 })).toMatchObject({ code: 'forbidden' });
  expect(await ada.change('delete_message', direct, 'd', { target: 1 })).toMatchObject({ seq: 3 });
  const later = [
    ['edit_message', edit(1, 3, 'again')],
    ['delete_message', { target: 1 }],
    ['react', { target: 1, emoji: '👍' }],
    ['pin_message', { target: 1 }],
  ] as const;
  for (const [type, fields] of later) {
    expect(await ada.change(type, direct, `later-${type}`, fields)).toMatchObject({ code: 'deleted' });
  }
  expect(await ada.post(direct, 't', { content: text('x'), thread: 1 })).toMatchObject({
    error: { code: 'deleted', field: 'messages.0.thread' },
  });
  expect(await ada.post(direct, 'f', { forward: { conversation_id: direct, seq: 1 } })).toMatchObject({
    error: { code: 'deleted', field: 'messages.0.forward' },
  });
  expect((await bob.pull(direct, 0)).head).toBe(3);
});

test('[CHANGE-2] [ENTRY-1] what a deleted message and its edits said is nowhere, and the seqs stay', async () => {
  const { fixture, ada, bob, direct } = await room();
  await ada.text(direct, 'first secret', 's');
  await ada.change('edit_message', direct, 'e', edit(2, 2, 'second secret'));
  await ada.change('edit_message', direct, 'f', {
    ...edit(2, 3, 'third secret'),
    mentions: { everyone: 'all' },
  });
  await ada.change('delete_message', direct, 'd', { target: 2 });
  const { logs } = fixture.stores.world.state;
  expect(JSON.stringify([...(logs.get(direct)?.rows ?? [])])).not.toContain('secret');
  expect(JSON.stringify([...(logs.get(direct)?.states.values() ?? [])])).not.toContain('secret');
  expect(JSON.stringify([...(logs.get(direct)?.byKey.values() ?? [])])).not.toContain('secret');
  const { entries, states } = await bob.pull(direct, 1);
  const gone = { content: { kind: 'deleted' } };
  const kinds = ['message', 'message_edited', 'message_edited', 'message_deleted'];
  expect(entries.map((entry) => [entry.seq, entry.kind])).toEqual(kinds.map((kind, at) => [at + 2, kind]));
  const common = new Set(['seq', 'kind', 'message_id', 'sender', 'client_msg_id', 'at']);
  const bodies: object[] = entries.map((entry) =>
    Object.fromEntries(Object.entries(entry).filter(([key]) => !common.has(key))),
  );
  expect(bodies).toEqual([gone, { ...gone, target: 2 }, { ...gone, target: 2 }, { target: 2 }]);
  expect(states).toEqual([
    { seq: 2, as_of: 5, version: 5, deleted: true, reactions: [], edits: [], replies: 0 },
  ]);
});

test('[CHANGE-2] [GROUP-2] the owner and admins delete what others wrote, in a group', async () => {
  const { fixture, ada, bob } = await room();
  const cy = await fixture.join('cy');
  const group = await ada.group('room', [bob.userId, cy.userId]);
  await ada.change('set_role', group, 'r', { user_id: bob.userId, role: 'admin' });
  for (const id of ['1', '2', '3']) await cy.text(group, id);
  expect(await ada.change('delete_message', group, 'x', { target: 3 })).toMatchObject({ type: 'changed' });
  expect(await bob.change('delete_message', group, 'x', { target: 4 })).toMatchObject({ type: 'changed' });
  await ada.text(group, 'of the owner');
  expect(await cy.change('delete_message', group, 'x', { target: 8 })).toMatchObject({ code: 'forbidden' });
  expect(await bob.change('delete_message', group, 'y', { target: 8 })).toMatchObject({ type: 'changed' });
});

test('[INV 14] [CHANGE-2] an edit and a deletion that race: one order, and the deletion stands', async () => {
  for (const deleteFirst of [true, false]) {
    const { fixture, ada, bob, direct } = await room();
    const phone = await fixture.connect(ada.token);
    const held = fixture.faults.hold('append');
    await ada.start({
      type: 'react',
      conversation_id: direct,
      client_msg_id: 'r' as never,
      target: 1,
      emoji: '👍',
    });
    await fixture.settle();
    const change = { conversation_id: direct, target: 1 };
    const deletion = { ...change, type: 'delete_message' as const, client_msg_id: 'd' as never };
    const edited = {
      ...change,
      ...edit(1, 1, 'hello'),
      type: 'edit_message' as const,
      client_msg_id: 'e' as never,
    };
    const first = deleteFirst ? ada.start(deletion) : ada.start(edited as never);
    const second = deleteFirst ? phone.start(edited as never) : phone.start(deletion);
    held.release();
    await fixture.settle();
    expect(ada.answer(first)).toMatchObject({ type: 'changed', seq: 3 });
    expect(phone.answer(second)).toMatchObject(
      deleteFirst ? { code: 'deleted' } : { type: 'changed', seq: 4 },
    );
    const { entries, states } = await bob.pull(direct, 0);
    expect(states).toMatchObject([{ seq: 1, deleted: true, edits: [] }]);
    expect(JSON.stringify(entries)).not.toContain('hel');
  }
});

test('[CHANGE-3] reactions are set and taken back once each, by the one whose they are', async () => {
  const { ada, bob, direct } = await room();
  const react = (client: typeof ada, id: string, fields: object) =>
    client.change('react', direct, id, { target: 1, emoji: '👍', ...fields });
  expect(await react(bob, '1', {})).toMatchObject({ type: 'changed', seq: 2 });
  expect(await react(bob, '2', {})).toMatchObject({ code: 'invalid_field', field: 'emoji' });
  expect(await react(ada, '3', { remove: true })).toMatchObject({ code: 'invalid_field', field: 'emoji' });
  expect(await react(ada, '4', {})).toMatchObject({ seq: 3 });
  expect(await react(bob, '5', { emoji: '🎉' })).toMatchObject({ seq: 4 });
  expect((await ada.pull(direct, 0)).states[0]?.reactions).toEqual([
    { emoji: '👍', users: [bob.userId, ada.userId] },
    { emoji: '🎉', users: [bob.userId] },
  ]);
  expect(await react(bob, '6', { remove: true })).toMatchObject({ seq: 5 });
  expect(await react(ada, '7', { remove: true })).toMatchObject({ seq: 6 });
  expect((await ada.pull(direct, 0)).states[0]?.reactions).toEqual([{ emoji: '🎉', users: [bob.userId] }]);
  for (const emoji of ['', 'a b', 'x'.repeat(33), 'a\u0000'])
    expect(await react(ada, 'bad', { emoji })).toMatchObject({ code: 'invalid_field', field: 'emoji' });
});

test('[CHANGE-3] a message has at most REACTION_KINDS_MAX_COUNT different reactions', async () => {
  const { ada, bob, direct } = await room();
  for (let at = 0; at < REACTION_KINDS_MAX_COUNT; at++)
    await ada.change('react', direct, `r-${at}`, { target: 1, emoji: `e${at}` });
  expect(await bob.change('react', direct, 'x', { target: 1, emoji: 'new' })).toMatchObject({
    code: 'limit_reached',
  });
  expect(await bob.change('react', direct, 'y', { target: 1, emoji: 'e7' })).toMatchObject({
    type: 'changed',
  });
});

test('[CHANGE-4] both users of a direct conversation pin, and a pin that is there is not set again', async () => {
  const { ada, bob, direct } = await room();
  expect(await bob.change('pin_message', direct, '1', { target: 1 })).toMatchObject({ seq: 2 });
  expect((await ada.pull(direct, 0)).states).toMatchObject([{ seq: 1, pinned: true }]);
  expect(await ada.change('pin_message', direct, '2', { target: 1 })).toMatchObject({
    code: 'invalid_field',
  });
  expect(await ada.change('pin_message', direct, '3', { target: 1, remove: true })).toMatchObject({ seq: 3 });
  expect(await ada.change('pin_message', direct, '4', { target: 1, remove: true })).toMatchObject({
    code: 'invalid_field',
  });
  expect((await ada.pull(direct, 0)).states[0]).not.toHaveProperty('pinned');
});

test('[CHANGE-5] a target that is no message, or none that the asker sees, is not_found', async () => {
  const { fixture, ada, bob } = await room();
  const group = await ada.group('room', [], 'joined');
  await ada.text(group, 'before');
  await ada.change('add_members', group, 'b', { user_ids: [bob.userId] });
  for (const target of [0, 1, 2, 3, 4, 99, Number.MAX_SAFE_INTEGER]) {
    const fields = { target, emoji: '👍' };
    expect(await bob.change('react', group, `r-${target}`, fields)).toMatchObject({
      code: 'not_found',
      field: 'target',
    });
    const read = await bob.request({ type: 'get_versions', conversation_id: group, target });
    expect(read).toMatchObject({ code: 'not_found', field: 'target' });
  }
  expect(await ada.change('react', group, 'r', { target: 2, emoji: '👍' })).toMatchObject({ seq: 4 });
  const kept = await ada.text(group, 'kept');
  await fixture.stores.messages.drop(group, 3);
  expect(await ada.change('react', group, 's', { target: 2, emoji: '🎉' })).toMatchObject({
    code: 'not_found',
  });
  expect(kept).toMatchObject({ seq: 5 });
  expect(await ada.change('react', group, 't', { target: 5, emoji: '🎉' })).toMatchObject({ seq: 6 });
});

test('[CHANGE-5] after the time for it, the author is told too_late; an admin may still delete', async () => {
  const { fixture, ada, bob, direct } = await room({ server: { editWindowMs: 60_000 } });
  const group = await ada.group('room', [bob.userId]);
  await bob.text(group, 'x');
  await ada.text(group, 'y');
  fixture.clock.advance(60_000);
  expect(await ada.change('edit_message', direct, 'e', edit(1, 1, 'in time'))).toMatchObject({ seq: 2 });
  fixture.clock.advance(1);
  expect(await ada.change('edit_message', direct, 'f', edit(1, 2, 'late'))).toMatchObject({
    code: 'too_late',
  });
  expect(await ada.change('delete_message', direct, 'd', { target: 1 })).toMatchObject({ code: 'too_late' });
  expect(await bob.change('delete_message', group, 'd', { target: 2 })).toMatchObject({ code: 'too_late' });
  expect(await ada.change('delete_message', group, 'd', { target: 2 })).toMatchObject({ type: 'changed' });
  expect(await ada.change('delete_message', group, 'o', { target: 3 })).toMatchObject({ type: 'changed' });
  // What was done in time is answered so, also later.
  expect(await ada.change('edit_message', direct, 'e', edit(1, 1, 'in time'))).toMatchObject({ seq: 2 });
  fixture.clock.advance(365 * DAY_MS);
  expect(await bob.change('react', direct, 'r', { target: 1, emoji: '👍' })).toMatchObject({
    type: 'changed',
  });
});

test('[SEND-3] [INV 6] a change that is asked for again is answered as before, also when all of it is gone', async () => {
  const { fixture, ada, bob, direct } = await room();
  const asked = [
    ['edit_message', 'e', edit(1, 1, 'hello')],
    ['react', 'r', { target: 1, emoji: '👍' }],
    ['pin_message', 'p', { target: 1 }],
    ['delete_message', 'd', { target: 1 }],
  ] as const;
  const first = [];
  for (const [type, id, fields] of asked) first.push(await ada.change(type, direct, id, fields));
  const next = await fixture.restart().connect(ada.token);
  for (const [at, [type, id, fields]] of asked.entries()) {
    const { ref: _, ...before } = first[at] as { ref: number };
    expect(await next.change(type, direct, id, fields)).toMatchObject(before);
    expect(await next.change(type, direct, id, { ...fields, target: 2 })).toMatchObject({
      code: 'id_reused',
    });
  }
  expect(await next.text(direct, 'helo', 'a')).toMatchObject({ seq: 1 });
  expect(await next.change('react', direct, 'r', { target: 1, emoji: '🎉' })).toMatchObject({
    code: 'id_reused',
  });
  expect(await next.change('react', direct, 'a', { target: 1, emoji: '🎉' })).toMatchObject({
    code: 'id_reused',
  });
  // An id of an edit that says nothing any more is not the id of a message.
  expect(await next.text(direct, 'hello', 'e')).toMatchObject({ error: { code: 'id_reused' } });
  expect(await next.post(direct, 'e', { content: text('hello'), reply_to: 99 })).toMatchObject({
    error: { code: 'id_reused' },
  });
  expect((await bob.pull(direct, 0).catch(() => next.pull(direct, 0))).head).toBe(5);
});

test('[CHANGE-6] the versions of a message, oldest first; of a deleted one the message alone', async () => {
  const { ada, bob, direct } = await room();
  await bob.text(direct, 'between');
  await ada.change('edit_message', direct, 'e', edit(1, 1, 'hello'));
  await ada.change('react', direct, 'r', { target: 1, emoji: '👍' });
  await ada.change('edit_message', direct, 'f', edit(1, 3, 'hello!'));
  const ask = () => bob.request({ type: 'get_versions', conversation_id: direct, target: 1 });
  expect(await ask()).toMatchObject({
    type: 'versions',
    conversation_id: direct,
    target: 1,
    entries: [
      { seq: 1, kind: 'message', content: text('helo') },
      { seq: 3, kind: 'message_edited', target: 1, content: text('hello') },
      { seq: 5, kind: 'message_edited', target: 1, content: text('hello!') },
    ],
  });
  await ada.change('delete_message', direct, 'd', { target: 1 });
  expect(await ask()).toMatchObject({
    type: 'versions',
    entries: [{ seq: 1, content: { kind: 'deleted' } }],
  });
  expect(((await ask()) as { entries: unknown[] }).entries).toHaveLength(1);
});
