// The caches when a master of a Cluster is away, or gives slots to another: on Clusters of the test's own.
import { describe, expect, test } from 'bun:test';
import { userId } from '@parley/ports/conformance/fixture';
import type { ConnectionRegistry } from '@parley/ports/connection-registry';
import type { EngineProcess } from '@parley/ports/testing/engine-process';
import { eventually } from '@parley/ports/testing/real-time';
import { StoreError } from '@parley/ports/store-error';
import type { RedisCaches } from './open-redis.ts';
import { far, openTestRedis, REDIS_BINARY, route, startRedis } from './testing/redis-fixture.ts';

const TEST_MAX_MS = 60_000;
const CLI = Bun.which('redis-cli') ?? undefined;

const masterArguments = ['--cluster-enabled', 'yes', '--cluster-require-full-coverage', 'no'];

async function cli(...args: readonly string[]): Promise<string> {
  const child = Bun.spawn([CLI ?? 'redis-cli', ...args], { stdout: 'pipe', stderr: 'ignore' });
  const said = await new Response(child.stdout).text();
  if ((await child.exited) !== 0) throw new Error(`redis-cli ${args.join(' ')}: ${said}`);
  return said;
}

const addressOf = ({ port }: EngineProcess) => `127.0.0.1:${port}`;
const idOf = async ({ port }: EngineProcess) => (await cli('-p', String(port), 'cluster', 'myid')).trim();

async function openOnCluster(members: readonly EngineProcess[]): Promise<RedisCaches> {
  const addresses = members.map(addressOf);
  await cli('--cluster', 'create', ...addresses, '--cluster-yes');
  const caches = await openTestRedis(`rediscluster://${addresses.join()}`);
  // Members may still be asking each other who has what.
  await eventually(async () => {
    await caches.registry.renew('node-1', far());
    await caches.registry.register(ROUTES);
    return (await caches.registry.find(USERS)).length === USERS.length;
  });
  await caches.registry.renew('node-1', far());
  return caches;
}

const USERS = Array.from({ length: 60 }, (_, index) => userId(1_000 + index));
const ROUTES = USERS.map((user, index) => route(100 + index, user));

/** How many of the users can be looked up, one by one. Anything but a StoreError fails the test. */
async function reachable(registry: ConnectionRegistry): Promise<number> {
  const outcomes = await Promise.all(
    USERS.map((user) =>
      registry.find([user]).then(
        () => true,
        (error: unknown) => {
          if (error instanceof StoreError) return false;
          throw error;
        },
      ),
    ),
  );
  return outcomes.filter(Boolean).length;
}

describe.skipIf(REDIS_BINARY === undefined || CLI === undefined)('a Cluster that changes', () => {
  test(
    'a master is killed and back: users of other masters are found meanwhile, and all again after, registered anew',
    async () => {
      await using one = await startRedis(masterArguments);
      await using two = await startRedis(masterArguments);
      await using three = await startRedis(masterArguments);
      await using caches = await openOnCluster([one, two, three]);
      const { registry } = caches;
      expect(await registry.renew('node-1', far())).toBe(true);

      await three.kill();
      await eventually(async () => {
        const count = await reachable(registry);
        return count > 0 && count < USERS.length;
      });
      await three.start();
      await eventually(async () => (await reachable(registry)) === USERS.length);
      await eventually(async () => {
        if (await registry.renew('node-1', far())) return false;
        await registry.register(ROUTES);
        return true;
      });
      expect(await registry.find(USERS)).toHaveLength(USERS.length);
    },
    TEST_MAX_MS,
  );

  test(
    'slots move to another master: the routes move along, and are found there at once',
    async () => {
      await using one = await startRedis(masterArguments);
      await using two = await startRedis(masterArguments);
      await using three = await startRedis(masterArguments);
      await using caches = await openOnCluster([one, two, three]);
      const ends = ['--cluster-from', await idOf(one), '--cluster-to', await idOf(two)];
      await cli('--cluster', 'reshard', addressOf(one), ...ends, '--cluster-slots', '3000', '--cluster-yes');
      expect(await caches.registry.find(USERS)).toHaveLength(USERS.length);
      expect(await caches.registry.nodes()).toEqual(['node-1']);
      await caches.registry.unregister(ROUTES);
      expect(await caches.registry.find(USERS)).toEqual([]);
    },
    TEST_MAX_MS,
  );
});
