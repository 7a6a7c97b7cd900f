// Reading by range: windows, ends, floors, and who may.
import { expect, test } from 'bun:test';
import type { ConversationId } from '@parley/protocol/ids';
import { PULL_ANSWER_MAX_BYTES } from '@parley/protocol/limits';
import { ServerFixture } from '../testing/server-fixture.ts';
import type { TestClient } from '../testing/test-client.ts';

const GONE = '999' as ConversationId;

async function pair(messages = 0) {
  const fixture = new ServerFixture();
  const ada = await fixture.join('ada');
  const bob = await fixture.join('bob');
  const conversation = await ada.direct(bob.userId);
  for (let at = 1; at <= messages; at++) await ada.text(conversation, `${at}`);
  return { fixture, ada, bob, conversation };
}

async function seqs(
  client: TestClient,
  conversation: ConversationId,
  after?: number,
  limit?: number,
): Promise<number[]> {
  return (await client.pull(conversation, after, limit)).entries.map((entry) => entry.seq);
}

test('[PULL-1] [PITFALL: LIMIT without a total order on a time column that is not unique] entries after a seq, oldest first, at most `limit`', async () => {
  const { bob, conversation } = await pair(7);
  expect(await seqs(bob, conversation, 0, 3)).toEqual([1, 2, 3]);
  expect(await seqs(bob, conversation, 3, 3)).toEqual([4, 5, 6]);
  expect(await seqs(bob, conversation, 6)).toEqual([7]);
  expect(await seqs(bob, conversation, 7)).toEqual([]);
  for (const limit of [0, 1_001]) {
    const answer = await bob.request({ type: 'pull', conversation_id: conversation, limit });
    expect(answer).toMatchObject({ type: 'error', code: 'invalid_field', field: 'limit' });
  }
});

test('[PULL-1] without `after`: after what this device received, stored or not', async () => {
  const { fixture, bob, conversation } = await pair(5);
  expect(await seqs(bob, conversation)).toEqual([1, 2, 3, 4, 5]);
  await bob.mark(conversation, 2);
  expect(await bob.pull(conversation)).toMatchObject({ after: 2, through: 5 });
  await fixture.timers.advance(3_000);
  expect(await seqs(bob, conversation)).toEqual([3, 4, 5]);
  const phone = await fixture.connect((await fixture.login('bob')).token);
  expect(await seqs(phone, conversation)).toEqual([1, 2, 3, 4, 5]);
});

test('[PULL-2] through, head and floor say what the answer covers', async () => {
  const { bob, conversation } = await pair(5);
  expect(await bob.pull(conversation, 1, 2)).toMatchObject({ after: 1, through: 3, head: 5, floor: 0 });
  expect(await bob.pull(conversation, 3, 2)).toMatchObject({ after: 3, through: 5, head: 5 });
  expect(await bob.pull(conversation, 5, 2)).toMatchObject({ after: 5, through: 5, head: 5, entries: [] });
  expect(await bob.pull(conversation, 2 ** 53 - 1)).toMatchObject({ entries: [], through: 5, head: 5 });
});

test('[PULL-2] an answer ends early past its size, with one entry at least, and pulling on covers all', async () => {
  const { ada, bob, conversation } = await pair();
  for (let at = 0; at < 80; at++)
    await ada.texts(conversation, [{ id: `id-${at}`, text: 'x'.repeat(8_000) }]);
  const first = await bob.pull(conversation, 0);
  expect(first.through).toBeLessThan(first.head);
  expect(JSON.stringify(first).length).toBeWithin(PULL_ANSWER_MAX_BYTES, PULL_ANSWER_MAX_BYTES + 50_000);
  const got: number[] = [];
  for (let after = 0; after < 80;) {
    const page = await bob.pull(conversation, after);
    expect(page.entries.length).toBeGreaterThan(0);
    got.push(...page.entries.map((entry) => entry.seq));
    after = page.through;
  }
  expect(got).toEqual(Array.from({ length: 80 }, (_, at) => at + 1));
});

