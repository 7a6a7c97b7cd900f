// [INV 12] How far a device has got: checked, kept per device, never moved back.
import { expect, test } from 'bun:test';
import type { ConversationId } from '@parley/protocol/ids';
import { RECEIVED_MARKS_MAX_COUNT } from '@parley/protocol/limits';
import { ServerFixture } from '../testing/server-fixture.ts';
import type { TestClient } from '../testing/test-client.ts';

async function pair(messages = 0) {
  const fixture = new ServerFixture();
  const ada = await fixture.join('ada');
  const bob = await fixture.join('bob');
  const conversation = await ada.direct(bob.userId);
  for (let at = 1; at <= messages; at++) await ada.text(conversation, `${at}`);
  return { fixture, ada, bob, conversation };
}

async function received(client: TestClient, conversation: ConversationId): Promise<number> {
  const answer = await client.request({ type: 'get_conversation', conversation_id: conversation });
  return answer.type === 'conversation' ? answer.conversation.received : -1;
}

test('[RECV-1] a mark is taken without an answer, and a lower one changes nothing', async () => {
  const { bob, conversation } = await pair(5);
  bob.clear();
  await bob.mark(conversation, 4);
  expect(bob.frames).toEqual([]);
  await bob.mark(conversation, 2);
  expect(await received(bob, conversation)).toBe(4);
  const marks = Array.from({ length: RECEIVED_MARKS_MAX_COUNT + 1 }, () => ({
    conversation_id: conversation,
    seq: 1,
  }));
  await bob.send({ type: 'received', marks });
  expect(bob.last('error')).toMatchObject({ code: 'invalid_field', field: 'marks' });
});

test('[RECV-1] [INV 12] a mark never moves back, not while it is being stored either', async () => {
  const { fixture, bob, conversation } = await pair(5);
  await bob.mark(conversation, 4);
  const held = fixture.faults.hold('markReceived');
  await fixture.timers.advance(2_500);
  expect(held.reached).toBe(true);
  expect(await received(bob, conversation)).toBe(4);
  expect((await bob.pull(conversation)).after).toBe(4);
  await bob.mark(conversation, 3);
  expect(await received(bob, conversation)).toBe(4);
  held.release();
  await fixture.timers.advance(2_500);
  const again = await fixture.restart().connect(bob.token);
  expect(await received(again, conversation)).toBe(4);
});

test('[RECV-2] a mark beyond the head is refused by an error without ref, in memory or not', async () => {
  const { fixture, bob, conversation } = await pair(3);
  for (const restarted of [false, true]) {
    const client = restarted ? await fixture.restart().connect(bob.token) : bob;
    for (const seq of [4, 2 ** 53 - 1]) await client.mark(conversation, seq);
    expect(client.all('error')).toMatchObject([
      { code: 'invalid_field', field: 'seq' },
      { code: 'invalid_field', field: 'seq' },
    ]);
    expect(client.last('error').ref).toBeUndefined();
    expect(await received(client, conversation)).toBe(0);
  }
});

test('[RECV-2] a mark by someone who never was a member is refused, and the other marks of the frame count', async () => {
  const { fixture, ada, bob, conversation } = await pair(3);
  const eve = await fixture.join('eve');
  const own = await eve.direct(bob.userId);
  await bob.text(own, 'x');
  await eve.send({
    type: 'received',
    marks: [
      { conversation_id: conversation, seq: 1 },
      { conversation_id: own, seq: 1 },
    ],
  });
  expect(eve.last('error')).toMatchObject({ code: 'not_found' });
  expect(eve.last('error').ref).toBeUndefined();
  expect(await received(eve, own)).toBe(1);
  expect(await received(ada, conversation)).toBe(0);
});

test('[RECV-2] a former member marks up to the entry that ended the membership and not beyond', async () => {
  const { ada, bob } = await pair();
  const group = await ada.group('room', [bob.userId]);
  await ada.change('remove_member', group, 'r', { user_id: bob.userId });
  await ada.text(group, 'after');
  await bob.mark(group, 3);
  expect(bob.faults).toEqual(['invalid_field']);
  await bob.mark(group, 2);
  expect(bob.faults).toHaveLength(1);
  expect(await received(bob, group)).toBe(2);
});

