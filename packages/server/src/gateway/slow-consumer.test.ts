// [INV 20] A client that does not read costs nobody else anything: neither time nor memory without bound.
import { expect, test } from 'bun:test';
import type { ConversationId } from '@parley/protocol/ids';
import { ServerFixture } from '../testing/server-fixture.ts';
import { sendOf, type TestClient } from '../testing/test-client.ts';
import {
  OUTBOX_MAX_BYTES,
  PUSH_BUFFER_MAX_BYTES,
  REQUESTS_ACTIVE_MAX_COUNT,
  SLOW_CLOSE_GRACE_MS,
  UNAVAILABLE_LOG_INTERVAL_MS,
} from './limits.ts';

const STRANGE = '424242' as ConversationId;
const BIG = 'x'.repeat(7_000);

async function room() {
  const fixture = new ServerFixture();
  const ada = await fixture.join('ada');
  const slow = await fixture.join('slow');
  const bob = await fixture.join('bob');
  const group = await ada.group('room', [slow.userId, bob.userId]);
  for (const client of [ada, slow, bob]) client.clear();
  return { fixture, ada, slow, bob, group };
}

async function talk(ada: TestClient, group: ConversationId, from: number, count: number): Promise<void> {
  for (let at = from; at < from + count; at++)
    await ada.texts(group, [{ id: `id-${at}`, text: `${at} ${BIG}` }]);
}

test('[PUSH-4] pushes to a session that does not read stop at a bound, and heads come when it has drained', async () => {
  const { ada, slow, bob, group } = await room();
  slow.socket.outcome = 'buffered';
  await talk(ada, group, 0, 200);
  expect(slow.socket.closedWith).toBeUndefined();
  expect(slow.session.waitingBytes).toBeGreaterThan(PUSH_BUFFER_MAX_BYTES);
  expect(slow.session.waitingBytes).toBeLessThan(PUSH_BUFFER_MAX_BYTES + 20_000);
  expect(bob.pushedTexts()).toHaveLength(200);
  expect(slow.all('heads')).toEqual([]);
  await slow.drain();
  expect(slow.all('heads').at(-1)?.rows).toMatchObject([{ conversation_id: group, head: 201 }]);
  await talk(ada, group, 200, 1);
  expect(slow.pushedTexts().at(-1)).toStartWith('200 ');
});

test('[PUSH-4] [PITFALL: a send queue fills, the session is detached and never told] it catches up by pull', async () => {
  const { ada, slow, group } = await room();
  slow.socket.outcome = 'buffered';
  await talk(ada, group, 0, 120);
  await slow.drain();
  const { head } = slow.last('heads').rows[0] ?? { head: 0 };
  const got: number[] = [];
  for (let after = 0; after < head;) {
    const page = await slow.pull(group, after);
    got.push(...page.entries.map((entry) => entry.seq));
    after = page.through;
  }
  expect(got).toEqual(Array.from({ length: 121 }, (_, at) => at + 1));
});

test('[PUSH-4] heads come also when the session fell behind while a look was under way', async () => {
  const { fixture, ada, slow, group } = await room();
  const late = await ada.direct(slow.userId);
  slow.socket.outcome = 'buffered';
  await talk(ada, group, 0, 60);
  const held = fixture.faults.hold('read');
  await slow.drain();
  expect(held.reached).toBe(true);
  // The look has read the queue, and now more is committed that the session drops.
  slow.socket.outcome = 'buffered';
  await talk(ada, group, 60, 60);
  await ada.text(late, 'dropped');
  await slow.drain();
  slow.clear();
  held.release();
  await fixture.settle();
  expect(slow.pushedTexts()).not.toContain('dropped');
  expect(slow.all('heads').flatMap((heads) => heads.rows)).toContainEqual(
    expect.objectContaining({ conversation_id: late, head: 1 }),
  );
});