test('[PULL-2] an empty conversation has head 0', async () => {
  const { bob, conversation } = await pair();
  expect(await bob.pull(conversation)).toMatchObject({
    entries: [],
    after: 0,
    through: 0,
    head: 0,
    floor: 0,
  });
});

test('[PUSH-2] a push that came before the answer to a pull repeats what the pull has, as one log', async () => {
  const { fixture, ada, bob, conversation } = await pair(3);
  const held = fixture.faults.hold('read');
  const ref = bob.start({ type: 'pull', conversation_id: conversation, after: 0 });
  await ada.text(conversation, 'later');
  expect(bob.pushedTexts()).toContain('later');
  held.release();
  await fixture.settle();
  expect(bob.answer(ref)).toMatchObject({ type: 'pulled', through: 3, head: 3 });
  expect((await bob.pull(conversation, 3)).entries).toEqual(bob.last('entries').entries);
});

test('[PULL-4] who never was a member gets not_found, as for a conversation that does not exist', async () => {
  const { fixture, conversation } = await pair(3);
  const eve = await fixture.join('eve');
  const answers = [];
  for (const target of [conversation, GONE])
    answers.push(await eve.request({ type: 'pull', conversation_id: target }));
  const restarted = fixture.restart();
  const again = await restarted.connect(eve.token);
  for (const target of [conversation, GONE])
    answers.push(await again.request({ type: 'pull', conversation_id: target }));
  for (const answer of answers) {
    const { ref: _, ...rest } = answer as { ref: number };
    expect(rest).toMatchObject({ type: 'error', code: 'not_found', field: 'conversation_id' });
    expect({ ...rest }).toEqual({ ...answers[0], ref: undefined } as never);
  }
});

test('[PULL-4] a former member reads up to the entry that ended the membership, before and after a restart', async () => {
  const { fixture, ada, bob } = await pair();
  const group = await ada.group('room', [bob.userId]);
  await ada.text(group, 'for all');
  await ada.change('remove_member', group, 'r', { user_id: bob.userId });
  await ada.text(group, 'not for bob');
  for (const restarted of [false, true]) {
    const client = restarted ? await fixture.restart().connect(bob.token) : bob;
    const page = await client.pull(group, 0);
    expect(page).toMatchObject({ through: 3, head: 3 });
    expect(page.entries.map((entry) => entry.kind)).toEqual(['group_created', 'message', 'member_removed']);
    expect(await client.pull(group, 3)).toMatchObject({ entries: [], through: 3, head: 3 });
  }
});

test('[PULL-3] what retention dropped is below the floor, and a former member is not told how far it went', async () => {
  const { fixture, ada, bob } = await pair();
  const group = await ada.group('room', [bob.userId]);
  await ada.change('remove_member', group, 'r', { user_id: bob.userId });
  for (let at = 0; at < 5; at++) await ada.text(group, `${at}`);
  await fixture.stores.messages.drop(group, 5);
  expect(await ada.pull(group, 0)).toMatchObject({
    floor: 5,
    head: 7,
    through: 7,
    entries: [{ seq: 6 }, { seq: 7 }],
  });
  expect(await bob.pull(group, 0)).toMatchObject({ floor: 2, head: 2, through: 2, entries: [] });
});

test('a store that fails is answered as unavailable, and the session goes on', async () => {
  const { fixture, bob, conversation } = await pair(1);
  fixture.faults.next('read', 'unavailable', 'unknown_not_applied');
  for (let at = 0; at < 2; at++) {
    const answer = await bob.request({ type: 'pull', conversation_id: conversation, after: 0 });
    expect(answer).toMatchObject({ type: 'error', code: 'unavailable', retry: 'later' });
  }
  expect(await seqs(bob, conversation, 0)).toEqual([1]);
});
