// Accounts with a password: register, sign in, tokens, sign out, and what each refuses.
import { describe, expect, test } from 'bun:test';
import type { UserId } from '@parley/protocol/ids';
import { DEVICES_PER_USER_MAX_COUNT } from '@parley/protocol/limits';
import { CheapAlgorithm } from './account-fixture.ts';
import { EXPIRED_TOKENS_KEPT_MS } from './account-service.ts';
import { ADDRESS, AccountWorld, ok, PASSWORD, refusal } from '../testing/account-world.ts';
import { HASHES_PER_ADDRESS_MAX_COUNT } from './hashing-share.ts';
import { HASHES_BUSY_RETRY_MS, PasswordHasher } from './password-hasher.ts';
import { REGISTRATION_INTERVAL_MS, REGISTRATIONS_PER_ADDRESS_BURST_COUNT } from './registration-throttle.ts';
import { hashToken, TOKEN_LIFETIME_MS } from './token.ts';

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await Promise.resolve();
}

describe('register', () => {
  test('makes a user, a device and a token that signs it in', async () => {
    const world = new AccountWorld();
    const { credentials } = ok(
      await world.service.register({
        name: 'alice',
        password: PASSWORD,
        deviceName: 'laptop',
        address: ADDRESS,
      }),
    );
    const signedIn = ok(await world.hello(credentials.token));
    expect(signedIn.user).toEqual({ id: credentials.user_id, name: 'alice' });
    expect(signedIn.device).toMatchObject({
      id: credentials.device_id,
      key: credentials.device_id,
      name: 'laptop',
    });
    expect(signedIn.expiresAt).toBe(world.clock.now() + TOKEN_LIFETIME_MS);
  });

  test('keeps the password and the token only as hashes', async () => {
    const world = new AccountWorld();
    const { credentials } = ok(await world.register('alice'));
    const hash = hashToken(credentials.token) ?? '';
    expect(await world.store.token(hash)).toMatchObject({ hash, device: credentials.device_id });
    expect(await world.store.token(credentials.token)).toBeUndefined();
    expect((await world.store.userByName('alice'))?.passwordHash).toBe(`cheap$1$${PASSWORD}`);
  });

  test('a taken name is refused, also to the second of two at once, and its password stays', async () => {
    const world = new AccountWorld();
    const both = await Promise.all([world.register('alice'), world.register('alice', 'another password')]);
    expect(both.map((outcome) => outcome.kind).toSorted()).toEqual(['ok', 'refused']);
    const before = world.algorithm.hashed;
    expect(await world.register('alice', 'another password')).toMatchObject(refusal('name_taken'));
    expect(world.algorithm.hashed).toBe(before);
    expect(await world.login('alice')).toMatchObject({ kind: 'ok' });
  });

  test('a weak password is refused, and so is everyone where registration is closed', async () => {
    expect(await new AccountWorld().register('alice', 'password')).toMatchObject(refusal('invalid_field'));
    const closed = new AccountWorld({ registration: 'closed' });
    expect(await closed.register('alice')).toMatchObject(refusal('registration_closed'));
    expect(await closed.store.userByName('alice')).toBeUndefined();
  });

  test.each(['createDevice', 'createToken'] as const)(
    '[HTTP-1] a user who could not be signed in (%s) is told that the name may be his, and signs in',
    async (method) => {
      const world = new AccountWorld();
      const works = world.store[method];
      Object.assign(world.store, { [method]: () => Promise.reject(new Error('disk')) });
      const outcome = await world.register('alice');
      expect(outcome).toMatchObject({ fault: { code: 'outcome_unknown', retry: 'later' } });
      expect(JSON.stringify(outcome)).toContain('sign in');
      Object.assign(world.store, { [method]: works });
      ok(await world.login('alice'));
    },
  );

  test('[HTTP-1] an address that registers too many waits, others do not', async () => {
    const world = new AccountWorld();
    for (let count = 0; count < REGISTRATIONS_PER_ADDRESS_BURST_COUNT; count += 1) {
      ok(await world.register(`user-${count}`));
    }
    const before = world.algorithm.hashed;
    expect(await world.register('alice')).toMatchObject({
      fault: { code: 'rate_limited', retry_after_ms: REGISTRATION_INTERVAL_MS },
    });
    expect(world.algorithm.hashed).toBe(before);
    const request = { name: 'alice', password: PASSWORD, deviceName: undefined, address: '192.0.2.77' };
    ok(await world.service.register(request));
    world.clock.advance(REGISTRATION_INTERVAL_MS);
    ok(await world.register('bob'));
  });

  test('[HTTP-1] [HTTP-2] one address does not take every place of the hashing pool, by registering or by signing in', async () => {
    const algorithm = new CheapAlgorithm();
    algorithm.hold = true;
    const hasher = new PasswordHasher({ algorithm, runningMaxCount: 1, waitingMaxCount: 64 });
    const world = new AccountWorld({ hasher });
    const begun = Array.from({ length: HASHES_PER_ADDRESS_MAX_COUNT / 2 }, (_, count) => [
      world.register(`user-${count}`),
      world.login(`user-${count}`),
    ]).flat();
    await turns(20);
    for (const late of [await world.register('late'), await world.login('late')]) {
      expect(late).toMatchObject({ fault: { code: 'rate_limited', retry_after_ms: HASHES_BUSY_RETRY_MS } });
    }
    const other = world.login('late', PASSWORD, '192.0.2.77');
    for (let done = 0; done <= begun.length; done += 1) {
      algorithm.release();
      await turns(20);
    }
    expect(await other).toMatchObject(refusal('invalid_credentials'));
    await Promise.all(begun);
  });

  test('there is no default account', async () => {
    const world = new AccountWorld();
    for (const name of ['admin', 'root', 'parley', 'user', '']) {
      for (const password of ['', 'admin', 'password', 'decoy']) {
        expect(await world.login(name, password, `192.0.2.${name.length}`)).toMatchObject(
          refusal('invalid_credentials'),
        );
      }
    }
  });
});

