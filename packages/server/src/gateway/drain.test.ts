// A server that goes away: it says so, answers what is under way, takes nothing new, loses no mark.
import { expect, test } from 'bun:test';
import { ServerFixture } from '../testing/server-fixture.ts';
import { sendOf } from '../testing/test-client.ts';
import { DRAIN_MAX_MS, DRAIN_SPREAD_MS } from './limits.ts';

async function pair() {
  const fixture = new ServerFixture();
  const ada = await fixture.join('ada');
  const bob = await fixture.join('bob');
  const conversation = await ada.direct(bob.userId);
  return { fixture, ada, bob, conversation };
}

test('[CLOSE-3] sends under way are answered, new requests are told shutting_down, then 4503', async () => {
  const { fixture, ada, bob, conversation } = await pair();
  const held = fixture.faults.hold('append');
  const under = ada.start(sendOf(conversation, [{ id: 'a', text: 'under way' }]));
  await fixture.settle();
  const stopped = fixture.server.stop();
  await fixture.timers.advance(100);
  for (const client of [ada, bob]) {
    const { retry_after_ms } = client.last('draining');
    expect(retry_after_ms).toBeWithin(0, DRAIN_SPREAD_MS + 1);
    expect(client.socket.closedWith).toBeUndefined();
  }
  const late = await bob.request(sendOf(conversation, [{ id: 'b', text: 'too late' }]));
  expect(late).toMatchObject({ type: 'error', code: 'shutting_down', retry: 'later' });
  held.release();
  await fixture.timers.advance(100);
  await stopped;
  expect(ada.answer(under)).toMatchObject({ type: 'sent', results: [{ seq: 1 }] });
  expect(bob.pushedTexts()).toEqual(['under way']);
  for (const client of [ada, bob]) expect(client.socket.closedWith?.code).toBe(4503);
  expect(fixture.stores.world.state.logs.get(conversation)?.head).toBe(1);
});

test('[CLOSE-3] a session that has not said hello is closed with 4503, and none is taken any more', async () => {
  const { fixture } = await pair();
  const held = fixture.faults.hold('token');
  const waiting = fixture.open();
  const checking = await fixture.connect((await fixture.register('eve')).token);
  const stopped = fixture.server.stop();
  expect(fixture.server.gateway.accepts).toBe(false);
  const late = fixture.open();
  await fixture.timers.advance(100);
  await stopped;
  held.release();
  await fixture.settle();
  for (const client of [waiting, checking, late]) expect(client.socket.closedWith?.code).toBe(4503);
  expect(checking.all('welcome')).toEqual([]);
});

test('[CLOSE-3] what never ends is not waited for longer than 5 s, and is not acknowledged', async () => {
  const { fixture, ada, conversation } = await pair();
  const held = fixture.faults.hold('append');
  const ref = ada.start(sendOf(conversation, [{ id: 'a', text: 'stuck' }]));
  await fixture.settle();
  const stopped = fixture.server.stop();
  await fixture.timers.advance(DRAIN_MAX_MS - 100);
  expect(ada.socket.closedWith).toBeUndefined();
  await fixture.timers.advance(200);
  await stopped;
  expect(ada.socket.closedWith?.code).toBe(4503);
  expect(ada.answer(ref)).toBeUndefined();
  held.release();
  await fixture.settle();
});

test('[CLOSE-3] [RECV-3] marks that were taken are stored before the server is gone', async () => {
  const { fixture, ada, bob, conversation } = await pair();
  await ada.text(conversation, 'x');
  await bob.mark(conversation, 1);
  const stopped = fixture.server.stop();
  await fixture.timers.advance(100);
  await stopped;
  const next = fixture.restart();
  const again = await next.connect(bob.token);
  expect(again.all('heads')).toEqual([]);
  expect(again.all('queue_empty')).toHaveLength(1);
});
