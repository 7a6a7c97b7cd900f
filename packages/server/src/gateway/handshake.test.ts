// The hello: who is let in, what the first frames may be, and how fast.
import { expect, test } from 'bun:test';
import { PROTOCOL_VERSION } from '@parley/protocol/version';
import { FakeClock } from '@parley/adapter-memory/fake-clock';
import { DEVICES_PER_USER_MAX_COUNT } from '@parley/protocol/limits';
import { AUDIENCE, claims, SECRET, signBySecret } from '../account/jwt-fixture.ts';
import { JwtVerifier } from '../account/jwt-verifier.ts';
import { DAY_MS, ServerFixture } from '../testing/server-fixture.ts';
import { SESSIONS_PER_USER_MAX_COUNT, UNAUTHENTICATED_MAX_COUNT } from './limits.ts';

test('[HELLO-1] [HELLO-2] hello is answered with welcome and who the client is', async () => {
  const fixture = new ServerFixture();
  const { token, user_id, device_id } = await fixture.register('ada');
  const client = fixture.open();
  await client.send({ type: 'hello', version: 1, token, min_version: 1, client: 'tests/1' });
  expect(client.frames[0]).toEqual({
    type: 'welcome',
    version: 1,
    session_id: expect.stringMatching(/^[1-9][0-9]*$/),
    user_id,
    name: 'ada',
    device_id,
    server_time: fixture.clock.now(),
    heartbeat_interval_ms: 5_000,
    beat_interval_ms: 20_000,
    log_id: 'memory-1',
  });
});

test('[HELLO-2] two sessions of one device are two sessions', async () => {
  const fixture = new ServerFixture();
  const ada = await fixture.join('ada');
  const other = await fixture.connect(ada.token);
  expect(other.last('welcome').device_id).toBe(ada.last('welcome').device_id);
  expect(other.last('welcome').session_id).not.toBe(ada.last('welcome').session_id);
});

test('[HELLO-3] [CLOSE-1] without a hello within 5 s the server closes with 4408', async () => {
  const fixture = new ServerFixture();
  const silent = fixture.open();
  await fixture.timers.advance(4_900);
  expect(silent.socket.closedWith).toBeUndefined();
  await fixture.timers.advance(600);
  expect(silent.socket.closedWith?.code).toBe(4408);
  expect(fixture.server.gateway.sessionCount).toBe(0);
});

test('[HELLO-3] a hello that cannot be checked within 5 s counts as none', async () => {
  const fixture = new ServerFixture();
  const { token } = await fixture.register('ada');
  const held = fixture.faults.hold('token');
  const client = await fixture.connect(token);
  await fixture.timers.advance(5_500);
  expect(client.socket.closedWith?.code).toBe(4408);
  held.release();
  await fixture.settle();
  expect(client.all('welcome')).toEqual([]);
});

test.each([
  ['a request', [{ type: 'find_users', ref: 1, names: ['ada'] }]],
  ['a heartbeat', [{ type: 'heartbeat' }]],
  ['an unknown frame', [{ type: 'dance' }]],
  ['a request that cannot be read', [{ type: 'send', ref: 1 }]],
])('[HELLO-3] %s as the first frame is answered with hello_expected and 4400', async (_, frames) => {
  const fixture = new ServerFixture();
  const client = fixture.open();
  await client.raw(JSON.stringify([...frames, { type: 'find_users', ref: 2, names: ['ada'] }]));
  expect(client.frames).toMatchObject([{ type: 'error', code: 'hello_expected' }]);
  expect(client.socket.closedWith?.code).toBe(4400);
});

test('[SOCK-4] a hello with a bad field is told which one, and the socket is closed', async () => {
  const fixture = new ServerFixture();
  const client = fixture.open();
  await client.raw('[{"type":"hello","version":"1","token":"x"}]');
  expect(client.frames).toMatchObject([{ type: 'error', code: 'invalid_field', field: 'version' }]);
  expect(client.socket.closedWith?.code).toBe(4400);
});

test('[HELLO-3] a second hello is answered with hello_expected, and the session goes on', async () => {
  const fixture = new ServerFixture();
  const ada = await fixture.join('ada');
  await ada.hello(ada.token);
  expect(ada.faults).toEqual(['hello_expected']);
  expect(ada.all('welcome')).toHaveLength(1);
  expect(await ada.request({ type: 'find_users', names: ['ada'] })).toMatchObject({
    users: [{ name: 'ada' }],
  });
});

