// Applies the numbered steps of the schema, and checks that a schema has exactly the steps that this code knows.
import { StoreError } from '@parley/ports/store-error';
import type { Database, Transaction } from './database.ts';
import { statement } from './statement.ts';

export interface Migration {
  readonly version: number;
  readonly name: string;
  /** Statements that are run one by one, without parameters. */
  readonly sql: readonly string[];
}

/** The first key of the advisory lock that lets one migrator work on a schema at a time; the second is the schema's. */
const LOCK_KEY = 0x7061_726c;

const RUN_ALONE = statement(
  'migration_lock',
  `SELECT pg_advisory_xact_lock(${LOCK_KEY}, hashtext($1))::text`,
);
const MAKE_TABLE = `CREATE TABLE IF NOT EXISTS schema_migrations (
  version integer PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now()
)`;
const HAS_TABLE = statement<{ exists: boolean }>(
  'migration_table_exists',
  "SELECT to_regclass('schema_migrations') IS NOT NULL AS exists",
);
const APPLIED = statement<Applied>(
  'migration_applied',
  'SELECT version, name FROM schema_migrations ORDER BY version',
);
const RECORD = statement('migration_record', 'INSERT INTO schema_migrations (version, name) VALUES ($1, $2)');

interface Applied {
  readonly version: number;
  readonly name: string;
}

/**
 * All that is missing, the schema itself too, in one transaction; resolves with the names of these steps. Migrators that
 * start at the same time wait for each other.
 */
export async function migrate(
  database: Database,
  migrations: readonly Migration[],
): Promise<readonly string[]> {
  return await database.transaction('read committed', async (transaction) => {
    await transaction.run(RUN_ALONE, [database.schema]);
    await transaction.execute(`CREATE SCHEMA IF NOT EXISTS ${database.schema}`);
    await transaction.execute(MAKE_TABLE);
    const applied = await transaction.run(APPLIED, []);
    checkBeginning(applied, migrations);
    const missing = migrations.slice(applied.length);
    for (const migration of missing) await apply(transaction, migration);
    return missing.map(({ name }) => name);
  });
}

async function apply(transaction: Transaction, { version, name, sql }: Migration): Promise<void> {
  for (const text of sql) await transaction.execute(text);
  await transaction.run(RECORD, [version, name]);
}

/** Rejects with a StoreError, which says what to do, unless the schema is the one that this code is for. */
export async function checkSchema(database: Database, migrations: readonly Migration[]): Promise<void> {
  const [there] = await database.read(HAS_TABLE, []);
  const applied = there?.exists === true ? await database.read(APPLIED, []) : [];
  checkBeginning(applied, migrations);
  if (applied.length === migrations.length) return;
  const state =
    applied.length === 0 ? 'has no tables' : `is of an older version of Parley (${applied.length})`;
  throw new StoreError(
    'unavailable',
    `The schema "${database.schema}" of PostgreSQL ${state}: run \`parley migrate\``,
  );
}

function checkBeginning(applied: readonly Applied[], migrations: readonly Migration[]): void {
  for (const [index, { version, name }] of applied.entries()) {
    const known = migrations[index];
    if (known === undefined) {
      throw new StoreError(
        'unavailable',
        `The tables are of a newer version of Parley (${version} "${name}"; this one knows ${migrations.length}): ` +
          'run that version, or restore a backup from before its `parley migrate`',
      );
    }
    if (known.version !== version || known.name !== name) {
      throw new StoreError(
        'unavailable',
        `The tables are not of Parley, or of a version it does not know: ${version} "${name}" is not ` +
          `${known.version} "${known.name}". Give Parley a schema of its own and run \`parley migrate\``,
      );
    }
  }
}
