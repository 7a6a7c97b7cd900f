// The caches pass the suites of their ports on one Redis and on a Cluster.
import { testConnectionRegistry } from '@parley/ports/conformance/connection-registry';
import { describeWithEngine } from '@parley/ports/conformance/engine';
import { testStatusCache } from '@parley/ports/conformance/status-cache';
import { pass, REAL_CLOCK } from '@parley/ports/testing/real-time';
import { openTestRedis } from './testing/redis-fixture.ts';

for (const name of ['redis', 'redisCluster'] as const) {
  describeWithEngine(name, (url) => {
    const open = async () => {
      const caches = await openTestRedis(url);
      const end = () => caches[Symbol.asyncDispose]();
      return { caches, world: { clock: REAL_CLOCK, pass, [Symbol.asyncDispose]: end } };
    };
    testStatusCache(name, async () => {
      const { caches, world } = await open();
      return { ...world, cache: caches.statuses };
    });
    testConnectionRegistry(name, async () => {
      const { caches, world } = await open();
      return { ...world, registry: caches.registry };
    });
  });
}
