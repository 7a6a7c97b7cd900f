// Proves, from snapshots and without any lock, that the data of a folder is whole. Works while a server runs on it.
import type { Database } from 'bun:sqlite';
import { auditChanges, type ChangeFindings } from './audit-changes.ts';
import { auditCounts, type CountFindings } from './audit-counts.ts';
import { behindInboxes, stillBehind } from './audit-inbox.ts';
import { auditLogs, type LogFindings } from './audit-logs.ts';
import { countDifferingMemberships } from './audit-memberships.ts';
import { countDifferingSettings } from './audit-settings.ts';
import { asReadError, checkSchema, openData } from './open-data.ts';

/** A running server applies a change to the members' rows well within this. */
const SECOND_LOOK_AFTER_MS = 1_000;

/** Everything but the two counts is a finding: 0, or absent, in healthy data. */
export interface AuditReport extends LogFindings, ChangeFindings, CountFindings {
  readonly conversations: number;
  readonly entries: number;
  /** message_ids beyond the first of those that are equal. */
  readonly duplicate_message_ids: number;
  /** Conversations of which the log has a change that the members' rows do not have: an inbox misses it. */
  readonly inbox_behind: number;
  /** Users and conversations of which a device has a mark beyond what the user may read. */
  readonly marks_ahead: number;
  /** Membership rows that are not what the entries of the log make of them: missing, needless and miscounted ones too. */
  readonly membership_differs: number;
  /** Groups whose settings are not what the entries of the log make of them, or that are not found by them. */
  readonly settings_differ: number;
  /** What SQLite says of a damaged file. */
  readonly integrity?: string;
}

export interface AuditOptions {
  /** Waits so many milliseconds before the second look at what may be on its way. */
  readonly pause: (ms: number) => Promise<void>;
}

/** Rejects with a StoreError when there is no data, data of another version, or a file too damaged to be read. */
export async function audit(directory: string, { pause }: AuditOptions): Promise<AuditReport> {
  try {
    const database = openData(directory);
    try {
      const { behind, ...report } = inSnapshot(database, () => auditSnapshot(database));
      if (behind.asOf.size === 0) return report;
      await pause(SECOND_LOOK_AFTER_MS);
      return { ...report, inbox_behind: inSnapshot(database, () => stillBehind(database, behind)) };
    } finally {
      database.close(true);
    }
  } catch (error) {
    throw asReadError(error);
  }
}

/** How many findings a report has. */
export function findingsCount({
  conversations: _conversations,
  entries: _entries,
  integrity,
  ...findings
}: AuditReport): number {
  return Object.values(findings).reduce((sum, count) => sum + count, integrity === undefined ? 0 : 1);
}

function inSnapshot<T>(database: Database, read: () => T): T {
  return database.transaction(read).deferred();
}

function auditSnapshot(database: Database) {
  checkSchema(database);
  const integrity = damageOf(database);
  const behind = behindInboxes(database);
  const count = (sql: string): number => database.query<{ n: number }, []>(sql).get()?.n ?? 0;
  return {
    conversations: count(
      'SELECT count(*) AS n FROM (SELECT id FROM logs UNION SELECT id FROM conversations)',
    ),
    entries: count('SELECT count(*) AS n FROM entries'),
    ...auditLogs(database),
    ...auditChanges(database),
    ...auditCounts(database),
    duplicate_message_ids: count(
      `SELECT coalesce(sum(times - 1), 0) AS n
       FROM (SELECT count(*) AS times FROM entries GROUP BY message_id HAVING times > 1)`,
    ),
    inbox_behind: behind.uncounted + behind.asOf.size,
    marks_ahead: count(
      `SELECT count(*) AS n FROM (
         SELECT DISTINCT k.user, k.conversation
         FROM marks k LEFT JOIN memberships m ON m.user = k.user AND m.conversation = k.conversation
           LEFT JOIN logs l ON l.id = m.conversation
         WHERE k.seq > coalesce(m.left_seq, l.head, 0))`,
    ),
    membership_differs: countDifferingMemberships(database),
    settings_differ: countDifferingSettings(database),
    ...(integrity === undefined ? {} : { integrity }),
    behind,
  };
}

/** What SQLite finds wrong with the pages and rows of the file; undefined where it finds nothing. */
function damageOf(database: Database): string | undefined {
  const lines = database.prepare<string, []>('PRAGMA quick_check').values().flat();
  return lines.length === 1 && lines[0] === 'ok' ? undefined : lines.join('\n');
}