test('[HELLO-3] nothing that came before the welcome is carried out', async () => {
  const fixture = new ServerFixture();
  const ada = await fixture.join('ada');
  const { token } = await fixture.register('bob');
  const bob = fixture.open();
  const open = { type: 'open_direct' as const, ref: 1, user_id: ada.userId };
  await bob.send({ type: 'hello', version: 1, token }, open);
  expect(bob.last('error')).toMatchObject({ ref: 1, code: 'hello_expected' });
  expect(bob.all('conversation')).toEqual([]);
  expect(fixture.stores.world.state.conversations.size).toBe(0);
});

test('[HELLO-4] a token that nobody has is answered with invalid_credentials and 4401', async () => {
  const fixture = new ServerFixture();
  for (const token of ['nonsense', `plt_${'a'.repeat(43)}`, 'a.b.c']) {
    const client = await fixture.connect(token);
    expect(client.faults).toEqual(['invalid_credentials']);
    expect(client.socket.closedWith?.code).toBe(4401);
  }
});

test('[HELLO-4] an expired token is answered with token_expired and 4401', async () => {
  const fixture = new ServerFixture();
  const { token } = await fixture.register('ada');
  fixture.clock.step(91 * DAY_MS);
  const client = await fixture.connect(token);
  expect(client.faults).toEqual(['token_expired']);
  expect(client.socket.closedWith?.code).toBe(4401);
});

test('[HELLO-4] a store that fails says nothing against the token: reconnect', async () => {
  const fixture = new ServerFixture();
  const { token } = await fixture.register('ada');
  fixture.faults.next('token', 'unavailable');
  const client = await fixture.connect(token);
  expect(client.faults).toEqual(['unavailable']);
  expect(client.socket.closedWith?.code).toBe(4500);
});

test.each([
  ['storage_full', 'storage_full'],
  ['unknown_applied', 'outcome_unknown'],
] as const)('[HELLO-4] a store that fails with %s is told as %s: reconnect', async (kind, code) => {
  const fixture = new ServerFixture();
  const { token } = await fixture.register('ada');
  fixture.faults.next('token', kind);
  const client = await fixture.connect(token);
  expect(client.last('error')).toMatchObject({ code, retry: 'later', retry_after_ms: expect.any(Number) });
  expect(client.socket.closedWith?.code).toBe(4500);
});

test('[HELLO-5] the server picks the highest version that both speak', async () => {
  const fixture = new ServerFixture();
  const { token } = await fixture.register('ada');
  const newer = fixture.open();
  await newer.send({ type: 'hello', version: 9, min_version: 1, token });
  expect(newer.last('welcome').version).toBe(PROTOCOL_VERSION);
  const older = fixture.open();
  await older.send({ type: 'hello', version: 1, token });
  expect(older.last('welcome').version).toBe(1);
});

test.each([{ version: 9 }, { version: 9, min_version: PROTOCOL_VERSION + 1 }])(
  '[HELLO-5] %o: no version in common is answered with version_unsupported and 4406',
  async (versions) => {
    const fixture = new ServerFixture();
    const { token } = await fixture.register('ada');
    const client = fixture.open();
    await client.send({ type: 'hello', token, ...versions });
    expect(client.frames).toMatchObject([{ type: 'error', code: 'version_unsupported', field: 'version' }]);
    expect(client.socket.closedWith?.code).toBe(4406);
  },
);

test('[HELLO-6] a socket is closed with 4401 within 5 s of the end of its token', async () => {
  const fixture = new ServerFixture({ server: { tokenLifetimeMs: 60_000 } });
  const ada = await fixture.join('ada');
  while (fixture.clock.monotonic() < 60_000) {
    expect(ada.socket.closedWith).toBeUndefined();
    await ada.send({ type: 'heartbeat' });
    await fixture.timers.advance(1_000);
  }
  await fixture.timers.advance(4_500);
  expect(ada.socket.closedWith?.code).toBe(4401);
});

test('[HELLO-6] [HTTP-3] a sign-out closes the sockets of its device at once, and those of no other', async () => {
  const fixture = new ServerFixture();
  const ada = await fixture.join('ada');
  const twin = await fixture.connect(ada.token);
  const phone = await fixture.connect((await fixture.login('ada')).token);
  const bob = await fixture.join('bob');
  const conversation = await bob.direct(phone.userId);
  expect(await fixture.server.accounts.logout(ada.token, '127.0.0.1')).toEqual({ kind: 'ok' });
  await fixture.timers.advance(5_000);
  expect([ada, twin].map((client) => client.socket.closedWith?.code)).toEqual([4401, 4401]);
  expect(phone.socket.closedWith).toBeUndefined();
  await bob.text(conversation, 'secret');
  expect([ada, twin, phone].map((client) => client.pushedTexts())).toEqual([[], [], ['secret']]);
  expect((await fixture.connect(ada.token)).faults).toEqual(['invalid_credentials']);
});

