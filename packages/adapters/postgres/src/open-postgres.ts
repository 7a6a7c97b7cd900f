// Opens the durable stores on one schema of a PostgreSQL database, after checking it and its settings.
import type { Log } from '@parley/ports/log';
import type { LogCounts } from '@parley/ports/log-counts';
import { Database } from './database.ts';
import { greatestId } from './greatest-id.ts';
import { checkSchema, migrate } from './migration.ts';
import { MIGRATIONS } from './migrations.ts';
import { PostgresAccountStore } from './postgres-account-store.ts';
import { PostgresContactStore } from './postgres-contact-store.ts';
import { PostgresInviteStore } from './postgres-invite-store.ts';
import { PostgresLeaseStore } from './postgres-lease-store.ts';
import { PostgresLogCounts } from './postgres-log-counts.ts';
import { PostgresMemberStore } from './postgres-member-store.ts';
import { PostgresMessageStore } from './postgres-message-store.ts';
import { PostgresOfflineQueue } from './postgres-offline-queue.ts';
import { PostgresPersonalStore } from './postgres-personal-store.ts';
import { PostgresReceiptStore } from './postgres-receipt-store.ts';
import { PostgresReportStore } from './postgres-report-store.ts';
import { checkSession } from './session-check.ts';
import { statement } from './statement.ts';

export interface PostgresOptions {
  /** postgres://user:password@host:port/database */
  readonly url: string;
  /** Where the tables are. One schema, one Parley. */
  readonly schema: string;
  readonly connectionsMaxCount: number;
  /** Of the logs, where these are elsewhere: unread is counted by it. */
  readonly counts?: LogCounts;
  readonly log: Log;
}

/** The server gives a statement up after this: each does bounded work. */
export const STATEMENT_TIMEOUT_MS = 10_000;
/** A step of the schema may have to rewrite a table, or wait for another migrator. */
export const MIGRATION_TIMEOUT_MS = 3_600_000;

export type PostgresStores = Awaited<ReturnType<typeof openPostgres>>;

const LOG_ID = statement<{ value: string }>('log_id', "SELECT value FROM meta WHERE name = 'log_id'");

/**
 * The stores on one pool of connections, which disposing closes when what was asked for is done. Rejects with a
 * StoreError where the schema is of another version, or the server would acknowledge what it may lose.
 */
export async function openPostgres(options: PostgresOptions) {
  const database = new Database({ ...options, statementTimeoutMs: STATEMENT_TIMEOUT_MS });
  try {
    await checkSession(database);
    await checkSchema(database, MIGRATIONS);
    const [logId] = await database.read(LOG_ID, []);
    if (logId === undefined) throw new Error('the log id is missing');
    const messages = new PostgresMessageStore({ database, logId: logId.value });
    const counts = options.counts ?? new PostgresLogCounts(database);
    return {
      messages,
      counts,
      queue: new PostgresOfflineQueue(database),
      members: new PostgresMemberStore(database),
      accounts: new PostgresAccountStore(database),
      receipts: new PostgresReceiptStore(database),
      personal: new PostgresPersonalStore({ database, counts }),
      contacts: new PostgresContactStore(database),
      invites: new PostgresInviteStore(database),
      reports: new PostgresReportStore(database),
      leases: new PostgresLeaseStore(database),
      greatestId: await greatestId(database),
      [Symbol.asyncDispose]: async () => {
        await messages[Symbol.asyncDispose]();
        await database[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await database[Symbol.asyncDispose]();
    throw error;
  }
}

/** Brings the tables up to date, and makes them, and their schema, where there are none. Resolves with what was missing. */
export async function migratePostgres(options: PostgresOptions): Promise<readonly string[]> {
  await using database = new Database({ ...options, statementTimeoutMs: MIGRATION_TIMEOUT_MS });
  return await migrate(database, MIGRATIONS);
}
