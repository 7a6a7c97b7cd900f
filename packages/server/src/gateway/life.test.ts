// Signs of life in both directions.
import { expect, test } from 'bun:test';
import { ServerFixture } from '../testing/server-fixture.ts';

test('[LIFE-1] a heartbeat is not answered and keeps the session', async () => {
  const fixture = new ServerFixture();
  const ada = await fixture.join('ada');
  ada.clear();
  for (let at = 0; at < 3; at++) {
    await fixture.timers.advance(4_900);
    await ada.send({ type: 'heartbeat' });
    expect(ada.frames).toEqual([]);
  }
  expect(ada.socket.closedWith).toBeUndefined();
});

test('[LIFE-1] any frame is a sign of life, also one that cannot be read', async () => {
  const fixture = new ServerFixture();
  const ada = await fixture.join('ada');
  for (let at = 0; at < 4; at++) {
    await fixture.timers.advance(10_000);
    await ada.raw(at % 2 === 0 ? '[{"type":"dance"}]' : '[{"type":"find_users","ref":1}]');
  }
  expect(ada.socket.closedWith).toBeUndefined();
});

test('[LIFE-2] [INV 17] a session that was silent for 12 s is closed with 4409, before 15 s and not before 12', async () => {
  for (const offset of [0, 130, 250, 499]) {
    const fixture = new ServerFixture();
    await fixture.timers.advance(offset);
    const ada = await fixture.join('ada');
    await fixture.timers.advance(3_000);
    await ada.send({ type: 'heartbeat' });
    await fixture.timers.advance(11_999);
    expect(ada.socket.closedWith).toBeUndefined();
    await fixture.timers.advance(1_001);
    expect(ada.socket.closedWith?.code).toBe(4409);
    expect(fixture.server.gateway.sessionCount).toBe(0);
  }
});

test('[LIFE-2] one that fell silent says nothing of the others', async () => {
  const fixture = new ServerFixture();
  const ada = await fixture.join('ada');
  const bob = await fixture.join('bob');
  for (let at = 0; at < 4; at++) {
    await fixture.timers.advance(5_000);
    await bob.send({ type: 'heartbeat' });
  }
  expect(ada.socket.closedWith?.code).toBe(4409);
  expect(bob.socket.closedWith).toBeUndefined();
});

test('[LIFE-3] a session hears something at least every 20 s, and no beat while there is other news', async () => {
  const fixture = new ServerFixture();
  const ada = await fixture.join('ada');
  const bob = await fixture.join('bob');
  const conversation = await ada.direct(bob.userId);
  let quietMs = 0;
  for (let at = 0; at < 240; at++) {
    ada.clear();
    await ada.send({ type: 'heartbeat' });
    await bob.send({ type: 'heartbeat' });
    await fixture.timers.advance(500);
    quietMs = ada.socket.messages.length > 0 ? 0 : quietMs + 500;
    expect(quietMs).toBeLessThan(20_000);
  }
  bob.clear();
  for (let at = 0; at < 12; at++) {
    await ada.text(conversation, `news ${at}`);
    await bob.send({ type: 'heartbeat' });
    await fixture.timers.advance(5_000);
  }
  expect(bob.all('beat')).toEqual([]);
});
