// For the tests of this package: stores on schemas of their own, made once per file and emptied between tests.
import { afterAll } from 'bun:test';
import type { Log } from '@parley/ports/log';
import { Client } from 'pg';
import { migratePostgres, openPostgres, type PostgresOptions, type PostgresStores } from './open-postgres.ts';

export const QUIET: Log = { debug() {}, info() {}, warn() {}, error() {} };

const CONNECTIONS_MAX_COUNT = 6;

export interface World extends PostgresStores {
  readonly options: PostgresOptions;
  /** Closes the stores and keeps the data. */
  readonly close: () => Promise<void>;
}

export interface Worlds {
  readonly open: () => Promise<World>;
  readonly reopen: (world: World) => Promise<World>;
}

/** Call it where tests are described: the schemas go when they are through. */
export function testWorlds(url: string): Worlds {
  const made: PostgresOptions[] = [];
  const free: PostgresOptions[] = [];

  async function openOn(options: PostgresOptions): Promise<World> {
    const stores = await openPostgres(options);
    const close = () => stores[Symbol.asyncDispose]();
    return {
      ...stores,
      options,
      close,
      [Symbol.asyncDispose]: async () => {
        await close();
        await onServer(url, emptyTables(options.schema));
        free.push(options);
      },
    };
  }

  async function newSchema(): Promise<PostgresOptions> {
    const schema = await newSchemaName(url);
    const options = { url, schema, connectionsMaxCount: CONNECTIONS_MAX_COUNT, log: QUIET };
    made.push(options);
    await migratePostgres(options);
    return options;
  }

  afterAll(async () => {
    for (const { schema } of made) await onServer(url, `DROP SCHEMA ${schema} CASCADE`);
  });

  return {
    open: async () => openOn(free.pop() ?? (await newSchema())),
    reopen: async (world) => {
      await world.close();
      return openOn(world.options);
    },
  };
}

let schemasCount = 0;

/** A name that only this process uses. What an earlier one of the same id left there is dropped. */
export async function newSchemaName(url: string): Promise<string> {
  schemasCount += 1;
  const schema = `parley_test_${process.pid}_${schemasCount}`;
  await onServer(url, `DROP SCHEMA IF EXISTS ${schema} CASCADE`);
  return schema;
}

export async function onServer(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

/** DELETE, as TRUNCATE makes new files; and nobody waits for the disk. */
const emptyTables = (schema: string) => `SET synchronous_commit = off; DO $$
DECLARE name text;
BEGIN
  FOR name IN SELECT tablename FROM pg_tables
    WHERE schemaname = '${schema}' AND tablename NOT IN ('meta', 'schema_migrations') LOOP
    EXECUTE format('DELETE FROM %I.%I', '${schema}', name);
  END LOOP;
END $$`;
