// The suite of the connection registry.
import { describe, expect, test } from 'bun:test';
import type { UserId } from '@parley/protocol/ids';
import type { Clock } from '../clock.ts';
import type { ConnectionRegistry, Route } from '../connection-registry.ts';
import { ALICE, BOB, CAROL, deviceId, LARGEST_ID, sessionId, userId } from './fixture.ts';

/** A registry, the clock that its leases are compared with, and how to let time pass. */
export interface OpenedRegistry extends AsyncDisposable {
  readonly registry: ConnectionRegistry;
  readonly clock: Clock;
  readonly pass: (ms: number) => Promise<void>;
}

const LONG_MS = 60_000;
const SHORT_MS = 40;

const route = (session: number | bigint, user: UserId, node = 'node-1'): Route => ({
  session: sessionId(session),
  user,
  device: deviceId(BigInt(session) - 1n),
  node,
});
const bySession = (routes: readonly Route[]) =>
  [...routes].sort((one, other) => (BigInt(one.session) < BigInt(other.session) ? -1 : 1));

type OpenRegistry = () => Promise<OpenedRegistry>;

function routeRules(open: OpenRegistry): void {
  test('[REG-1] routes are found by user, every session of each, with every field', async () => {
    await using world = await open();
    const { registry, clock } = world;
    await registry.renew('node-1', clock.now() + LONG_MS);
    await registry.renew('node-2', clock.now() + LONG_MS);
    const far = route(LARGEST_ID, userId(LARGEST_ID));
    const routes = [route(31, ALICE), route(32, ALICE, 'node-2'), route(33, BOB), far];
    await registry.register(routes);
    expect(bySession(await registry.find([ALICE, BOB, CAROL, far.user]))).toEqual(routes);
    expect(bySession(await registry.find([ALICE]))).toEqual(routes.slice(0, 2));
    expect(await registry.find([CAROL, userId(LARGEST_ID - 1n)])).toEqual([]);
    expect(await registry.find([])).toEqual([]);
  });

  test('[REG-2] registering again changes nothing', async () => {
    await using world = await open();
    const { registry, clock } = world;
    await registry.renew('node-1', clock.now() + LONG_MS);
    for (let turn = 0; turn < 3; turn++) await registry.register([route(31, ALICE), route(32, ALICE)]);
    await registry.register([]);
    expect(await registry.find([ALICE])).toHaveLength(2);
  });

  test('[REG-3] unregistering ends that session only, and one that is not there is no error', async () => {
    await using world = await open();
    const { registry, clock } = world;
    await registry.renew('node-1', clock.now() + LONG_MS);
    const [gone, kept, others] = [route(31, ALICE), route(32, ALICE), route(33, BOB)];
    await registry.register([gone, kept, others]);
    await registry.unregister([gone, route(99, CAROL), route(98, ALICE, 'node-9')]);
    await registry.unregister([gone]);
    await registry.unregister([]);
    expect(bySession(await registry.find([ALICE, BOB]))).toEqual([kept, others]);
  });

  test('[REG-4] many users are found in one look-up', async () => {
    await using world = await open();
    const { registry, clock } = world;
    await registry.renew('node-1', clock.now() + LONG_MS);
    const routes = Array.from({ length: 500 }, (_, index) => route(1_000 + index, userId(5_000 + index)));
    await registry.register(routes);
    expect(bySession(await registry.find(routes.map((each) => each.user)))).toEqual(routes);
  });
}

function leaseRules(open: OpenRegistry): void {
  test('[REG-5] the first renewal of a node says false, those in time say true', async () => {
    await using world = await open();
    const { registry, clock } = world;
    expect(await registry.renew('node-1', clock.now() + LONG_MS)).toBe(false);
    expect(await registry.renew('node-1', clock.now() + LONG_MS)).toBe(true);
    expect(await registry.renew('node-2', clock.now() + LONG_MS)).toBe(false);
    expect([...(await registry.nodes())].sort()).toEqual(['node-1', 'node-2']);
  });

  test('[REG-6] routes count only while the lease of their node lives', async () => {
    await using world = await open();
    const { registry, clock } = world;
    await registry.renew('node-1', clock.now() + SHORT_MS);
    await registry.renew('node-2', clock.now() + LONG_MS);
    await registry.register([route(31, ALICE), route(32, ALICE, 'node-2')]);
    await world.pass(2 * SHORT_MS);
    expect(await registry.find([ALICE])).toEqual([route(32, ALICE, 'node-2')]);
    expect(await registry.nodes()).toEqual(['node-2']);
  });

  test('[REG-7] a renewal in time keeps the routes', async () => {
    await using world = await open();
    const { registry, clock } = world;
    await registry.renew('node-1', clock.now() + 10 * SHORT_MS);
    await registry.register([route(31, ALICE)]);
    expect(await registry.renew('node-1', clock.now() + LONG_MS)).toBe(true);
    await world.pass(12 * SHORT_MS);
    expect(await registry.find([ALICE])).toEqual([route(31, ALICE)]);
  });

  test('[REG-8] a renewal after the lease ended says false, and registering again heals it', async () => {
    await using world = await open();
    const { registry, clock } = world;
    await registry.renew('node-1', clock.now() + SHORT_MS);
    await registry.register([route(31, ALICE)]);
    await world.pass(2 * SHORT_MS);
    expect(await registry.renew('node-1', clock.now() + LONG_MS)).toBe(false);
    await registry.register([route(31, ALICE)]);
    expect(await registry.find([ALICE])).toEqual([route(31, ALICE)]);
    expect(await registry.renew('node-1', clock.now() + LONG_MS)).toBe(true);
  });

  test('[REG-9] without a lease there is no route', async () => {
    await using world = await open();
    await world.registry.register([route(31, ALICE, 'node-7')]);
    expect(await world.registry.find([ALICE])).toEqual([]);
    expect(await world.registry.nodes()).toEqual([]);
  });
}

export function testConnectionRegistry(adapter: string, open: OpenRegistry): void {
  describe(`${adapter} as ConnectionRegistry`, () => {
    routeRules(open);
    leaseRules(open);
  });
}
