// What was written under a lease that ended counts never again, and stands in nobody's way.
import { expect, test } from 'bun:test';
import { ALICE, BOB } from '@parley/ports/conformance/fixture';
import { describeWithEngine } from '@parley/ports/conformance/engine';
import { eventually, pass, REAL_CLOCK } from '@parley/ports/testing/real-time';
import { far, freshPrefix, openTestRedis, rawRedis, route, status } from './testing/redis-fixture.ts';

const SHORT_MS = 50;
const soon = () => REAL_CLOCK.now() + SHORT_MS;

for (const name of ['redis', 'redisCluster'] as const) {
  describeWithEngine(name, (url) => {
    test('a node that starts again under its name has none of the routes and statuses of its life before', async () => {
      const keyPrefix = freshPrefix();
      await using before = await openTestRedis(url, { keyPrefix });
      await before.registry.renew('node-1', far());
      await before.registry.register([route(31, ALICE), route(32, BOB)]);
      await before.statuses.renew('node-1', far());
      await before.statuses.set(ALICE, status(), far());
      await using after = await openTestRedis(url, { keyPrefix });
      expect(await after.registry.renew('node-1', far())).toBe(false);
      await after.statuses.renew('node-1', far());
      await after.registry.register([route(33, ALICE)]);
      expect(await after.registry.find([ALICE, BOB])).toEqual([route(33, ALICE)]);
      expect(await after.statuses.get([ALICE])).toEqual(new Map());
    });

    test('a node finds the routes of another as soon as they are registered', async () => {
      const keyPrefix = freshPrefix();
      await using one = await openTestRedis(url, { keyPrefix });
      await using other = await openTestRedis(url, { keyPrefix });
      for (let life = 0; life < 5; life += 1) {
        await one.registry.renew('node-1', soon());
        await one.registry.register([route(31 + life, ALICE)]);
        expect(await other.registry.find([ALICE])).toEqual([route(31 + life, ALICE)]);
        await pass(2 * SHORT_MS);
        expect(await other.registry.find([ALICE])).toEqual([]);
        expect(await other.registry.nodes()).toEqual([]);
      }
    });

    test('a newer status of a dead node does not keep an older one out, that of a live node does', async () => {
      const keyPrefix = freshPrefix();
      await using one = await openTestRedis(url, { keyPrefix });
      await using other = await openTestRedis(url, { keyPrefix });
      const mine = status({ node: 'node-2', sessionStart: 1_000 });
      await one.statuses.renew('node-1', soon());
      await one.statuses.set(ALICE, status({ sessionStart: 2_000 }), far());
      expect(await other.statuses.set(ALICE, mine, far())).toBe(false);
      await pass(2 * SHORT_MS);
      expect(await other.statuses.get([ALICE])).toEqual(new Map());
      expect(await other.statuses.set(ALICE, mine, far())).toBe(true);
      expect(await one.statuses.get([ALICE])).toEqual(new Map([[ALICE, mine]]));
    });

    test('statuses live on for as long as their node renews, by one write whatever their number', async () => {
      await using caches = await openTestRedis(url);
      await caches.statuses.renew('node-1', REAL_CLOCK.now() + 4 * SHORT_MS);
      await caches.statuses.set(ALICE, status(), soon());
      for (let turn = 0; turn < 6; turn += 1) {
        await pass(SHORT_MS);
        await caches.statuses.renew('node-1', REAL_CLOCK.now() + 4 * SHORT_MS);
      }
      expect(await caches.statuses.get([ALICE])).toEqual(new Map([[ALICE, status()]]));
      await pass(5 * SHORT_MS);
      await caches.statuses.renew('node-1', far());
      expect(await caches.statuses.get([ALICE])).toEqual(new Map());
    });
  });
}

describeWithEngine('redis', (url) => {
  test('routes of a node that died are taken away by the one who finds them', async () => {
    const keyPrefix = freshPrefix();
    await using raw = await rawRedis(url);
    await using caches = await openTestRedis(url, { keyPrefix });
    await caches.registry.renew('node-1', soon());
    await caches.registry.renew('node-2', far());
    await caches.registry.register([route(31, ALICE), route(32, ALICE, 'node-2')]);
    await pass(2 * SHORT_MS);
    expect(await caches.registry.find([ALICE])).toEqual([route(32, ALICE, 'node-2')]);
    const key = `${keyPrefix}:routes:${ALICE}`;
    await eventually(async () => (await raw.client.hLen(key)) === 1);
    expect(await raw.client.hKeys(key)).toEqual(['32']);
  });

  test('leases that ended leave the table when a node starts', async () => {
    const keyPrefix = freshPrefix();
    await using raw = await rawRedis(url);
    await using caches = await openTestRedis(url, { keyPrefix });
    await caches.registry.renew('node-1', soon());
    await caches.registry.renew('node-2', far());
    await pass(2 * SHORT_MS);
    await caches.registry.renew('node-3', far());
    expect((await raw.client.hKeys(`${keyPrefix}:route-leases`)).sort()).toEqual(['node-2', 'node-3']);
  });
});
