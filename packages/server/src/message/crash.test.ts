// The process dies at any moment: what was acknowledged is there, and what must follow an entry is done by the next owner.
import { expect, test } from 'bun:test';
import { ServerFixture } from '../testing/server-fixture.ts';
import { sendOf } from '../testing/test-client.ts';

async function room(inbox: 'join' | 'written' = 'join') {
  const fixture = new ServerFixture({ inbox });
  const ada = await fixture.join('ada');
  const bob = await fixture.join('bob');
  const group = await ada.group('room', [bob.userId]);
  await ada.text(group, 'hello');
  return { fixture, ada, bob, group };
}

test('[INV 1] [PITFALL: the sequence counter lives in a cache that can be wiped] what was acknowledged is there after a crash, and the numbering goes on', async () => {
  const { fixture, ada, group } = await room();
  for (let at = 0; at < 5; at++) {
    const next = await fixture.restart().connect(ada.token);
    expect(await next.text(group, `${at}`)).toMatchObject({ seq: 3 + at });
    expect((await next.pull(group, 1)).entries.map((entry) => entry.seq)).toHaveLength(2 + at);
  }
});

test.each([
  ['apply', 'join'],
  ['advance', 'join'],
  ['advance', 'written'],
  ['apply', 'written'],
] as const)(
  '[INV 15] a crash between the append of a removal and its effect `%s` (inbox: %s): the removed stay removed',
  async (effect, inbox) => {
    const { fixture, ada, bob, group } = await room(inbox);
    await bob.mark(group, 2);
    await fixture.timers.advance(2_500);
    fixture.faults.hold(effect);
    const ref = ada.start({
      type: 'remove_member',
      conversation_id: group,
      client_msg_id: 'r' as never,
      user_id: bob.userId,
    });
    await fixture.settle();
    expect(ada.answer(ref)).toBeUndefined();
    expect(fixture.stores.world.state.logs.get(group)?.head).toBe(3);
    const next = fixture.restart();
    // Before anybody claims: the log already says it, and nothing comes after.
    const again = await next.connect(bob.token);
    expect(await again.pull(group, 0)).toMatchObject({ through: 3, head: 3 });
    const owner = await next.connect(ada.token);
    await owner.text(group, 'after the removal');
    expect(again.pushedTexts()).toEqual([]);
    expect(await again.pull(group, 0)).toMatchObject({ through: 3, head: 3 });
    expect(await again.text(group, 'let me in')).toMatchObject({ error: { code: 'not_member' } });
    again.cut();
    const later = await next.connect(bob.token);
    expect(later.last('heads').rows).toMatchObject([
      { conversation_id: group, head: 3, received: 2, removed: true },
    ]);
    const retried = await owner.change('remove_member', group, 'r', { user_id: bob.userId });
    expect(retried).toMatchObject({ type: 'changed', seq: 3 });
  },
);

test('[SEND-3] [CONV-2] a crash between the append of a new group and its effects: asked again, it is the same group', async () => {
  const { fixture, ada, bob } = await room();
  fixture.faults.hold('apply');
  const request = {
    type: 'create_group' as const,
    client_msg_id: 'g' as never,
    title: 'second',
    member_ids: [bob.userId],
  };
  ada.start(request);
  await fixture.settle();
  const next = fixture.restart();
  const again = await next.connect(ada.token);
  const answer = await again.request(request);
  expect(answer).toMatchObject({
    type: 'conversation',
    conversation: { title: 'second', members: 2, head: 1, role: 'owner' },
  });
  if (answer.type !== 'conversation') throw new Error('no conversation');
  const reader = await next.connect(bob.token);
  expect(await reader.pull(answer.conversation.conversation_id, 0)).toMatchObject({
    head: 1,
    entries: [{ kind: 'group_created' }],
  });
});

test('[INV 11] a crash before the inbox was written: the next owner writes it, for everyone who is to know', async () => {
  const { fixture, ada, bob, group } = await room('written');
  fixture.faults.hold('advance');
  ada.start(sendOf(group, [{ id: 'a', text: 'x' }]));
  await fixture.settle();
  await bob.mark(group, 2);
  const next = fixture.restart();
  const again = await next.connect(ada.token);
  expect(await again.text(group, 'x', 'a')).toMatchObject({ seq: 3 });
  const late = await next.connect(bob.token);
  expect(late.last('heads').rows).toMatchObject([{ conversation_id: group, head: 3 }]);
});

test('[SEND-6] sends under way in a crash are not acknowledged; a retry finds them stored once or not at all', async () => {
  for (const turns of [0, 1, 2, 3, 4, 5, 6, 8, 10]) {
    const { fixture, ada, group } = await room();
    const refs = ['a', 'b'].map((id) => ada.start(sendOf(group, [{ id, text: id }])));
    for (let left = turns; left > 0; left--) await Promise.resolve();
    const next = fixture.restart();
    await fixture.settle();
    const acked = refs
      .map((ref) => ada.answer(ref))
      .filter((answer) => answer?.type === 'sent' && 'seq' in (answer.results[0] ?? {}));
    const head = fixture.stores.world.state.logs.get(group)?.head ?? 0;
    expect(acked.length === 0 || head === 4).toBe(true);
    const again = await next.connect(ada.token);
    for (const id of ['a', 'b']) expect(await again.text(group, id, id)).toMatchObject({ client_msg_id: id });
    expect((await again.pull(group, 0)).head).toBe(4);
  }
});

test('[INV 11] the redo of a last batch changes nothing that came after it: roles, rejoins and titles stand', async () => {
  const { fixture, ada, bob, group } = await room();
  await ada.change('set_role', group, '1', { user_id: bob.userId, role: 'admin' });
  await ada.change('set_role', group, '2', { user_id: bob.userId, role: 'member' });
  await ada.change('remove_member', group, '3', { user_id: bob.userId });
  await ada.change('add_members', group, '4', { user_ids: [bob.userId] });
  await ada.change('rename_group', group, '5', { title: 'renamed' });
  await ada.change('set_role', group, '6', { user_id: bob.userId, role: 'owner' });
  const before = structuredClone(fixture.stores.world.state.conversations);
  for (let at = 0; at < 2; at++) {
    const next = await fixture.restart().connect(ada.token);
    await next.text(group, `wake ${at}`);
    expect(fixture.stores.world.state.conversations).toEqual(before);
  }
});
