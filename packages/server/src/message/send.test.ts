// Sending: what is stored, answered and pushed, and to whom.
import { expect, test } from 'bun:test';
import type { ConversationId } from '@parley/protocol/ids';
import { SEND_MESSAGES_MAX_COUNT, TEXT_MAX_UNITS } from '@parley/protocol/limits';
import { ServerFixture } from '../testing/server-fixture.ts';
import { sendOf, type TestClient } from '../testing/test-client.ts';
import { OWNER_QUEUE_PER_SENDER_MAX_COUNT } from './limits.ts';

async function pair() {
  const fixture = new ServerFixture();
  const ada = await fixture.join('ada');
  const bob = await fixture.join('bob');
  return { fixture, ada, bob, conversation: await ada.direct(bob.userId) };
}

test('[SEND-2] a message is numbered, stored, answered and pushed to both', async () => {
  const { fixture, ada, bob, conversation } = await pair();
  const result = await ada.text(conversation, 'hello');
  const at = fixture.clock.now();
  expect(result as unknown).toEqual({ client_msg_id: 'm-hello', seq: 1, message_id: expect.any(String), at });
  expect(ada.pushedTexts()).toEqual(['hello']);
  expect(bob.pushedTexts()).toEqual(['hello']);
  expect((await bob.pull(conversation, 0)).entries).toEqual(bob.last('entries').entries);
});

test('[SEND-2] results stand in the order of the messages, refused ones among them', async () => {
  const { ada, conversation } = await pair();
  await ada.text(conversation, 'first', 'used');
  const results = await ada.texts(conversation, [
    { id: 'a', text: 'one' },
    { id: 'used', text: 'something else' },
    { id: 'b', text: 'two' },
  ]);
  expect(results).toMatchObject([
    { client_msg_id: 'a', seq: 2 },
    { client_msg_id: 'used', error: { code: 'id_reused', retry: 'no' } },
    { client_msg_id: 'b', seq: 3 },
  ]);
});

test('[SEND-1] 1 to 64 messages of 1 to 8,000 units; ids of 1 to 64 characters', async () => {
  const { ada, conversation } = await pair();
  const many = (count: number) =>
    Array.from({ length: count }, (_, at) => ({ id: `id-${at}`, text: `${at}` }));
  expect(await ada.texts(conversation, many(SEND_MESSAGES_MAX_COUNT))).toHaveLength(64);
  expect(await ada.request(sendOf(conversation, many(65)))).toMatchObject({
    type: 'error',
    code: 'invalid_field',
    field: 'messages',
  });
  expect(await ada.request(sendOf(conversation, []))).toMatchObject({
    code: 'invalid_field',
    field: 'messages',
  });
  expect(await ada.text(conversation, '😀'.repeat(TEXT_MAX_UNITS / 2), 'longest')).toMatchObject({ seq: 65 });
  for (const text of ['', 'x'.repeat(TEXT_MAX_UNITS + 1)]) {
    const answer = await ada.request(sendOf(conversation, [{ id: 'a', text }]));
    expect(answer).toMatchObject({ code: 'invalid_field', field: 'messages.0.content.text' });
  }
  expect(await ada.text(conversation, 'x', `Az09_.:-${'i'.repeat(56)}`)).toMatchObject({ seq: 66 });
  for (const id of ['', 'i'.repeat(65), 'a b', 'é', 'a\n']) {
    const answer = await ada.request(sendOf(conversation, [{ id, text: 'x' }]));
    expect(answer).toMatchObject({ code: 'invalid_field', field: 'messages.0.client_msg_id' });
  }
});

test('[SEND-1] any text comes back as it was sent', async () => {
  const { ada, bob, conversation } = await pair();
  const texts = [
    '"],[{',
    '\\',
    '\u0000\u001f',
    '\u2028\u2029',
    'é😀',
    '\ud800',
    '__proto__',
    '</script>',
    '‮evil',
  ];
  for (const [at, text] of texts.entries()) await ada.texts(conversation, [{ id: `id-${at}`, text }]);
  expect(bob.pushedTexts()).toEqual(texts);
  expect((await bob.pull(conversation, 0)).entries).toHaveLength(texts.length);
});

test('[SEND-3] the order of fields in a retry does not make it another message', async () => {
  const { ada, conversation } = await pair();
  await ada.text(conversation, 'x', 'a');
  const message = '{"client_msg_id":"a","content":{"text":"x","kind":"text"}}';
  await ada.raw(`[{"messages":[${message}],"conversation_id":"${conversation}","type":"send","ref":50}]`);
  expect(ada.last('sent').results).toMatchObject([{ client_msg_id: 'a', seq: 1 }]);
});

test("[SEND-8] all sessions of all members get the entry, the sender's own included, and nobody else", async () => {
  const { fixture, ada, bob, conversation } = await pair();
  const phone = await fixture.connect((await fixture.login('ada')).token);
  const eve = await fixture.join('eve');
  await ada.text(conversation, 'hello');
  for (const client of [ada, phone, bob]) {
    const { entries } = client.last('entries');
    expect(entries).toMatchObject([
      { seq: 1, kind: 'message', sender: ada.userId, client_msg_id: 'm-hello' },
    ]);
  }
  expect(eve.all('entries')).toEqual([]);
});

test('[SEND-7] who is no member may not send: a stranger, and to nothing at all', async () => {
  const { fixture, ada, bob, conversation } = await pair();
  const eve = await fixture.join('eve');
  for (const target of [conversation, '999' as ConversationId]) {
    expect(await eve.text(target, 'x')).toMatchObject({ error: { code: 'not_member' } });
  }
  // Also when the conversation is in the server's memory, and then without a place in its queue.
  await ada.text(conversation, 'in memory');
  const finds = fixture.faults.calls.filter((method) => method === 'find').length;
  expect(await eve.text(conversation, 'y')).toMatchObject({ error: { code: 'not_member', retry: 'no' } });
  expect(fixture.faults.calls.filter((method) => method === 'find')).toHaveLength(finds);
  expect(bob.pushedTexts()).toEqual(['in memory']);
});