test('[PUSH-4] [CLOSE-1] of whom nothing could be written for 10 s is cut off', async () => {
  const { fixture, ada, slow, bob, group } = await room();
  slow.socket.outcome = 'buffered';
  await talk(ada, group, 0, 1);
  const startMs = fixture.clock.monotonic();
  while (slow.session.state.kind !== 'closed' && fixture.clock.monotonic() < startMs + 30_000) {
    for (const client of [ada, slow, bob]) await client.send({ type: 'heartbeat' });
    await fixture.timers.advance(500);
  }
  expect(slow.session.state.kind).toBe('closed');
  // A visit finds it stuck, and the first visit after 10 s ends it.
  expect(fixture.clock.monotonic() - startMs).toBeWithin(10_000, 19_001);
  await fixture.timers.advance(SLOW_CLOSE_GRACE_MS);
  expect([slow.socket.terminated, bob.socket.terminated]).toEqual([true, false]);
  expect(bob.socket.closedWith).toBeUndefined();
});

test('[PUSH-4] a session that reads slowly but reads is not closed', async () => {
  const { fixture, ada, slow, group } = await room();
  slow.socket.outcome = 'buffered';
  await talk(ada, group, 0, 20);
  for (let at = 0; at < 20; at++) {
    for (const client of [ada, slow]) await client.send({ type: 'heartbeat' });
    slow.socket.bufferedBytes -= 1_000;
    await fixture.timers.advance(4_000);
  }
  expect(slow.socket.closedWith).toBeUndefined();
});

test('[INV 20] [CLOSE-1] a slow consumer that has read within a second is closed with 4430, another is cut off', async () => {
  const { fixture, slow, bob } = await room();
  for (const client of [slow, bob]) {
    client.socket.bufferedBytes = 1_000;
    client.session.overflown();
  }
  expect([slow.session.state.kind, bob.session.state.kind]).toEqual(['closed', 'closed']);
  bob.socket.readAll();
  await fixture.timers.advance(SLOW_CLOSE_GRACE_MS - 1);
  expect([slow.socket.terminated, bob.socket.closedWith]).toEqual([false, undefined]);
  await fixture.timers.advance(1);
  expect([slow.socket.terminated, slow.socket.closedWith]).toEqual([true, undefined]);
  expect([bob.socket.terminated, bob.socket.closedWith?.code]).toEqual([false, 4430]);
});

test('[PUSH-4] a frame that the socket dropped ends the session with 4430', async () => {
  const { ada, slow, bob, group } = await room();
  slow.socket.outcome = 'dropped';
  await talk(ada, group, 0, 1);
  expect(slow.socket.closedWith?.code).toBe(4430);
  await talk(ada, group, 1, 1);
  expect(bob.pushedTexts()).toHaveLength(2);
});

test('[INV 20] [CLOSE-1] answers to one who does not read are bounded: it is cut off, and others are not disturbed', async () => {
  const { fixture, ada, slow, bob, group } = await room();
  const texts = Array.from({ length: 64 }, (_, n) => ({ id: `id-${n}`, text: 'x' }));
  slow.socket.outcome = 'buffered';
  let largest = 0;
  for (let at = 0; at < 2_000 && slow.session.state.kind !== 'closed'; at++) {
    slow.start(sendOf(STRANGE, texts));
    if (at % 50 === 0) await fixture.settle();
    largest = Math.max(largest, slow.session.waitingBytes);
  }
  expect(slow.session.state.kind).toBe('closed');
  await fixture.timers.advance(SLOW_CLOSE_GRACE_MS);
  expect(slow.socket.terminated).toBe(true);
  expect(largest).toBeWithin(OUTBOX_MAX_BYTES / 2, OUTBOX_MAX_BYTES + 1);
  await bob.text(group, 'fine');
  expect(ada.pushedTexts().at(-1)).toBe('fine');
});

test('[PULL-2] many pulls of large answers in one message are all answered, to a client that reads', async () => {
  const { ada, slow, group } = await room();
  await talk(ada, group, 0, 60);
  slow.clear();
  const refs = Array.from({ length: 60 }, () =>
    slow.start({ type: 'pull', conversation_id: group, after: 0 }),
  );
  await slow.send({ type: 'heartbeat' });
  expect(slow.socket.closedWith).toBeUndefined();
  expect(slow.all('pulled').map((frame) => frame.ref)).toEqual(refs);
  expect(slow.session.requestsInFlight).toBe(0);
});

