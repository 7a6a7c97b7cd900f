// The caches when Redis is wiped, dies, hangs or was never there: on a server of the test's own.
import { describe, expect, test } from 'bun:test';
import { ALICE, BOB, CAROL, rejection } from '@parley/ports/conformance/fixture';
import { eventually, REAL_CLOCK } from '@parley/ports/testing/real-time';
import { TcpProxy } from '@parley/ports/testing/tcp-proxy';
import { StoreError } from '@parley/ports/store-error';
import { ANSWER_TIMEOUT_MS, COMMANDS_IN_FLIGHT_MAX_COUNT } from './limits.ts';
import {
  far,
  freshPrefix,
  openTestRedis,
  rawRedis,
  REDIS_BINARY,
  route,
  startRedis,
  status,
  urlOf,
} from './testing/redis-fixture.ts';

const TEST_MAX_MS = 60_000;

/** The kind of the StoreError that the call ends with, and that it did not take longer than an answer may. */
async function failureOf(call: () => Promise<unknown>): Promise<string> {
  const start = REAL_CLOCK.monotonic();
  const error = await rejection(call);
  expect(REAL_CLOCK.monotonic() - start).toBeLessThan(2 * ANSWER_TIMEOUT_MS);
  if (error instanceof StoreError) return error.kind;
  throw error;
}

