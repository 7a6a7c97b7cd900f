// Users by JWT: made at first sight, once, under a name that is free, and never someone else.
import { describe, expect, test } from 'bun:test';
import { DEVICES_PER_USER_MAX_COUNT } from '@parley/protocol/limits';
import { userNameSchema } from '@parley/protocol/user';
import { ADDRESS, AccountWorld, ok, PASSWORD, refusal } from '../testing/account-world.ts';
import { fitName } from './external-users.ts';
import { claims, forge, signBySecret } from './jwt-fixture.ts';
import { JWT_CLOCK_TOLERANCE_MS } from './jwt-verifier.ts';

async function seen(world: AccountWorld, changes: Record<string, unknown>, deviceKey?: string) {
  return ok(await world.hello(await signBySecret(claims(world.clock, changes)), deviceKey));
}

test('the first token makes the user, later ones find it, and the session ends with the token', async () => {
  const world = new AccountWorld();
  const first = await seen(world, { sub: 'u1', name: 'zoe' });
  expect(first.user.name).toBe('zoe');
  expect(first.expiresAt).toBe(world.clock.now() + 3_600_000 + JWT_CLOCK_TOLERANCE_MS);
  world.store.createUser = () => Promise.reject(new Error('the user is there already'));
  const again = await seen(world, { sub: 'u1', name: 'another-name' });
  expect(again.user).toEqual(first.user);
  expect(await world.store.userByExternalId('app|u1')).toMatchObject({
    id: first.user.id,
    passwordHash: undefined,
  });
});

test('many first sights at once make one user and one device', async () => {
  const world = new AccountWorld();
  const all = await Promise.all(
    Array.from({ length: 20 }, (_, count) => seen(world, { sub: 'u1', name: `name-${count % 3}` })),
  );
  expect(new Set(all.map(({ user }) => user.id)).size).toBe(1);
  expect(new Set(all.map(({ device }) => device.id)).size).toBe(1);
});

test('the same subject of another issuer, and of none, is another user', async () => {
  const world = new AccountWorld();
  const ids = [];
  for (const iss of ['one', 'two', undefined]) ids.push((await seen(world, { sub: 'u1', iss })).user.id);
  expect(new Set(ids).size).toBe(3);
});

test('a user with a password is never taken over by a token that carries the name', async () => {
  const world = new AccountWorld();
  const alice = ok(await world.register('alice')).credentials;
  for (const changes of [
    { sub: 'alice' },
    { sub: 'u2', name: 'alice' },
    { sub: alice.user_id, name: 'alice' },
  ]) {
    const { user } = await seen(world, changes);
    expect(user.id).not.toBe(alice.user_id);
    expect(user.name).not.toBe('alice');
  }
  ok(await world.login('alice'));
});

test('a user of the app has no password to sign in by, and the name cannot be registered', async () => {
  const world = new AccountWorld();
  await seen(world, { sub: 'zoe' });
  for (const password of ['', 'decoy', 'undefined', PASSWORD]) {
    expect(await world.login('zoe', password)).toMatchObject(refusal('invalid_credentials'));
  }
  expect(await world.register('zoe')).toMatchObject(refusal('name_taken'));
});

describe('names', () => {
  test.each([
    ['a valid name as it is', { sub: 'x', name: 'zoe.m' }, /^zoe\.m$/],
    ['the subject where the name is not valid', { sub: 'zoe-1', name: 'Zoë Müller' }, /^zoe-1$/],
    [
      'the name made fit where neither is',
      { sub: 'Auth0|17', name: 'Zoë Müller' },
      /^zoe-muller-[0-9a-f]{8}$/,
    ],
    ['the subject made fit where there is no name', { sub: 'Auth0|17' }, /^auth0-17-[0-9a-f]{8}$/],
    ['a word where nothing is left', { sub: '日本', name: '🙂' }, /^user-[0-9a-f]{8}$/],
    ['a long one cut', { sub: 'X', name: 'A'.repeat(8_00) }, /^a{23}-[0-9a-f]{8}$/],
  ])('%s', async (_title, changes, pattern) => {
    const { user } = await seen(new AccountWorld(), changes);
    expect(user.name).toMatch(pattern);
    expect(userNameSchema.safeParse(user.name).success).toBe(true);
  });

  test('a taken name gets an ending', async () => {
    const world = new AccountWorld();
    await seen(world, { sub: 'X1', name: 'zoe' });
    expect((await seen(world, { sub: 'X2', name: 'zoe' })).user.name).toMatch(/^zoe-[0-9a-f]{8}$/);
  });

  test('what is made fit is a valid name', () => {
    for (const text of [
      '__proto__',
      '..',
      '-a-',
      'É',
      'x'.repeat(100),
      '\u0301',
      'a b/c\\d',
      '.'.repeat(40) + 'a',
    ]) {
      expect(userNameSchema.safeParse(fitName(text, 23)).success).toBe(true);
    }
  });
});