test('[INV 20] pulls wait while the client has much to read, and go on when it has read', async () => {
  const { ada, slow, group } = await room();
  await talk(ada, group, 0, 60);
  slow.clear();
  slow.socket.outcome = 'buffered';
  const refs = Array.from({ length: 100 }, () =>
    slow.start({ type: 'pull', conversation_id: group, after: 0 }),
  );
  await slow.send({ type: 'heartbeat' });
  const atFirst = slow.all('pulled').length;
  expect(atFirst).toBeLessThan(10);
  expect(slow.session.waitingBytes).toBeLessThan(OUTBOX_MAX_BYTES / 2);
  for (let at = 0; at < 100 && slow.all('pulled').length < 100; at++) {
    await slow.drain();
    slow.socket.outcome = 'buffered';
    await slow.send({ type: 'heartbeat' });
  }
  expect(slow.all('pulled').map((frame) => frame.ref)).toEqual(refs);
  expect(slow.socket.closedWith).toBeUndefined();
});

test('[INV 20] of many requests of one session few read the store at a time, and all are answered', async () => {
  const { fixture, bob } = await room();
  const held = Array.from({ length: REQUESTS_ACTIVE_MAX_COUNT }, () =>
    fixture.faults.hold('conversationsOf'),
  );
  const before = fixture.faults.calls.length;
  const refs = Array.from({ length: 1_000 }, () => bob.start({ type: 'list_conversations' }));
  await fixture.settle();
  expect(fixture.faults.calls.slice(before)).toEqual(
    Array.from({ length: REQUESTS_ACTIVE_MAX_COUNT }, () => 'conversationsOf'),
  );
  for (const each of held) each.release();
  await fixture.settle();
  expect(bob.all('conversations').map((frame) => frame.ref)).toEqual(refs);
  expect(bob.session.requestsInFlight).toBe(0);
});

test('[INV 20] requests wait while the client has much to read, and go on when it has read', async () => {
  const { fixture, slow } = await room();
  const ids = await fixture.registerMany(200);
  slow.socket.outcome = 'buffered';
  const refs = Array.from({ length: 500 }, () => slow.start({ type: 'find_users', ids }));
  await fixture.settle();
  expect(slow.all('users').length).toBeWithin(1, 100);
  expect(slow.session.waitingBytes).toBeLessThan(PUSH_BUFFER_MAX_BYTES * 2);
  await slow.drain();
  expect(slow.all('users').map((frame) => frame.ref)).toEqual(refs);
});

test('a store that is unavailable is logged once a second, however many requests fail; another failure always', async () => {
  const { fixture, bob } = await room();
  const errors = () => fixture.log.lines.filter((line) => line.level === 'error').length;
  fixture.faults.always = () => 'unavailable';
  for (let at = 0; at < 10; at++) {
    expect(await bob.request({ type: 'list_conversations' })).toMatchObject({ code: 'unavailable' });
  }
  expect(errors()).toBe(1);
  fixture.clock.advance(UNAVAILABLE_LOG_INTERVAL_MS);
  await bob.request({ type: 'list_conversations' });
  expect(errors()).toBe(2);
  fixture.faults.always = () => 'unknown_not_applied';
  for (let at = 0; at < 3; at++) await bob.request({ type: 'list_conversations' });
  expect(errors()).toBe(5);
});

test('pulls that wait die with their session', async () => {
  const { fixture, ada, slow, group } = await room();
  await talk(ada, group, 0, 60);
  slow.socket.outcome = 'buffered';
  for (let at = 0; at < 100; at++) slow.start({ type: 'pull', conversation_id: group, after: 0 });
  await fixture.settle();
  slow.cut();
  const before = fixture.faults.calls.filter((method) => method === 'read').length;
  await slow.drain();
  expect(fixture.faults.calls.filter((method) => method === 'read')).toHaveLength(before);
  expect(fixture.log.lines.filter((line) => line.level === 'error')).toEqual([]);
});