describe('login', () => {
  test('each sign-in is a device of its own', async () => {
    const world = new AccountWorld();
    const first = ok(await world.register('alice')).credentials;
    const second = ok(await world.login('alice')).credentials;
    expect(second.user_id).toBe(first.user_id);
    expect(second.device_id).not.toBe(first.device_id);
    expect(await world.service.deviceList(first.user_id)).toHaveLength(2);
  });

  test('[ASVS 6.3.8] a wrong password, an unknown name and a user without a password: one answer, one hash of work', async () => {
    const world = new AccountWorld();
    await world.register('alice');
    const id = '7' as UserId;
    await world.store.createUser({
      id,
      name: 'app-user',
      passwordHash: undefined,
      externalId: 'app|1',
      createdAt: 0,
    });
    const answers = [];
    for (const name of ['alice', 'nobody', 'app-user', 'no such name!', '__proto__', '{"$ne":null}']) {
      const before = world.algorithm.verified;
      answers.push(JSON.stringify(await world.login(name, 'decoy')));
      expect(world.algorithm.verified).toBe(before + 1);
    }
    expect(new Set(answers).size).toBe(1);
    expect(answers[0]).toContain('invalid_credentials');
  });

  test('[CVE-2026-28514] near misses of the password do not sign in', async () => {
    const world = new AccountWorld();
    await world.register('alice');
    for (const wrong of [
      '',
      ' ',
      PASSWORD.slice(1),
      `${PASSWORD} `,
      PASSWORD.toUpperCase(),
      `${PASSWORD}\0`,
      `cheap$1$${PASSWORD}`,
    ]) {
      expect(await world.login('alice', wrong)).toMatchObject(refusal('invalid_credentials'));
    }
  });

  test('an outdated hash is replaced at sign-in, by the right password only', async () => {
    const world = new AccountWorld();
    await world.register('alice');
    world.algorithm.version = 2;
    await world.login('alice', 'wrong password');
    expect((await world.store.userByName('alice'))?.passwordHash).toStartWith('cheap$1$');
    ok(await world.login('alice'));
    expect((await world.store.userByName('alice'))?.passwordHash).toBe(`cheap$2$${PASSWORD}`);
    ok(await world.login('alice'));
  });

  test('when the pool is full the answer is rate_limited with a time, and no failure is counted', async () => {
    const world = new AccountWorld();
    await world.register('alice');
    for (let round = 0; round < 5; round += 1) {
      const outcomes = await Promise.all(Array.from({ length: 8 }, () => world.login('alice')));
      const busy = outcomes.filter((outcome) => outcome.kind === 'refused');
      expect(busy.length).toBe(4);
      for (const outcome of busy) {
        expect(outcome).toMatchObject({
          fault: { code: 'rate_limited', retry: 'later', retry_after_ms: HASHES_BUSY_RETRY_MS },
        });
      }
    }
  });

  test('a store that fails is not a wrong password', async () => {
    const world = new AccountWorld();
    await world.register('alice');
    const { store } = world;
    const userByName = store.userByName.bind(store);
    store.userByName = () => Promise.reject(new Error('disk'));
    for (let time = 0; time < 20; time += 1) await expect(world.login('alice')).rejects.toThrow('disk');
    store.userByName = userByName;
    ok(await world.login('alice'));
  });

  test('after 10 failures the right password has to wait too, but not from another address', async () => {
    const world = new AccountWorld();
    await world.register('alice');
    for (let time = 0; time < 10; time += 1) await world.login('alice', 'wrong password');
    const before = world.algorithm.verified;
    expect(await world.login('alice')).toMatchObject({
      fault: { code: 'rate_limited', retry_after_ms: 1_000 },
    });
    expect(world.algorithm.verified).toBe(before);
    ok(await world.login('alice', PASSWORD, '198.51.100.1'));
    world.clock.advance(1_000);
    ok(await world.login('alice'));
  });
});

