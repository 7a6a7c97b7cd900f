// Sessions in the connection registry, while it is slow, away, or forgets.
import { expect, test } from 'bun:test';
import { FakeClock } from '@parley/adapter-memory/fake-clock';
import { FakeTimers } from '@parley/adapter-memory/fake-timers';
import { MemoryConnectionRegistry } from '@parley/adapter-memory/memory-connection-registry';
import type { Route } from '@parley/ports/connection-registry';
import type { DeviceId, SessionId, UserId } from '@parley/protocol/ids';
import { RecordedLog } from '../account/account-fixture.ts';
import type { LiveSession } from '../connection/live-sessions.ts';
import {
  ROUTES_PER_CALL_MAX_COUNT,
  ROUTES_RENEWAL_INTERVAL_MS,
  ROUTE_WAIT_MAX_MS,
} from './delivery-limits.ts';
import { Routes } from './routes.ts';

async function world() {
  const clock = new FakeClock();
  const timers = new FakeTimers(clock);
  const registry = new MemoryConnectionRegistry(clock);
  const calls: (readonly Route[])[] = [];
  let takesMs = 0;
  const inner = registry;
  const register = inner.register.bind(inner);
  registry.register = async (routes) => {
    calls.push(routes);
    if (takesMs > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      timers.after(takesMs, resolve);
      await promise;
    }
    await register(routes);
  };
  const looks: LiveSession[] = [];
  let looksAll = 0;
  const log = new RecordedLog();
  const routes = new Routes({
    node: 'one',
    registry,
    clock,
    timers,
    log,
    look: (session) => void looks.push(session),
    lookAll: () => (looksAll += 1),
  });
  await routes.start();
  await timers.settle();
  looksAll = 0;
  let count = 0;
  const session = (): LiveSession => {
    count += 1;
    return { user: String(count) as UserId, device: '1' as DeviceId, push: () => {}, revoke: () => {} };
  };
  const add = (one: LiveSession) => routes.add(one, one.user as string as SessionId);
  const found = async (one: LiveSession) => (await registry.find([one.user])).length;
  return {
    clock,
    timers,
    registry,
    routes,
    calls,
    looks,
    log,
    session,
    add,
    found,
    slow: (ms: number) => (takesMs = ms),
    looksAll: () => looksAll,
  };
}

test('those who come while a call is under way go together with the next', async () => {
  const { timers, calls, session, add, slow } = await world();
  slow(100);
  void add(session());
  await timers.settle();
  for (let count = 0; count < ROUTES_PER_CALL_MAX_COUNT + 1; count += 1) void add(session());
  await timers.advance(300);
  expect(calls.map((routes) => routes.length)).toEqual([1, ROUTES_PER_CALL_MAX_COUNT, 1]);
});

test('DESIGN 4: who waited too long is let in, and looks again once others can find it', async () => {
  const { timers, looks, session, add, slow, found } = await world();
  slow(900);
  void add(session());
  await timers.advance(100);
  const late = session();
  let isIn = false;
  void add(late).then(() => (isIn = true));
  await timers.advance(ROUTE_WAIT_MAX_MS - 1);
  expect(isIn).toBe(false);
  await timers.advance(1);
  expect([isIn, await found(late), looks]).toEqual([true, 0, []]);
  await timers.advance(1_000);
  expect([await found(late), looks]).toEqual([1, [late]]);
});

test('a session that went before it was registered leaves nothing behind', async () => {
  const { timers, routes, session, add, slow, found } = await world();
  slow(50);
  const [gone, early] = [session(), session()];
  void add(gone);
  await timers.advance(10);
  void add(early);
  routes.remove(gone);
  routes.remove(early);
  await timers.advance(500);
  expect([await found(gone), await found(early), routes.size]).toEqual([0, 0, 0]);
  expect(timers.pendingCount).toBe(1);
});

test('what was lost is registered again at the next renewal, and then all look, once', async () => {
  const { timers, registry, looks, looksAll, session, add, found } = await world();
  const one = session();
  await add(one);
  registry.wipe();
  await timers.advance(ROUTES_RENEWAL_INTERVAL_MS);
  expect([await found(one), looksAll(), looks]).toEqual([1, 1, []]);
  await timers.advance(60_000);
  expect(looksAll()).toBe(1);
});

test('an outage is said once, and after it, though nothing was lost, all look: nobody could be found meanwhile', async () => {
  const { timers, registry, looksAll, log, session, add, found } = await world();
  const one = session();
  await add(one);
  const inner = registry;
  const renew = inner.renew.bind(inner);
  let failures = 0;
  registry.renew = (...asked) => ((failures += 1) <= 2 ? Promise.reject(new Error('away')) : renew(...asked));
  await timers.advance(3 * ROUTES_RENEWAL_INTERVAL_MS);
  expect([looksAll(), log.lines.length]).toEqual([1, 1]);
  expect(await found(one)).toBe(1);
});