test('[HELLO-6] a sign-out while the hello is being checked lets nobody in, whichever comes first', async () => {
  for (const method of ['token', 'usersByIds', 'devices']) {
    const fixture = new ServerFixture();
    const { token } = await fixture.register('ada');
    const held = fixture.faults.hold(method);
    const client = await fixture.connect(token);
    expect(held.reached).toBe(true);
    await fixture.server.accounts.logout(token, '127.0.0.1');
    held.release();
    await fixture.timers.advance(5_000);
    expect(client.socket.closedWith?.code).toBe(4401);
    expect(client.all('welcome')).toEqual([]);
  }
});

test('[SOCK-7] a user has at most 64 sessions, also when many say hello at once; the others are to come back', async () => {
  const fixture = new ServerFixture();
  const { token } = await fixture.register('ada');
  const clients = Array.from({ length: SESSIONS_PER_USER_MAX_COUNT + 5 }, () => fixture.open());
  await Promise.all(clients.map((client) => client.hello(token)));
  expect(clients.filter((client) => client.all('welcome').length === 1)).toHaveLength(
    SESSIONS_PER_USER_MAX_COUNT,
  );
  const refused = clients.filter((client) => client.socket.closedWith !== undefined);
  expect(refused).toHaveLength(5);
  for (const client of refused) {
    expect(client.last('error')).toMatchObject({
      code: 'rate_limited',
      retry: 'later',
      retry_after_ms: 30_000,
    });
  }
  expect(new Set(refused.map((client) => client.socket.closedWith?.code))).toEqual(new Set([4429]));
  clients.find((client) => client.socket.closedWith === undefined)?.cut();
  expect((await fixture.connect(token)).faults).toEqual([]);
});

test('sockets that have not authenticated are capped, and make room when they go', async () => {
  const fixture = new ServerFixture();
  const { gateway } = fixture.server;
  const { token } = await fixture.register('ada');
  const waiting = Array.from({ length: UNAUTHENTICATED_MAX_COUNT }, () => fixture.open());
  expect(gateway.accepts).toBe(false);
  waiting[0]?.cut();
  expect(gateway.accepts).toBe(true);
  fixture.open();
  expect(gateway.accepts).toBe(false);
  await waiting[1]?.hello(token);
  expect(gateway.accepts).toBe(true);
});

test('[HTTP-4] a 51st installation gets the place of one that is not connected, never of one that is', async () => {
  const clock = new FakeClock();
  const keys = { kind: 'secret' as const, secret: SECRET };
  const jwt = new JwtVerifier({ keys, audience: AUDIENCE, issuer: undefined, clock });
  const fixture = new ServerFixture({ clock, server: { jwt } });
  const token = await signBySecret(claims(clock));
  const hello = async (key: string) => {
    const client = fixture.open();
    await client.send({ type: 'hello', version: 1, token, device_key: key });
    // The signature is checked on another thread, and not in the time of the fixture.
    const end = Date.now() + 5_000;
    while (client.frames.length === 0 && Date.now() < end) {
      await Bun.sleep(0);
      await fixture.settle();
    }
    return client;
  };
  const clients = [];
  for (let count = 0; count <= DEVICES_PER_USER_MAX_COUNT; count += 1) {
    const client = await hello(`key-${count}`);
    clients.push(client);
    clock.step(1);
    // Only the second one goes away again.
    if (count === 1) client.cut();
  }
  expect(clients.map((client) => client.all('welcome').length)).toEqual(clients.map(() => 1));
  const { user_id: user, device_id: first } = clients[0]?.last('welcome') ?? {};
  if (user === undefined || first === undefined) throw new Error('not let in');
  const devices = await fixture.server.accounts.deviceList(user);
  expect(devices).toHaveLength(DEVICES_PER_USER_MAX_COUNT);
  const left = devices.map(({ key }) => key);
  expect([left.includes('key-0'), left.includes('key-1')]).toEqual([true, false]);
  expect((await hello('one-more')).faults).toEqual(['limit_reached']);
});