test('[INV 5] [SEND-4] the order of frames of one session is the order of seqs and of answers', async () => {
  const { fixture, ada, bob, conversation } = await pair();
  const refs = Array.from({ length: 100 }, (_, at) =>
    ada.start(sendOf(conversation, [{ id: `id-${at}`, text: `${at}` }])),
  );
  await fixture.settle();
  expect(ada.all('sent').map((frame) => frame.ref)).toEqual(refs);
  expect(bob.pushedTexts()).toEqual(Array.from({ length: 100 }, (_, at) => `${at}`));
});

test('[PUSH-1] the entries of one push continue one another, and pushes continue pushes', async () => {
  const { fixture, ada, bob, conversation } = await pair();
  const held = fixture.faults.hold('append');
  for (let at = 0; at < 600; at++) {
    const by = at % 3 === 0 ? bob : ada;
    by.start(sendOf(conversation, [{ id: `id-${at}`, text: `${at}` }]));
    if (at === 300) held.release();
    if (at % 100 === 0) await fixture.settle();
  }
  await fixture.settle();
  expect(bob.all('entries').some(({ entries }) => entries.length > 10)).toBe(true);
  const seqs = bob.all('entries').flatMap(({ entries }) => entries.map((entry) => entry.seq));
  expect(seqs).toEqual(Array.from({ length: 600 }, (_, at) => at + 1));
});

test('[PUSH-3] [INV 8] [PITFALL: ack before the durable write] nothing is pushed, answered or read before it is durable', async () => {
  const { fixture, ada, bob, conversation } = await pair();
  await ada.text(conversation, 'first');
  for (const call of ['append', 'advance']) {
    ada.clear();
    bob.clear();
    const held = fixture.faults.hold(call);
    const ref = ada.start(sendOf(conversation, [{ id: call, text: call }]));
    await fixture.settle();
    expect(held.reached).toBe(true);
    expect(ada.answer(ref)).toBeUndefined();
    expect(bob.all('entries')).toEqual([]);
    held.release();
    await fixture.settle();
    expect(ada.answer(ref)).toMatchObject({ type: 'sent' });
    expect(bob.pushedTexts()).toEqual([call]);
  }
});

test('times never run backwards within a log, also when the clock does', async () => {
  const { fixture, ada, bob, conversation } = await pair();
  await ada.text(conversation, 'a');
  fixture.clock.step(-60_000);
  await ada.text(conversation, 'b');
  const { entries } = await bob.pull(conversation, 0);
  expect(entries[1]?.at).toBe(entries[0]?.at ?? -1);
});

/** Frames of 64 messages that are answered while nothing can be stored, of so many by each. */
async function refusedOf(
  fixture: ServerFixture,
  senders: readonly TestClient[],
  group: ConversationId,
  each: number,
) {
  const texts = (at: number) => Array.from({ length: 64 }, (_, n) => ({ id: `id-${at}-${n}`, text: 'x' }));
  const started = senders.map((sender) => {
    const refs = Array.from({ length: each }, (_, at) => sender.start(sendOf(group, texts(at))));
    return { sender, refs };
  });
  await fixture.settle();
  return started.flatMap(({ sender, refs }) => {
    const answers = sender.answers();
    return refs.flatMap((ref) => answers.get(ref) ?? []);
  });
}

const UNAVAILABLE_ALL = {
  results: Array.from({ length: 64 }, () => ({ error: { code: 'unavailable', retry: 'later' } })),
};

test('more than waits for one conversation is refused as unavailable, and leaves no trace', async () => {
  const { fixture, ada, bob } = await pair();
  const senders = [ada, bob, await fixture.join('cyd'), await fixture.join('dan'), await fixture.join('eve')];
  const others = senders.slice(1).map((sender) => sender.userId);
  const group = await ada.group('room', others);
  const held = fixture.faults.hold('append');
  bob.start(sendOf(group, [{ id: 'held', text: 'x' }]));
  await fixture.settle();
  expect(held.reached).toBe(true);
  const refused = await refusedOf(fixture, senders, group, 52);
  expect(refused).toHaveLength(4);
  for (const answer of refused) expect(answer).toMatchObject(UNAVAILABLE_ALL);
  held.release();
  await fixture.settle();
  expect((await ada.pull(group, 0, 1)).head).toBe(2 + 64 * 256);
});

test('[INV 20] one who fills the queue of a conversation is refused, and others still get in', async () => {
  const { fixture, ada, bob, conversation } = await pair();
  await bob.text(conversation, 'first');
  const held = fixture.faults.hold('append');
  bob.start(sendOf(conversation, [{ id: 'held', text: 'x' }]));
  await fixture.settle();
  const refused = await refusedOf(fixture, [ada], conversation, 70);
  expect(refused).toHaveLength(70 - OWNER_QUEUE_PER_SENDER_MAX_COUNT / 64);
  for (const answer of refused) expect(answer).toMatchObject(UNAVAILABLE_ALL);
  expect(await refusedOf(fixture, [bob], conversation, 3)).toEqual([]);
  held.release();
  await fixture.settle();
  expect((await ada.pull(conversation, 0, 1)).head).toBe(2 + OWNER_QUEUE_PER_SENDER_MAX_COUNT + 3 * 64);
  // What was stored makes room again, also while more goes on to wait.
  expect(await ada.text(conversation, 'again')).toHaveProperty('seq');
});
