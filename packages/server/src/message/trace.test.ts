// [TRACE-1] A message's way as its members may see it.
import { expect, test } from 'bun:test';
import type { ClientMsgId, ConversationId, DeviceId, MessageId, UserId } from '@parley/protocol/ids';
import { TIMELINE_ROWS_MAX_COUNT } from '@parley/protocol/limits';
import type { SendResult } from '@parley/protocol/send';
import type { ReceiptStep } from '@parley/ports/receipt-store';
import { ServerFixture } from '../testing/server-fixture.ts';
import type { OfType, TestClient } from '../testing/test-client.ts';

async function timeline(client: TestClient, message_id: MessageId): Promise<OfType<'timeline'>> {
  const answer = await client.request({ type: 'get_timeline', message_id });
  if (answer.type !== 'timeline') throw new Error(JSON.stringify(answer));
  return answer;
}

function placed(result: SendResult) {
  if ('error' in result) throw new Error(JSON.stringify(result));
  return result;
}

/** A message whose text is its client_msg_id. */
function textOf(conversation_id: ConversationId, text: string) {
  const message = { client_msg_id: text as ClientMsgId, content: { kind: 'text', text } as const };
  return { type: 'send', conversation_id, messages: [message] } as {
    type: 'send';
    conversation_id: ConversationId;
    messages: (typeof message)[];
  };
}

function resultOf(client: TestClient, ref: number) {
  const answer = client.answer(ref);
  if (answer?.type !== 'sent') throw new Error(JSON.stringify(answer));
  return placed(answer.results[0] as SendResult);
}

/** Steps as the stores have them, with no client behind. */
async function steps(
  fixture: ServerFixture,
  conversation: ConversationId,
  ...rows: (Pick<ReceiptStep, 'user' | 'seq'> & Partial<ReceiptStep>)[]
): Promise<void> {
  const common = { conversation, device: undefined, at: 1_000, timed: true };
  await fixture.stores.receipts.raise(rows.map((row) => ({ ...common, ...row })));
}

async function room(history?: 'all' | 'joined') {
  const fixture = new ServerFixture();
  const [ada, bob, eve] = [await fixture.join('ada'), await fixture.join('bob'), await fixture.join('eve')];
  const group = await ada.group('room', [bob.userId, eve.userId], history);
  return { fixture, ada, bob, eve, group };
}

test('[TRACE-1] it was accepted when it came to the owner, durable when the append returned, fanned out when it was pushed', async () => {
  const { fixture, ada, bob, group } = await room();
  const acceptedAt = fixture.clock.now();
  const append = fixture.faults.hold('append');
  const ref = ada.start(textOf(group, 'slow'));
  await fixture.settle();
  expect(append.reached).toBe(true);
  fixture.clock.step(30);
  const effects = fixture.faults.hold('advance');
  append.release();
  await fixture.settle();
  expect(effects.reached).toBe(true);
  fixture.clock.step(50);
  effects.release();
  await fixture.settle();
  const { seq, message_id, at } = resultOf(ada, ref);
  expect(await timeline(bob, message_id)).toMatchObject({
    message_id,
    conversation_id: group,
    seq,
    sender: ada.userId,
    at,
    accepted_at: acceptedAt,
    durable_at: acceptedAt + 30,
    fanned_out_at: acceptedAt + 80,
    delivered: [],
    read: [],
  });
});

test('[TRACE-1] what waits for the batch before it is accepted when it came, each message of a batch on its own', async () => {
  const { fixture, ada, bob, group } = await room();
  const start = fixture.clock.now();
  const held = fixture.faults.hold('append');
  const first = ada.start(textOf(group, 'first'));
  await fixture.settle();
  fixture.clock.step(5);
  const second = bob.start(textOf(group, 'second'));
  await fixture.settle();
  fixture.clock.step(5);
  const third = ada.start(textOf(group, 'third'));
  await fixture.settle();
  fixture.clock.step(5);
  held.release();
  await fixture.settle();
  const accepted: (number | undefined)[] = [];
  for (const [client, ref] of [
    [ada, first],
    [bob, second],
    [ada, third],
  ] as const) {
    const seen = await timeline(bob, resultOf(client, ref).message_id);
    accepted.push((seen.accepted_at ?? 0) - start);
    expect(seen.durable_at).toBe(start + 15);
  }
  expect(accepted).toEqual([0, 5, 10]);
});

test('[TRACE-1] a message that shares an append with a retried one has its own times', async () => {
  const { fixture, ada, bob, eve, group } = await room();
  const old = placed(await ada.text(group, 'old', 'old'));
  const start = fixture.clock.now();
  const held = fixture.faults.hold('append');
  eve.start(textOf(group, 'in-the-way'));
  await fixture.settle();
  fixture.clock.step(5);
  const retried = ada.start(textOf(group, 'old'));
  await fixture.settle();
  fixture.clock.step(5);
  const fresh = bob.start(textOf(group, 'new'));
  await fixture.settle();
  held.release();
  await fixture.settle();
  expect(resultOf(ada, retried).seq).toBe(old.seq);
  expect((await timeline(bob, old.message_id)).accepted_at).toBe(start);
  expect((await timeline(bob, resultOf(bob, fresh).message_id)).accepted_at).toBe(start + 10);
});

test('[TRACE-1] after a restart the server remembers no times of its own; what is stored is answered as before', async () => {
  const { fixture, ada, bob, group } = await room();
  const { message_id, seq, at } = placed(await ada.text(group, 'hello'));
  await steps(fixture, group, { user: bob.userId, device: bob.session.device, seq });
  const later = fixture.restart();
  const seen = await timeline(await later.connect(bob.token), message_id);
  expect(seen).toMatchObject({ seq, at, delivered: [{ user_id: bob.userId, at: 1_000 }] });
  for (const field of ['accepted_at', 'durable_at', 'fanned_out_at']) expect(seen).not.toHaveProperty(field);
});

