// Stores that a test has for itself: a folder, or a schema and a keyspace of real engines, gone when the test is over.
import { RedisClient, SQL } from 'bun';
import { describe } from 'bun:test';
import { connect, parseClusterUrl } from '@parley/adapter-cassandra/connect';
import { describeWithEngine, engine } from '@parley/ports/conformance/engine';
import { configFrom } from '@parley/server-app/config';
import { readEnvironment } from '@parley/server-app/env';
import { migrate } from '@parley/server-app/migrate';
import type { Scope } from './scope.ts';
import type { ServerOptions } from './server-process.ts';

export const STORES_KINDS = ['embedded', 'postgres', 'cassandra+postgres'] as const;
export type StoresKind = (typeof STORES_KINDS)[number];
export type EnginesKind = Exclude<StoresKind, 'embedded'>;

export type TestStores = Pick<ServerOptions, 'directory'> & { readonly env: Record<string, string> };

/** Ready for a server: migrated where they need it. */
export async function openTestStores(kind: StoresKind, scope: Scope): Promise<TestStores> {
  if (kind === 'embedded') return { directory: scope.folder(), env: {} };
  const env = newEngines(kind, scope);
  const { stores } = configFrom(readEnvironment(env));
  await migrate({ stores, logLevel: 'warn', copies: 1 });
  return { env };
}

/** What names engines without any table. */
export function newEngines(kind: EnginesKind, scope: Scope): Record<string, string> {
  const name = `e2e_${crypto.randomUUID().replaceAll('-', '')}`;
  const members = new URL(urlOf('postgres'));
  members.searchParams.set('schema', name);
  const env = { PARLEY_MEMBERS: members.href };
  scope.atEnd(() => dropSchema(name));
  if (kind === 'postgres') return { ...env, PARLEY_MESSAGES: members.href };
  scope.atEnd(() => dropKeyspace(name));
  const [cache, bus] = [engine('redis'), engine('nats')];
  return {
    ...env,
    PARLEY_MESSAGES: urlOf('cassandra').replace(/\/\w+\?/, `/${name}?`),
    ...(cache === undefined ? {} : { PARLEY_CACHE: cache }),
    ...(bus === undefined ? {} : { PARLEY_BUS: bus }),
  };
}

/** Describes tests for each kind of engines; where one is not to be had, one skipped test says so. */
export function describeOnEngines(body: (kind: EnginesKind) => void): void {
  describeWithEngine('postgres', () => body('postgres'));
  if (engine('postgres') === undefined) return;
  describeWithEngine('cassandra', () =>
    describe('with members on postgres', () => body('cassandra+postgres')),
  );
}

function urlOf(name: 'postgres' | 'cassandra'): string {
  const url = engine(name);
  if (url === undefined) throw new Error(`no ${name} for tests`);
  return url;
}

async function dropSchema(name: string): Promise<void> {
  await using sql = new SQL(urlOf('postgres'), { max: 1 });
  await sql.unsafe(`DROP SCHEMA IF EXISTS ${name} CASCADE`);
}

async function dropKeyspace(name: string): Promise<void> {
  const client = await connect(parseClusterUrl(urlOf('cassandra')));
  try {
    const { rows } = await client.execute(`SELECT value FROM ${name}.meta WHERE name = 'log_id'`);
    for (const row of rows) await dropKeys(`parley:${String(row['value'])}:*`);
  } finally {
    await client.execute(`DROP KEYSPACE IF EXISTS ${name}`);
    await client.shutdown();
  }
}

async function dropKeys(pattern: string): Promise<void> {
  const url = engine('redis');
  if (url === undefined) return;
  const redis = new RedisClient(url);
  const keys = (await redis.send('KEYS', [pattern])) as string[];
  if (keys.length > 0) await redis.send('DEL', keys);
  redis.close();
}