describe('devices', () => {
  test('past the limit a sign-in is refused, says what to do, and signing out makes place', async () => {
    const world = new AccountWorld();
    const first = ok(await world.register('alice')).credentials;
    for (let count = 1; count < DEVICES_PER_USER_MAX_COUNT; count += 1) ok(await world.login('alice'));
    const refused = await world.login('alice');
    expect(refused).toMatchObject(refusal('limit_reached'));
    expect(JSON.stringify(refused)).toContain('Sign out');
    ok(await world.hello(first.token));
    ok(await world.service.logout(first.token, ADDRESS));
    ok(await world.login('alice'));
    expect(await world.service.deviceList(first.user_id)).toHaveLength(DEVICES_PER_USER_MAX_COUNT);
  });

  test('many sign-ins at once do not pass the limit', async () => {
    const world = new AccountWorld();
    const { user_id: user } = ok(await world.register('alice')).credentials;
    for (let count = 2; count < DEVICES_PER_USER_MAX_COUNT; count += 1) ok(await world.login('alice'));
    const outcomes = await Promise.all([1, 2, 3, 4].map(() => world.login('alice')));
    expect(outcomes.filter((outcome) => outcome.kind === 'ok')).toHaveLength(1);
    expect(await world.service.deviceList(user)).toHaveLength(DEVICES_PER_USER_MAX_COUNT);
  });

  test('at the limit, devices whose tokens have ended make place; those of an app’s user do not', async () => {
    const world = new AccountWorld();
    const { user_id: user } = ok(await world.register('alice')).credentials;
    for (let count = 1; count < DEVICES_PER_USER_MAX_COUNT; count += 1) ok(await world.login('alice'));
    world.clock.advance(TOKEN_LIFETIME_MS);
    ok(await world.login('alice'));
    expect(await world.service.deviceList(user)).toHaveLength(1);
  });
});