describe('devices', () => {
  test('one for each device key; without one it is the same each time', async () => {
    const world = new AccountWorld();
    const plain = await seen(world, {});
    const phone = await seen(world, {}, 'phone');
    expect(plain.device.key).toBe('default');
    expect((await seen(world, {})).device.id).toBe(plain.device.id);
    expect((await seen(world, {}, 'phone')).device.id).toBe(phone.device.id);
    expect(phone.device.id).not.toBe(plain.device.id);
  });

  test('[HTTP-4] past the limit a new key is refused while all are connected, a known one is not, also for many at once', async () => {
    const world = new AccountWorld({ isLive: () => true });
    const token = await signBySecret(claims(world.clock));
    const keys = Array.from({ length: DEVICES_PER_USER_MAX_COUNT + 10 }, (_, count) => `key-${count}`);
    const outcomes = await Promise.all(keys.map((key) => world.hello(token, key)));
    const accepted = outcomes.flatMap((outcome) => (outcome.kind === 'ok' ? [outcome.device.key] : []));
    expect(accepted).toHaveLength(DEVICES_PER_USER_MAX_COUNT);
    const refused = outcomes.filter((outcome) => outcome.kind === 'refused');
    for (const outcome of refused) expect(outcome).toMatchObject(refusal('limit_reached'));
    world.clock.advance(1_000_000);
    expect(await world.hello(token, 'one-more')).toMatchObject(refusal('limit_reached'));
    ok(await world.hello(token, accepted[0]));
  });

  test('[HTTP-4] past the limit a new key takes the place of the oldest device that is not connected', async () => {
    const live = new Set<string>();
    const world = new AccountWorld({ isLive: (_user, device) => live.has(device) });
    const token = await signBySecret(claims(world.clock));
    const made = [];
    for (let count = 0; count < DEVICES_PER_USER_MAX_COUNT; count += 1) {
      made.push(ok(await world.hello(token, `key-${count}`)));
      world.clock.advance(1);
    }
    const [oldest, second] = made;
    if (oldest === undefined || second === undefined) throw new Error('none');
    live.add(oldest.device.id);
    const { device, user } = ok(await world.hello(token, 'one-more'));
    const keys = (await world.service.deviceList(user.id)).map(({ key }) => key);
    expect(keys).toHaveLength(DEVICES_PER_USER_MAX_COUNT);
    expect(keys).toContain(oldest.device.key);
    expect(keys).toContain(device.key);
    expect(keys).not.toContain(second.device.key);
    // Its session was just about to be attached: it is not.
    expect(world.service.wasRevoked(second.device.id)).toBe(true);
    expect(world.service.wasRevoked(oldest.device.id)).toBe(false);
  });
});

test('a refused JWT makes no user, and without a verifier every JWT is refused', async () => {
  const world = new AccountWorld();
  const { clock } = world;
  expect(await world.hello(await signBySecret(claims(clock), new Uint8Array(32)))).toMatchObject(
    refusal('invalid_credentials'),
  );
  expect(await world.hello(forge({ alg: 'none' }, JSON.stringify(claims(clock))))).toMatchObject(
    refusal('invalid_credentials'),
  );
  expect(await world.hello(await signBySecret(claims(clock, { exp: 1 })))).toMatchObject(
    refusal('token_expired'),
  );
  expect(await world.store.userByExternalId('app|user-1')).toBeUndefined();
  const without = new AccountWorld({ jwt: undefined });
  expect(await without.hello(await signBySecret(claims(clock)))).toMatchObject(
    refusal('invalid_credentials'),
  );
});

test('[HTTP-4] why a JWT was refused is in the log, and nothing of the token', async () => {
  const world = new AccountWorld();
  const token = await signBySecret(claims(world.clock, { aud: 'other', sub: 'someone' }));
  await world.hello(token);
  expect(world.log.events()).toEqual(['jwt_refused', 'token_refused']);
  expect(world.log.text()).toContain('ERR_JWT_CLAIM_VALIDATION_FAILED aud');
  for (const part of [...token.split('.'), 'someone', 'other']) expect(world.log.text()).not.toContain(part);
});

test('a JWT cannot be signed out, only expire', async () => {
  const world = new AccountWorld();
  const token = await signBySecret(claims(world.clock));
  expect(await world.service.logout(token, ADDRESS)).toMatchObject(refusal('invalid_credentials'));
  ok(await world.hello(token));
});
