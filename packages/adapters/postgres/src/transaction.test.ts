// Transactions and statements: what is run again, what is rolled back, and what is refused before it is sent.
import { expect, test } from 'bun:test';
import { describeWithEngine } from '@parley/ports/conformance/engine';
import { rejection } from '@parley/ports/conformance/fixture';
import { StoreError } from '@parley/ports/store-error';
import { CALLS_MAX_COUNT, Database } from './database.ts';
import { statement } from './statement.ts';
import { TestProxy } from './test-proxy.ts';
import { QUIET, testWorlds } from './test-worlds.ts';

const PUT = statement('test_put', 'INSERT INTO meta VALUES ($1, $2)');
const SET = statement('test_set', 'UPDATE meta SET value = $2 WHERE name = $1');
const GET = statement<{ value: string }>('test_get', 'SELECT value FROM meta WHERE name = $1');
const REMOVE = statement('test_remove', "DELETE FROM meta WHERE name <> 'log_id'");
const SLEEP = statement('test_sleep', 'SELECT pg_sleep($1)::text');

const kindOf = (error: unknown) => (error instanceof StoreError ? error.kind : error);

describeWithEngine('postgres', (url) => {
  const { open } = testWorlds(url);

  async function openDatabase(options: { url?: string; statementTimeoutMs?: number } = {}) {
    const world = await open();
    const connections = { connectionsMaxCount: 4, statementTimeoutMs: 10_000, log: QUIET };
    const database = new Database({ url, schema: world.options.schema, ...connections, ...options });
    return {
      database,
      [Symbol.asyncDispose]: async () => {
        await database[Symbol.asyncDispose]();
        await using cleaner = new Database({ url, schema: world.options.schema, ...connections });
        await cleaner.write(REMOVE, []);
        await world[Symbol.asyncDispose]();
      },
    };
  }

  test('serializable transactions that conflict are run again, until each has counted', async () => {
    await using opened = await openDatabase();
    const { database } = opened;
    await database.write(PUT, ['n', '0']);
    let runs = 0;
    const allHaveRead = Promise.withResolvers<void>();
    const increment = () =>
      database.transaction('serializable', async (transaction) => {
        const [row] = await transaction.run(GET, ['n']);
        runs += 1;
        if (runs === 3) allHaveRead.resolve();
        await allHaveRead.promise;
        await transaction.run(SET, ['n', String(Number(row?.value) + 1)]);
      });
    await Promise.all([increment(), increment(), increment()]);
    expect(await database.read(GET, ['n'])).toEqual([{ value: '3' }]);
    expect(runs).toBeGreaterThan(3);
  });

  test('a transaction whose body throws, or goes on after a statement failed, is rolled back and says so', async () => {
    await using opened = await openDatabase();
    const { database } = opened;
    const fault = new Error('a bug');
    const thrown = await rejection(() =>
      database.transaction('read committed', async (transaction) => {
        await transaction.run(PUT, ['n', '0']);
        throw fault;
      }),
    );
    expect(thrown).toBe(fault);
    const swallowed = await rejection(() =>
      database.transaction('read committed', async (transaction) => {
        await transaction.run(PUT, ['n', '0']);
        await transaction.run(PUT, ['n', '1']).catch(() => undefined);
      }),
    );
    expect(String(swallowed)).toContain('a statement had failed');
    expect(await database.read(GET, ['n'])).toEqual([]);
  });

  test('a connection lost before COMMIT wrote nothing; lost at COMMIT, the outcome is unknown', async () => {
    await using proxy = await TestProxy.before(url);
    await using opened = await openDatabase({ url: proxy.url });
    const { database } = opened;
    const before = await rejection(() =>
      database.transaction('read committed', async (transaction) => {
        await transaction.run(PUT, ['n', '0']);
        proxy.cut();
        await transaction.run(GET, ['n']);
      }),
    );
    expect(kindOf(before)).toBe('unavailable');
    expect(await database.read(GET, ['n'])).toEqual([]);
    const atCommit = rejection(() =>
      database.transaction('read committed', async (transaction) => {
        await transaction.run(PUT, ['n', '0']);
        proxy.loseAnswers();
      }),
    );
    await using other = new Database({
      url,
      schema: database.schema,
      connectionsMaxCount: 1,
      statementTimeoutMs: 10_000,
      log: QUIET,
    });
    while ((await other.read(GET, ['n'])).length === 0);
    proxy.cut();
    expect(kindOf(await atCommit)).toBe('outcome_unknown');
  });

  test('a statement that takes too long is given up by the server: nothing was written', async () => {
    await using opened = await openDatabase({ statementTimeoutMs: 20 });
    expect(kindOf(await rejection(() => opened.database.write(SLEEP, [5])))).toBe('unavailable');
    expect(await opened.database.write(SLEEP, [0])).toHaveLength(1);
  });

  test('calls beyond the bound are refused at once as unavailable, and the others are answered', async () => {
    await using opened = await openDatabase();
    const { database } = opened;
    const calls = Array.from({ length: CALLS_MAX_COUNT }, () => database.read(GET, ['n']));
    expect(kindOf(await rejection(() => database.read(GET, ['n'])))).toBe('unavailable');
    expect(await Promise.all(calls)).toHaveLength(CALLS_MAX_COUNT);
    expect(await database.read(GET, ['n'])).toEqual([]);
  });
});
