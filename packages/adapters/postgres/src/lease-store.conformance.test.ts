// PostgreSQL passes the suite of the lease store, restarts included, by the time of the server.
import { describeWithEngine } from '@parley/ports/conformance/engine';
import { testLeaseStore } from '@parley/ports/conformance/lease-store';
import { openPostgres } from './open-postgres.ts';
import { onServer, testWorlds, type World } from './test-worlds.ts';

async function twoNodes(world: World) {
  const second = await openPostgres(world.options);
  return {
    world,
    one: world.leases,
    other: second.leases,
    pass: (ms: number) => Bun.sleep(ms),
    occupy: (workers: number, until: number) =>
      onServer(
        world.options.url,
        `INSERT INTO ${world.options.schema}.worker_leases (worker, node, start_ms, until_ms)
         SELECT worker, 'elsewhere', 0, ${until} FROM generate_series(0, ${workers - 1}) AS worker`,
      ),
    closeSecond: () => second[Symbol.asyncDispose](),
    [Symbol.asyncDispose]: async () => {
      await second[Symbol.asyncDispose]();
      await world[Symbol.asyncDispose]();
    },
  };
}
type TwoNodes = Awaited<ReturnType<typeof twoNodes>>;

describeWithEngine('postgres', (url) => {
  const { open, reopen } = testWorlds(url);
  testLeaseStore(
    'postgres',
    async () => twoNodes(await open()),
    async ({ world, closeSecond }: TwoNodes) => {
      await closeSecond();
      return twoNodes(await reopen(world));
    },
  );
});