describe('tokens', () => {
  test('[CVE-2026-9162] after logout the token is refused, its sessions are told, other devices stay', async () => {
    const world = new AccountWorld();
    const first = ok(await world.register('alice')).credentials;
    const second = ok(await world.login('alice')).credentials;
    ok(await world.service.logout(first.token, ADDRESS));
    expect(world.revoked).toEqual([first.device_id]);
    expect(await world.hello(first.token)).toMatchObject(refusal('invalid_credentials'));
    expect(await world.service.logout(first.token, ADDRESS)).toMatchObject(refusal('invalid_credentials'));
    expect(world.revoked).toHaveLength(1);
    ok(await world.hello(second.token));
  });

  test('[CVE-2026-9162] a session is either refused or told, however logout and hello overlap', async () => {
    let refused = 0;
    let told = 0;
    for (let lead = -20; lead < 40; lead += 1) {
      for (let wait = 0; wait < 20; wait += 1) {
        const attached = new Set<string>();
        const world = new AccountWorld({
          onRevoked: (_user, device) => (told += Number(attached.delete(device))),
        });
        const { token } = ok(await world.register('alice')).credentials;
        const session = async () => {
          await turns(-lead);
          const outcome = await world.hello(token);
          await turns(wait);
          if (outcome.kind === 'ok' && !world.service.wasRevoked(outcome.device.id))
            attached.add(outcome.device.id);
          else refused += 1;
        };
        const logout = async () => {
          await turns(lead);
          return world.service.logout(token, ADDRESS);
        };
        await Promise.all([logout(), session()]);
        expect([...attached], `hello ${lead} turns ahead, attached ${wait} after the answer`).toEqual([]);
      }
    }
    // Both ways were seen, so the loop did cover the moment between.
    expect([refused > 0, told > 0]).toEqual([true, true]);
  });

  test('a logout that the store could not do leaves the device signed in', async () => {
    const world = new AccountWorld();
    const { token } = ok(await world.register('alice')).credentials;
    world.store.removeDevice = () => Promise.reject(new Error('disk'));
    await expect(world.service.logout(token, ADDRESS)).rejects.toThrow('disk');
    expect(world.revoked).toEqual([]);
    ok(await world.hello(token));
  });

  test('an expired token is called so, for as long as it is kept', async () => {
    const world = new AccountWorld({ tokenLifetimeMs: 1_000 });
    const { token } = ok(await world.register('alice')).credentials;
    world.clock.advance(999);
    ok(await world.hello(token));
    world.clock.advance(1);
    expect(await world.hello(token)).toMatchObject(refusal('token_expired'));
    expect(await world.service.logout(token, ADDRESS)).toMatchObject(refusal('token_expired'));
    await world.service.dropExpiredTokens();
    expect(await world.hello(token)).toMatchObject(refusal('token_expired'));
    world.clock.advance(EXPIRED_TOKENS_KEPT_MS + 1);
    await world.service.dropExpiredTokens();
    expect(await world.hello(token)).toMatchObject(refusal('invalid_credentials'));
  });

  test('what is no token is refused', async () => {
    const world = new AccountWorld();
    const { token } = ok(await world.register('alice')).credentials;
    const hash = hashToken(token) ?? '';
    for (const text of [
      '',
      'plt_',
      `${token}x`,
      token.slice(0, -1),
      hash,
      `plt_${hash}`,
      '{"$ne":null}',
      '__proto__',
    ]) {
      expect(await world.hello(text)).toMatchObject(refusal('invalid_credentials'));
    }
  });
});

test('findUsers gives those that exist, each once, and no hash', async () => {
  const world = new AccountWorld();
  const alice = ok(await world.register('alice')).credentials;
  const bob = ok(await world.register('bob')).credentials;
  const found = await world.service.findUsers(
    ['alice', 'nobody', '__proto__'],
    [alice.user_id, bob.user_id, '9' as UserId],
  );
  expect(found.toSorted((one, other) => one.name.localeCompare(other.name))).toEqual([
    { id: alice.user_id, name: 'alice' },
    { id: bob.user_id, name: 'bob' },
  ]);
  expect(await world.service.findUsers([], [])).toEqual([]);
});

test('the audit log names each event, its user and address, and never a password, a token or what was typed as a name', async () => {
  const world = new AccountWorld();
  const { token, user_id: user } = ok(await world.register('alice')).credentials;
  const second = ok(await world.login('alice')).credentials.token;
  await world.login('alice', 'a wrong password');
  await world.login('typed my password here');
  await world.service.logout(token, ADDRESS);
  await world.hello(token);
  expect(world.log.events()).toEqual([
    'account_registered',
    'signed_in',
    'signed_in',
    'sign_in_failed',
    'sign_in_failed',
    'signed_out',
    'token_refused',
  ]);
  const text = world.log.text();
  expect(text).toContain(`"user":"${user}"`);
  expect(text).toContain(`"address":"${ADDRESS}"`);
  const secrets = [
    PASSWORD,
    'a wrong password',
    'typed my',
    token,
    second,
    hashToken(token) ?? '',
    hashToken(second) ?? '',
  ];
  for (const secret of secrets) expect(text).not.toContain(secret);
});
