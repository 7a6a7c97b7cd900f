// Brings a keyspace up to date, and refuses one that is not. Several nodes may do it at the same time.
import type { Clock } from '@parley/ports/clock';
import type { Randomness } from '@parley/ports/randomness';
import { StoreError } from '@parley/ports/store-error';
import { type Client, types } from 'cassandra-driver';
import { BOOKKEEPING, createTable, type Migration, type TableDefinition } from './schema.ts';

const SERIAL = {
  prepare: true,
  consistency: types.consistencies.quorum,
  serialConsistency: types.consistencies.serial,
};
const LOG_ID_BYTES = 16;

export interface MigrateOptions {
  /** Connected, to no keyspace. */
  readonly client: Client;
  readonly keyspace: string;
  readonly migrations: readonly Migration[];
  /** Copies by datacenter, for a keyspace that is made just now. One that is there keeps its own. */
  readonly replication: Readonly<Record<string, number>> | undefined;
  readonly clock: Clock;
  readonly randomness: Randomness;
}

/** Resolves with the names of the steps that were missing when it began. */
export async function migrate(options: MigrateOptions): Promise<readonly string[]> {
  const { client, keyspace, migrations, clock, randomness } = options;
  await createKeyspace(options);
  await createTables(client, keyspace, BOOKKEEPING);
  const applied = await appliedIn(client, keyspace);
  checkApplied(applied, migrations);
  const missing = migrations.slice(applied.length);
  for (const { version, name, tables } of missing) {
    await createTables(client, keyspace, tables);
    const insert = `INSERT INTO ${keyspace}.migrations (version, name, applied_at) VALUES (?, ?, ?) IF NOT EXISTS`;
    await client.execute(insert, [version, name, BigInt(clock.now())], SERIAL);
  }
  const logId = [...randomness.bytes(LOG_ID_BYTES)]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('');
  const insert = `INSERT INTO ${keyspace}.meta (name, value) VALUES ('log_id', ?) IF NOT EXISTS`;
  await client.execute(insert, [logId], SERIAL);
  return missing.map(({ name }) => name);
}

/** Throws unless the logs of the keyspace are cut as the number says: where a row is follows from it. */
export async function checkBucketSize(client: Client, keyspace: string, seqsCount: number): Promise<void> {
  const insert = `INSERT INTO ${keyspace}.meta (name, value) VALUES ('bucket_seqs', ?) IF NOT EXISTS`;
  const { rows } = await client.execute(insert, [String(seqsCount)], SERIAL);
  const [there] = rows as readonly { readonly value?: string }[];
  if (there?.value === undefined || there.value === String(seqsCount)) return;
  throw new StoreError(
    'unavailable',
    `The logs in Cassandra are in buckets of ${there.value} entries, and this is set to ${seqsCount}: set it back.`,
  );
}

/** Throws unless the keyspace has exactly these migrations; returns the id of its logs. */
export async function checkSchema(
  client: Client,
  keyspace: string,
  migrations: readonly Migration[],
): Promise<string> {
  if (!(await hasTable(client, keyspace, 'meta'))) throw outdated(`the keyspace "${keyspace}" has no tables`);
  const applied = await appliedIn(client, keyspace);
  checkApplied(applied, migrations);
  if (applied.length < migrations.length)
    throw outdated(`schema ${applied.length}; this version needs ${migrations.length}`);
  const query = `SELECT value FROM ${keyspace}.meta WHERE name = 'log_id'`;
  const { rows } = await client.execute(query, [], { ...SERIAL, consistency: types.consistencies.serial });
  const [row] = rows as readonly { readonly value?: string }[];
  if (row?.value === undefined) throw outdated('it has no log id');
  return row.value;
}

const outdated = (what: string) =>
  new StoreError('unavailable', `The data in Cassandra is not up to date (${what}): run \`parley migrate\`.`);

async function createKeyspace({ client, keyspace, replication }: MigrateOptions): Promise<void> {
  const found = await client.execute(
    'SELECT keyspace_name FROM system_schema.keyspaces WHERE keyspace_name = ?',
    [keyspace],
    { prepare: true },
  );
  if (found.rowLength > 0) return;
  if (replication === undefined) {
    throw new StoreError(
      'unavailable',
      `Cassandra has no keyspace "${keyspace}": create it, or let \`parley migrate --copies NUMBER\` make it.`,
    );
  }
  const copies = Object.entries(replication).map(([datacenter, count]) => `'${datacenter}': ${count}`);
  const options = `{'class': 'NetworkTopologyStrategy', ${copies.join(', ')}}`;
  await define(client, `CREATE KEYSPACE IF NOT EXISTS ${keyspace} WITH replication = ${options}`);
}

async function createTables(
  client: Client,
  keyspace: string,
  tables: readonly TableDefinition[],
): Promise<void> {
  for (const table of tables) await define(client, createTable(keyspace, table));
}

/** Every node must know a table before anybody writes to it. */
async function define(client: Client, statement: string): Promise<void> {
  const { info } = await client.execute(statement);
  if (!('isSchemaInAgreement' in info && info.isSchemaInAgreement === true))
    throw new StoreError(
      'unavailable',
      'The nodes of Cassandra do not agree on the schema: try again later.',
    );
}

async function hasTable(client: Client, keyspace: string, table: string): Promise<boolean> {
  const query = 'SELECT table_name FROM system_schema.tables WHERE keyspace_name = ? AND table_name = ?';
  return (await client.execute(query, [keyspace, table], { prepare: true })).rowLength > 0;
}

async function appliedIn(
  client: Client,
  keyspace: string,
): Promise<readonly { readonly version: number; readonly name: string }[]> {
  const { rows } = await client.execute(`SELECT version, name FROM ${keyspace}.migrations`, [], {
    prepare: true,
    consistency: types.consistencies.quorum,
  });
  const applied = rows as readonly { version?: number; name?: string }[];
  return applied
    .map(({ version = 0, name = '' }) => ({ version, name }))
    .sort((one, other) => one.version - other.version);
}

function checkApplied(
  applied: readonly { readonly version: number; readonly name: string }[],
  migrations: readonly Migration[],
): void {
  for (const [index, { version, name }] of applied.entries()) {
    const known = migrations[index];
    if (known?.version === version && known.name === name) continue;
    throw new StoreError(
      'unavailable',
      `The data in Cassandra is of a newer version of Parley (schema ${version} "${name}"; this one knows ` +
        `${migrations.length}): run that version, or a newer one.`,
    );
  }
}