test('[RECV-3] marks are kept per device, and stored within seconds', async () => {
  const { fixture, bob, conversation } = await pair(3);
  const phone = await fixture.connect((await fixture.login('bob')).token);
  await bob.mark(conversation, 3);
  await phone.mark(conversation, 1);
  await fixture.timers.advance(2_500);
  const next = fixture.restart();
  const again = await next.connect(bob.token);
  expect(again.all('heads')).toEqual([]);
  expect(await received(again, conversation)).toBe(3);
});

test('[RECV-3] marks of the last seconds may be lost in a crash: the device is offered again what it has', async () => {
  const { fixture, bob, conversation } = await pair(3);
  await bob.mark(conversation, 2);
  await fixture.timers.advance(2_500);
  await bob.mark(conversation, 3);
  const again = await fixture.restart().connect(bob.token);
  expect(again.last('heads').rows).toMatchObject([{ conversation_id: conversation, head: 3, received: 2 }]);
});

test('[RECV-3] without a crash no mark is lost, also when the store fails for a while', async () => {
  const { fixture, bob, conversation } = await pair(3);
  fixture.faults.next('markReceived', 'unavailable', 'unknown_not_applied', 'storage_full');
  await bob.mark(conversation, 3);
  for (let at = 0; at < 5; at++) {
    expect(await received(bob, conversation)).toBe(3);
    await bob.send({ type: 'heartbeat' });
    await fixture.timers.advance(2_500);
  }
  expect(fixture.faults.unmet).toBe(0);
  const again = await fixture.restart().connect(bob.token);
  expect(await received(again, conversation)).toBe(3);
});

test('a mark that cannot be checked is refused as unavailable, and counts for nothing', async () => {
  const { fixture, bob, conversation } = await pair(3);
  const next = fixture.restart();
  const again = await next.connect(bob.token);
  next.faults.next('membership', 'unavailable');
  await again.mark(conversation, 3);
  expect(again.last('error')).toMatchObject({ code: 'unavailable', retry: 'later' });
  expect(again.all('queue_empty')).toEqual([]);
  await again.mark(conversation, 3);
  expect(again.all('queue_empty')).toHaveLength(1);
});

const marksOf = (fixture: ServerFixture, method = 'markReceived') =>
  fixture.faults.calls.filter((call) => call === method).length;

test('[RECV-3] marks of a device that signed out are not stored any more, those of others are', async () => {
  const { fixture, ada, bob, conversation } = await pair(3);
  await fixture.timers.advance(2_500);
  const before = marksOf(fixture);
  await bob.mark(conversation, 3);
  await ada.mark(conversation, 3);
  const held = fixture.faults.hold('removeDevice');
  const signingOut = fixture.server.accounts.logout(bob.token, '127.0.0.1');
  await fixture.settle();
  expect(held.reached).toBe(true);
  // What comes and what is due while it signs out would outlive it as well.
  await bob.mark(conversation, 2);
  await fixture.timers.advance(2_500);
  expect(marksOf(fixture)).toBe(before + 1);
  held.release();
  expect(await signingOut).toEqual({ kind: 'ok' });
  await fixture.timers.advance(2_500);
  expect(marksOf(fixture)).toBe(before + 1);
  expect(await received(ada, conversation)).toBe(3);
});

test('[RECV-3] marks that were not stored when their device signed out are not tried again', async () => {
  const { fixture, bob, conversation } = await pair(3);
  await bob.mark(conversation, 3);
  fixture.faults.next('markReceived', 'unavailable');
  await fixture.timers.advance(2_000);
  const before = marksOf(fixture);
  await fixture.server.accounts.logout(bob.token, '127.0.0.1');
  await fixture.timers.advance(5_000);
  expect(marksOf(fixture)).toBe(before);
});
