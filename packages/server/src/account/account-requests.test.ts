// [USER-2] A user sees the own devices and signs them out, over the socket.
import { expect, test } from 'bun:test';
import type { DeviceId } from '@parley/protocol/ids';
import { ServerFixture } from '../testing/server-fixture.ts';
import type { TestClient } from '../testing/test-client.ts';

async function devices(client: TestClient) {
  const answer = await client.request({ type: 'list_devices' });
  if (answer.type !== 'devices') throw new Error(JSON.stringify(answer));
  return answer.rows;
}

function revoke(client: TestClient, device_id: DeviceId) {
  return client.request({ type: 'revoke_device', device_id });
}

test('[USER-2] list_devices answers every device of the user, and says which is connected and which one asks', async () => {
  const fixture = new ServerFixture();
  const ada = await fixture.join('ada');
  await fixture.login('ada');
  const tablet = await fixture.connect((await fixture.login('ada')).token);
  await fixture.join('bob');
  const own = await devices(ada);
  expect(own.map(({ connected, current }) => [connected, current])).toEqual([
    [true, true],
    [false, undefined],
    [true, undefined],
  ]);
  expect(own.map((row) => row.name)).toEqual(['device', 'device', 'device']);
  expect(own.every((row) => row.created_at <= fixture.clock.now())).toBe(true);
  tablet.cut();
  expect((await devices(ada)).map((row) => row.connected)).toEqual([true, false, false]);
});

test('[USER-2] revoke_device signs another device out as HTTP-3 does: sockets closed with 4401, token refused, device gone', async () => {
  const fixture = new ServerFixture();
  const ada = await fixture.join('ada');
  const { token, device_id } = await fixture.login('ada');
  const phones = [await fixture.connect(token), await fixture.connect(token)];
  const conversation = await (await fixture.join('bob')).direct(ada.userId);
  expect(await revoke(ada, device_id)).toMatchObject({ type: 'done' });
  expect(phones.map((phone) => phone.socket.closedWith?.code)).toEqual([4401, 4401]);
  expect((await fixture.connect(token)).faults).toEqual(['invalid_credentials']);
  expect((await devices(ada)).map((row) => row.current)).toEqual([true]);
  await ada.text(conversation, 'still here');
  expect(ada.socket.closedWith).toBeUndefined();
  expect(phones.flatMap((phone) => phone.pushedTexts())).toEqual([]);
  expect(fixture.log.events()).toContain('device_revoked');
});

test('[USER-2] a device that signs itself out gets its answer, then 4401 on all of its sockets', async () => {
  const fixture = new ServerFixture();
  const ada = await fixture.join('ada');
  const twin = await fixture.connect(ada.token);
  const phone = await fixture.connect((await fixture.login('ada')).token);
  expect(await revoke(ada, ada.session.device)).toMatchObject({ type: 'done' });
  expect([ada, twin].map((client) => client.socket.closedWith?.code)).toEqual([4401, 4401]);
  expect(ada.all('done')).toHaveLength(1);
  expect(twin.all('done')).toEqual([]);
  expect((await fixture.connect(ada.token)).faults).toEqual(['invalid_credentials']);
  expect(await devices(phone)).toHaveLength(1);
});

test("[USER-2] another user's device, one that is gone and one that never was are answered with not_found", async () => {
  const fixture = new ServerFixture();
  const ada = await fixture.join('ada');
  const bob = await fixture.join('bob');
  const { device_id } = await fixture.login('ada');
  await revoke(ada, device_id);
  for (const id of [bob.session.device, device_id, '999999999' as DeviceId]) {
    expect(await revoke(ada, id)).toMatchObject({ type: 'error', code: 'not_found', field: 'device_id' });
  }
  expect(bob.socket.closedWith).toBeUndefined();
  await bob.send({ type: 'heartbeat' });
  expect((await devices(bob)).map((row) => row.connected)).toEqual([true]);
});

test('[USER-2] [HELLO-6] a hello that is being checked on the device is let in by no moment of the revocation', async () => {
  for (const method of ['token', 'usersByIds', 'devices']) {
    const fixture = new ServerFixture();
    const ada = await fixture.join('ada');
    const { token, device_id } = await fixture.login('ada');
    const held = fixture.faults.hold(method);
    const phone = await fixture.connect(token);
    expect(held.reached).toBe(true);
    const ref = ada.start({ type: 'revoke_device', device_id });
    await fixture.settle();
    held.release();
    await fixture.settle();
    expect(ada.answer(ref)).toMatchObject({ type: 'done' });
    expect(phone.socket.closedWith?.code).toBe(4401);
    expect(phone.all('welcome')).toEqual([]);
  }
});

test('[USER-2] a device that the store could not remove stays signed in, and the user is told', async () => {
  const fixture = new ServerFixture();
  const ada = await fixture.join('ada');
  const { token, device_id } = await fixture.login('ada');
  const phone = await fixture.connect(token);
  fixture.stores.accounts.removeDevice = () => Promise.reject(new Error('disk'));
  expect(await revoke(ada, device_id)).toMatchObject({ type: 'error', code: 'outcome_unknown' });
  expect(phone.socket.closedWith).toBeUndefined();
  expect((await fixture.connect(token)).faults).toEqual([]);
});
