// Brings the schemas of what the configuration names up to this code. Several may do it at the same time.
import { migrateCassandra } from '@parley/adapter-cassandra/open-cassandra';
import { migratePostgres } from '@parley/adapter-postgres/open-postgres';
import { SystemClock } from '@parley/adapter-system/system-clock';
import { SystemRandomness } from '@parley/adapter-system/system-randomness';
import { cassandraPlace } from './cassandra-place.ts';
import { atEngine } from './engine-fault.ts';
import { createLog } from './logger.ts';
import type { SharedConfig, StoresConfig } from './stores-config.ts';

export interface MigratedSchema {
  readonly engine: 'postgres' | 'cassandra';
  /** Without the password. */
  readonly place: string;
  /** The steps that were missing, by name; none where it was up to date. */
  readonly applied: readonly string[];
}

export interface MigrateOptions {
  readonly stores: StoresConfig;
  readonly logLevel: string;
  /** Of everything, for a keyspace of Cassandra that is made now. */
  readonly copies: number | undefined;
}

/** Nothing where the stores are embedded: `parley serve` does it itself. Rejects with a sentence that says what to do. */
export async function migrate({
  stores,
  logLevel,
  copies,
}: MigrateOptions): Promise<readonly MigratedSchema[]> {
  if (stores.kind === 'embedded') return [];
  const members = await migrateMembers(stores, logLevel);
  return stores.messages.kind === 'cassandra'
    ? [members, await migrateMessages(stores.messages.url, copies)]
    : [members];
}

async function migrateMembers({ members }: SharedConfig, logLevel: string): Promise<MigratedSchema> {
  const { url, schema, shown } = members;
  const options = { url, schema, connectionsMaxCount: 1, log: createLog(logLevel) };
  const applied = await atEngine({ setting: 'PARLEY_MEMBERS', shown }, () => migratePostgres(options));
  return { engine: 'postgres', place: shown, applied };
}

async function migrateMessages(url: string, copies: number | undefined): Promise<MigratedSchema> {
  const { cluster, shown } = cassandraPlace(url);
  const options = {
    ...cluster,
    replication: copies === undefined ? undefined : { [cluster.dc]: copies },
    clock: new SystemClock(),
    randomness: new SystemRandomness(),
  };
  const applied = await atEngine({ setting: 'PARLEY_MESSAGES', shown }, () => migrateCassandra(options));
  return { engine: 'cassandra', place: shown, applied };
}