describe.skipIf(REDIS_BINARY === undefined)('a Redis that fails', () => {
  test('wiped: the next renewal says false, and registering again heals it', async () => {
    await using server = await startRedis();
    await using raw = await rawRedis(urlOf(server));
    await using caches = await openTestRedis(urlOf(server));
    const { registry } = caches;
    expect(await registry.renew('node-1', far())).toBe(false);
    await registry.register([route(31, ALICE)]);
    expect(await registry.renew('node-1', far())).toBe(true);
    await raw.client.flushAll();
    expect(await registry.find([ALICE])).toEqual([]);
    expect(await registry.renew('node-1', far())).toBe(false);
    await registry.register([route(31, ALICE)]);
    expect(await registry.find([ALICE])).toEqual([route(31, ALICE)]);
    expect(await registry.renew('node-1', far())).toBe(true);
  });

  test('wiped: the next renewal writes the statuses again, so that nobody flaps, and none that was taken back', async () => {
    await using server = await startRedis();
    await using raw = await rawRedis(urlOf(server));
    await using caches = await openTestRedis(urlOf(server));
    const { statuses } = caches;
    await statuses.set(ALICE, status(), far());
    await statuses.renew('node-1', far());
    await statuses.set(BOB, status({ state: 'away' }), far());
    await statuses.set(CAROL, status(), far());
    await statuses.set(CAROL, status({ state: 'offline', counter: 2 }), far());
    await raw.client.flushAll();
    expect(await statuses.get([ALICE, BOB, CAROL])).toEqual(new Map());
    await statuses.renew('node-1', far());
    expect(await statuses.get([ALICE, BOB, CAROL])).toEqual(
      new Map([
        [ALICE, status()],
        [BOB, status({ state: 'away' })],
      ]),
    );
  });

  test(
    'killed and back: calls fail soon while it is away, and all works again after',
    async () => {
      await using server = await startRedis();
      await using caches = await openTestRedis(urlOf(server));
      const { registry, statuses } = caches;
      await registry.renew('node-1', far());
      await registry.register([route(31, ALICE)]);
      await statuses.renew('node-1', far());
      await statuses.set(ALICE, status(), far());
      await server.kill();
      await eventually(async () => (await failureOf(() => registry.find([ALICE]))) === 'unavailable');
      for (const call of [
        () => registry.register([route(32, ALICE)]),
        () => registry.unregister([route(31, ALICE)]),
        () => registry.renew('node-1', far()),
        () => registry.nodes(),
        () => statuses.set(BOB, status(), far()),
        () => statuses.get([BOB]),
        () => statuses.renew('node-1', far()),
      ]) {
        expect(await failureOf(call)).toBe('unavailable');
      }
      await server.start();
      await eventually(async () => !(await registry.renew('node-1', far())));
      expect(await registry.renew('node-1', far())).toBe(true);
      expect(await registry.find([ALICE])).toEqual([]);
      await registry.register([route(31, ALICE)]);
      expect(await registry.find([ALICE])).toEqual([route(31, ALICE)]);
      await statuses.renew('node-1', far());
      expect(await statuses.get([ALICE])).toEqual(new Map([[ALICE, status()]]));
    },
    TEST_MAX_MS,
  );

  test(
    'a connection that was lost: the renewal says false once, though the routes count all the time',
    async () => {
      await using server = await startRedis();
      await using proxy = await TcpProxy.open({ host: '127.0.0.1', port: server.port });
      await using caches = await openTestRedis(urlOf(proxy));
      const { registry } = caches;
      await registry.renew('node-1', far());
      await registry.register([route(31, ALICE)]);
      proxy.cut();
      await eventually(async () => (await registry.find([ALICE])).length === 1);
      expect(await registry.renew('node-1', far())).toBe(false);
      expect(await registry.find([ALICE])).toEqual([route(31, ALICE)]);
      expect(await registry.renew('node-1', far())).toBe(true);
    },
    TEST_MAX_MS,
  );

  test(
    'a way that takes nothing any more: calls fail in time, what waits is bounded, and a new connection is made',
    async () => {
      await using server = await startRedis();
      await using proxy = await TcpProxy.open({ host: '127.0.0.1', port: server.port });
      await using caches = await openTestRedis(urlOf(proxy));
      const { registry, statuses } = caches;
      expect(await registry.find([ALICE])).toEqual([]);
      proxy.stall();
      expect(await failureOf(() => registry.find([ALICE]))).toBe('unavailable');
      expect(await failureOf(() => statuses.set(ALICE, status(), far()))).toBe('outcome_unknown');
      const users = Array.from({ length: 1_000 }, (_, index) => route(index, ALICE).session as string);
      const calls = Array.from({ length: COMMANDS_IN_FLIGHT_MAX_COUNT / 1_000 + 5 }, () =>
        rejection(() => registry.find(users as never)),
      );
      const messages = (await Promise.all(calls)).map(String);
      expect(messages.some((message) => message.includes('overloaded'))).toBe(true);
      // The proxy takes new connections: the link makes one by itself.
      await eventually(async () => (await registry.find([ALICE])).length === 0);
    },
    TEST_MAX_MS,
  );

  test(
    'not there at first: the caches open all the same, and work once it is there',
    async () => {
      await using server = await startRedis();
      await server.kill();
      await using caches = await openTestRedis(urlOf(server));
      expect(await failureOf(() => caches.registry.find([ALICE]))).toBe('unavailable');
      await server.start();
      await eventually(async () => !(await caches.registry.renew('node-1', far())));
      await caches.registry.register([route(31, ALICE)]);
      expect(await caches.registry.find([ALICE])).toHaveLength(1);
    },
    TEST_MAX_MS,
  );

  test('no key is without an end', async () => {
    await using server = await startRedis();
    await using raw = await rawRedis(urlOf(server));
    await using caches = await openTestRedis(urlOf(server));
    const { registry, statuses } = caches;
    await statuses.set(ALICE, status(), far());
    await registry.renew('node-1', far());
    await registry.register([route(31, ALICE), route(32, ALICE), route(33, BOB)]);
    await registry.unregister([route(31, ALICE)]);
    await statuses.renew('node-1', far());
    await statuses.set(BOB, status(), far());
    await statuses.set(CAROL, status({ state: 'offline' }), far());
    const keys = await raw.client.keys('*');
    expect(keys).toHaveLength(7);
    for (const key of keys) expect(await raw.client.pTTL(key)).toBeGreaterThan(0);
  });

  test('a look-up of many users is one round trip, and so is the next, leases included', async () => {
    await using server = await startRedis();
    await using raw = await rawRedis(urlOf(server));
    const keyPrefix = freshPrefix();
    await using caches = await openTestRedis(urlOf(server), { keyPrefix });
    await using reader = await openTestRedis(urlOf(server), { keyPrefix });
    const routes = Array.from({ length: 50 }, (_, index) => route(100 + index, `${500 + index}` as never));
    const users = routes.map((each) => each.user);
    await caches.registry.renew('node-1', far());
    await caches.registry.register(routes);
    await caches.statuses.renew('node-1', far());
    for (const user of users) await caches.statuses.set(user, status(), far());
    await caches.registry.nodes(); // from here on Redis knows the script that reads the leases
    const readsOf = async () =>
      Number(/total_reads_processed:(\d+)/.exec(await raw.client.info('stats'))?.[1]);
    for (const most of [2, 1]) {
      for (const look of [
        async () => (await reader.registry.find(users)).length,
        async () => (await reader.statuses.get(users)).size,
      ]) {
        const before = await readsOf();
        expect(await look()).toBe(users.length);
        // The question for the count is one read itself.
        expect((await readsOf()) - before - 1).toBeLessThanOrEqual(most);
      }
    }
  });
});