test('[TRACE-1] it says which device has the message and who read it, with times as far as they are kept', async () => {
  const { fixture, ada, bob, eve, group } = await room();
  const { message_id, seq } = placed(await ada.text(group, 'hello'));
  const [phone, tablet] = ['70001', '70002'] as DeviceId[];
  await steps(
    fixture,
    group,
    { user: bob.userId, device: phone as DeviceId, seq, at: 1_000 },
    { user: bob.userId, device: tablet as DeviceId, seq, at: 2_000, timed: false },
    { user: bob.userId, seq, at: 3_000 },
    { user: eve.userId, device: '70003' as DeviceId, seq: seq - 1, at: 4_000 },
    { user: ada.userId, seq, at: 5_000 },
  );
  const { delivered, read } = await timeline(eve, message_id);
  expect(delivered).toEqual([
    { user_id: bob.userId, device_id: phone as DeviceId, at: 1_000 },
    { user_id: bob.userId, device_id: tablet as DeviceId },
  ]);
  // The author's own reading says nothing.
  expect(read).toEqual([{ user_id: bob.userId, at: 3_000 }]);
});

test('[TRACE-1] [RECEIPT-4] who turned read receipts off is shown no reading but the own; deliveries are shown', async () => {
  const { fixture, ada, bob, eve, group } = await room();
  const { message_id, seq } = placed(await ada.text(group, 'hello'));
  const rows = [bob, eve].map(({ userId: user, session }) => ({ user, seq, device: session.device }));
  await steps(fixture, group, ...rows, { user: bob.userId, seq }, { user: eve.userId, seq });
  expect((await timeline(eve, message_id)).read).toHaveLength(2);
  expect(await eve.request({ type: 'set_settings', read_receipts: false })).toMatchObject({
    type: 'settings',
  });
  const seen = await timeline(eve, message_id);
  expect(seen.read).toEqual([{ user_id: eve.userId, at: 1_000 }]);
  expect(seen.delivered.map((row) => row.user_id)).toEqual([bob.userId, eve.userId]);
  // What she showed before stays shown: only what comes from then on is not.
  expect((await timeline(bob, message_id)).read.map((row) => row.user_id)).toEqual([bob.userId, eve.userId]);
});

test('[TRACE-1] who may not read the message gets not_found, the same as for one that does not exist', async () => {
  const { fixture, ada, bob, eve, group } = await room('joined');
  const mallory = await fixture.join('mallory');
  const before = placed(await ada.text(group, 'before'));
  await ada.change('remove_member', group, 'out', { user_id: eve.userId });
  const after = placed(await bob.text(group, 'after'));
  const refused = { code: 'not_found', field: 'message_id' };
  const ask = (client: TestClient, message_id: MessageId) =>
    client.request({ type: 'get_timeline', message_id });
  expect(await ask(mallory, before.message_id)).toMatchObject(refused);
  expect(await ask(ada, '999999999' as MessageId)).toMatchObject(refused);
  expect(await ask(eve, after.message_id)).toMatchObject(refused);
  await ada.change('add_members', group, 'in', { user_ids: [mallory.userId] });
  expect(await ask(mallory, after.message_id)).toMatchObject(refused);
  // What is no message has no timeline.
  const [created] = (await ada.pull(group, 0)).entries;
  expect(await ask(ada, created?.message_id as MessageId)).toMatchObject(refused);
});

test('[TRACE-1] [RECEIPT-5] a former member sees the way up to the server’s hands and not who has it since', async () => {
  const { fixture, ada, bob, eve, group } = await room();
  const { message_id, seq } = placed(await ada.text(group, 'hello'));
  const has = { user: bob.userId, seq };
  await steps(fixture, group, { ...has, device: bob.session.device }, has);
  expect((await timeline(eve, message_id)).read).toHaveLength(1);
  await ada.change('remove_member', group, 'out', { user_id: eve.userId });
  const seen = await timeline(eve, message_id);
  expect(seen).toMatchObject({ seq, delivered: [], read: [] });
  expect(seen).toHaveProperty('durable_at');
});

test('[TRACE-1] at most TIMELINE_ROWS_MAX_COUNT readers and devices are told, by user', async () => {
  const { fixture, ada, group } = await room();
  const { message_id, seq } = placed(await ada.text(group, 'hello'));
  const count = TIMELINE_ROWS_MAX_COUNT + 200;
  const users = Array.from({ length: count }, (_, at) => String(80_000 + at) as UserId);
  const row = { role: 'member', joinedSeq: 2, visibleAfter: 0, leftSeq: undefined } as const;
  const memberships = users.map((user) => ({ user, ...row }));
  await fixture.stores.members.apply(group, [{ seq: 2, title: undefined, memberships }]);
  const read = users.filter((_, at) => at % 2 === 0 || at > 100);
  await steps(fixture, group, ...users.map((user) => ({ user, seq, device: user as string as DeviceId })));
  await steps(fixture, group, ...read.map((user) => ({ user, seq })));
  const seen = await timeline(ada, message_id);
  expect(seen.delivered.map((each) => each.user_id)).toEqual(users.slice(0, TIMELINE_ROWS_MAX_COUNT));
  expect(seen.read.map((each) => each.user_id)).toEqual(read.slice(0, TIMELINE_ROWS_MAX_COUNT));
});
