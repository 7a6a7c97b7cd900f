// Caches in memory may be wiped, and keep nothing of what has ended.
import { expect, test } from 'bun:test';
import { ALICE, BOB, deviceId, sessionId } from '@parley/ports/conformance/fixture';
import { FakeClock } from './fake-clock.ts';
import { MemoryConnectionRegistry } from './memory-connection-registry.ts';
import { MemoryStatusCache } from './memory-status-cache.ts';

const ROUTE = { session: sessionId(31), user: ALICE, device: deviceId(71), node: 'node-1' };

test('a registry that was wiped says so at the next renewal', async () => {
  const clock = new FakeClock();
  await using registry = new MemoryConnectionRegistry(clock);
  await registry.renew('node-1', clock.now() + 1_000);
  await registry.register([ROUTE]);
  registry.wipe();
  expect(await registry.find([ALICE])).toEqual([]);
  expect(await registry.renew('node-1', clock.now() + 1_000)).toBe(false);
  expect(await registry.renew('node-1', clock.now() + 1_000)).toBe(true);
});

test('a renewal by any node clears away the routes of nodes that died', async () => {
  const clock = new FakeClock();
  await using registry = new MemoryConnectionRegistry(clock);
  await registry.renew('node-1', clock.now() + 1_000);
  await registry.register([ROUTE]);
  clock.advance(1_000);
  await registry.renew('node-2', clock.now() + 1_000);
  await registry.renew('node-1', clock.now() + 1_000);
  expect(await registry.find([ALICE])).toEqual([]);
});

test('a route that is registered without a lease is not kept', async () => {
  const clock = new FakeClock();
  await using registry = new MemoryConnectionRegistry(clock);
  await registry.register([ROUTE]);
  expect(await registry.renew('node-1', clock.now() + 1_000)).toBe(false);
  expect(await registry.find([ALICE])).toEqual([]);
});

test('a status cache that was wiped takes any transition', async () => {
  const clock = new FakeClock();
  await using cache = new MemoryStatusCache(clock);
  const status = { state: 'online', node: 'node-1', sessionStart: 5, counter: 5, lastSeen: 0 } as const;
  await cache.set(ALICE, status, clock.now() + 1_000);
  cache.wipe();
  expect(await cache.get([ALICE])).toEqual(new Map());
  expect(await cache.set(ALICE, { ...status, counter: 1 }, clock.now() + 1_000)).toBe(true);
});

test('a status cache keeps no offline entry beyond its lease, and renews those that are online', async () => {
  const clock = new FakeClock();
  await using cache = new MemoryStatusCache(clock);
  const status = { state: 'online', node: 'node-1', sessionStart: 5, counter: 5, lastSeen: 0 } as const;
  await cache.set(ALICE, { ...status, state: 'offline' }, clock.now() + 1_000);
  await cache.set(BOB, { ...status, state: 'away' }, clock.now() + 1_000);
  for (let second = 0; second < 10; second += 1) {
    clock.advance(900);
    await cache.renew('node-1', clock.now() + 1_000);
  }
  expect([...(await cache.get([ALICE, BOB])).keys()]).toEqual([BOB]);
  // A node that comes back after its lease had ended brings nothing back.
  clock.advance(1_000);
  await cache.renew('node-1', clock.now() + 1_000);
  expect(await cache.get([BOB])).toEqual(new Map());
});
