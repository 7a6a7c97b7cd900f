// Opening: the schema is made by several nodes at once, and one that does not fit is refused with what to do.
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { MemoryMemberStore } from '@parley/adapter-memory/memory-member-store';
import { MemoryWorld } from '@parley/adapter-memory/memory-world';
import { rejection } from '@parley/ports/conformance/fixture';
import { describeWithEngine } from '@parley/ports/conformance/engine';
import { connect, parseClusterUrl } from './connect.ts';
import { migrateCassandra } from './open-cassandra.ts';
import { checkSchema, migrate } from './migrations.ts';
import { MIGRATIONS } from './schema.ts';
import { REAL_CLOCK, REAL_RANDOMNESS, TestKeyspace } from './testing/test-keyspace.ts';

setDefaultTimeout(60_000);

const PORTS = { clock: REAL_CLOCK, randomness: REAL_RANDOMNESS };

test('a URL names hosts, keyspace, datacenter and credentials', () => {
  expect(parseClusterUrl('cassandra://a:17042,b/parley?dc=dc%201')).toEqual({
    contactPoints: ['a:17042', 'b:9042'],
    dc: 'dc 1',
    keyspace: 'parley',
    credentials: undefined,
  });
  expect(parseClusterUrl('cassandra://me:p%40ss@a/parley?dc=x').credentials).toEqual({
    username: 'me',
    password: 'p@ss',
  });
  for (const wrong of [
    'cassandra://a/parley',
    'cassandra://a?dc=x',
    'http://a/p?dc=x',
    'cassandra://a/p-q?dc=x',
  ])
    expect(() => parseClusterUrl(wrong)).toThrow(RangeError);
});

describeWithEngine('cassandra', (url) => {
  let keyspace: TestKeyspace;
  beforeAll(async () => {
    keyspace = await TestKeyspace.make(url);
  });
  afterAll(() => keyspace[Symbol.asyncDispose]());
  const open = () => keyspace.open(new MemoryMemberStore(new MemoryWorld()));

  test('nodes that migrate at the same time make one schema and one log id', async () => {
    const cluster = { ...parseClusterUrl(url), keyspace: `test_${REAL_RANDOMNESS.bytes(8).toHex()}` };
    const options = { ...cluster, replication: { [cluster.dc]: 1 }, ...PORTS };
    const client = await connect(cluster);
    try {
      await Promise.all([1, 2, 3].map(() => migrateCassandra(options)));
      const logId = await checkSchema(client, cluster.keyspace, MIGRATIONS);
      await migrateCassandra({ ...options, replication: undefined });
      expect(await checkSchema(client, cluster.keyspace, MIGRATIONS)).toBe(logId);
    } finally {
      await client.execute(`DROP KEYSPACE IF EXISTS ${cluster.keyspace}`);
      await client.shutdown();
    }
  });

  test('a keyspace that is not there is not opened, nor made without a number of copies', async () => {
    const cluster = { ...keyspace.cluster, keyspace: 'test_nowhere' };
    const refused = { kind: 'unavailable', message: expect.stringContaining('parley migrate') };
    expect(await rejection(() => checkSchema(keyspace.client, 'test_nowhere', MIGRATIONS))).toMatchObject(
      refused,
    );
    expect(
      await rejection(() => migrateCassandra({ ...cluster, replication: undefined, ...PORTS })),
    ).toMatchObject({ kind: 'unavailable', message: expect.stringContaining('--copies') });
  });

  test('a schema older or newer than the code is refused, with what to do', async () => {
    const { client, cluster } = keyspace;
    const next = { version: MIGRATIONS.length + 1, name: 'next', tables: [] };
    const newer = [...MIGRATIONS, next];
    expect(await rejection(() => checkSchema(client, cluster.keyspace, newer))).toMatchObject({
      message: expect.stringContaining('parley migrate'),
    });
    await using stores = await open();
    expect(stores.messages.logId).toMatch(/^[0-9a-f]{32}$/u);
    await migrate({
      client,
      keyspace: cluster.keyspace,
      migrations: newer,
      replication: undefined,
      ...PORTS,
    });
    for (const call of [open, () => migrateCassandra({ ...cluster, replication: undefined, ...PORTS })])
      expect(await rejection(call)).toMatchObject({
        message: expect.stringContaining('newer version of Parley'),
      });
    await client.execute(`DELETE FROM migrations WHERE version = ${next.version} IF EXISTS`);
  });

  test('[INV 2] buckets of another size than the data has are refused: rows would be looked for in the wrong place', async () => {
    const members = new MemoryMemberStore(new MemoryWorld());
    await using _ = await keyspace.open(members);
    expect(await rejection(() => keyspace.open(members, { bucketSeqsCount: 8 }))).toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('buckets of 4096'),
    });
  });

  test('[INV 1] a keyspace that the engine may forget is refused, unless one says so', async () => {
    const { client, cluster } = keyspace;
    await client.execute(`ALTER KEYSPACE ${cluster.keyspace} WITH durable_writes = false`);
    expect(await rejection(open)).toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('durable_writes'),
    });
    const members = new MemoryMemberStore(new MemoryWorld());
    await using _ = await keyspace.open(members, { acceptUnsafeEngine: true });
    await client.execute(`ALTER KEYSPACE ${cluster.keyspace} WITH durable_writes = true`);
  });
});
