// Proves, from one snapshot and without any lock, that the data of a folder is whole. Works while a server runs on it.
import type { Database } from 'bun:sqlite';
import { existsSync } from 'node:fs';
import { StoreError } from '@parley/ports/store-error';
import { auditChanges, type ChangeFindings } from './audit-changes.ts';
import { auditLogs, type LogFindings } from './audit-logs.ts';
import { countDifferingMemberships } from './audit-memberships.ts';
import { dataFolder } from './data-folder.ts';
import { openReader } from './database.ts';
import { checkApplied, MIGRATIONS } from './migrations.ts';

/** Everything but the two counts is a finding: 0 in healthy data. */
export interface AuditReport extends LogFindings, ChangeFindings {
  readonly conversations: number;
  readonly entries: number;
  /** message_ids beyond the first of those that are equal. */
  readonly duplicate_message_ids: number;
  /** Users and conversations of which a device has a mark beyond what the user may read. */
  readonly inbox_behind: number;
  /** Membership rows that are not what the entries of the log make of them, missing and needless ones included. */
  readonly membership_differs: number;
}

/** Throws a StoreError when there is no data, or data of another version. */
export function audit(directory: string): AuditReport {
  const folder = dataFolder(directory);
  if (!existsSync(folder.database)) {
    throw new StoreError('unavailable', `There is no Parley data in ${folder.directory}`);
  }
  const database = openReader(folder.database);
  try {
    database.run('BEGIN');
    checkSchema(database);
    const report = auditSnapshot(database);
    database.run('COMMIT');
    return report;
  } finally {
    database.close(true);
  }
}

/** How many findings a report has. */
export function findingsCount({
  conversations: _conversations,
  entries: _entries,
  ...findings
}: AuditReport): number {
  return Object.values(findings).reduce((sum, count) => sum + count, 0);
}

function checkSchema(database: Database): void {
  const applied = database
    .query<{ version: number; name: string }, []>('SELECT version, name FROM migrations ORDER BY version')
    .all();
  checkApplied(applied, MIGRATIONS);
  if (applied.length < MIGRATIONS.length) {
    throw new StoreError('unavailable', 'The data is of an older version of Parley: start the server once');
  }
}

function auditSnapshot(database: Database): AuditReport {
  const count = (sql: string): number => database.query<{ n: number }, []>(sql).get()?.n ?? 0;
  return {
    conversations: count(
      'SELECT count(*) AS n FROM (SELECT id FROM logs UNION SELECT id FROM conversations)',
    ),
    entries: count('SELECT count(*) AS n FROM entries'),
    ...auditLogs(database),
    ...auditChanges(database),
    duplicate_message_ids: count(
      `SELECT coalesce(sum(times - 1), 0) AS n
       FROM (SELECT count(*) AS times FROM entries GROUP BY message_id HAVING times > 1)`,
    ),
    inbox_behind: count(
      `SELECT count(*) AS n FROM (
         SELECT DISTINCT k.user, k.conversation
         FROM marks k LEFT JOIN memberships m ON m.user = k.user AND m.conversation = k.conversation
           LEFT JOIN logs l ON l.id = m.conversation
         WHERE k.seq > coalesce(m.left_seq, l.head, 0))`,
    ),
    membership_differs: countDifferingMemberships(database),
  };
}
