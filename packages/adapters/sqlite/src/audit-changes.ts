// The audit of changed messages: their states belong to kept entries, and what was deleted is erased.
import type { Database } from 'bun:sqlite';
import { APPEND_ENTRIES_MAX_COUNT } from '@parley/ports/message-store';
import { ERASED_PREFIX } from './entry-row.ts';

export interface ChangeFindings {
  /** States of no kept seq (beyond the head, or at or below the floor), or of a change that is beyond the head. */
  readonly state_out_of_range: number;
  /** Entries of deleted messages, edits included, that still have their text though the deletion is long done. */
  readonly not_erased: number;
}

/**
 * A deletion is an entry first, and the erasing follows, before the owner appends again or anew by the next one. So an
 * entry that was surely not of the same append proves that it was done: one that lies an append away, or a time.
 */
const SAME_APPEND_MAX_MS = 60_000;

interface Change {
  readonly log: number;
  readonly seq: number;
  readonly kind: string;
  /** Null where the body does not say it. */
  readonly target: number | null;
  readonly erased: 0 | 1;
  readonly settled: 0 | 1;
}

export function auditChanges(database: Database): ChangeFindings {
  const stray = database.query<{ n: number }, []>(
    `SELECT count(*) AS n FROM states t LEFT JOIN logs l ON l.key = t.log
     WHERE l.key IS NULL OR t.seq > l.head OR t.seq <= l.floor OR t.as_of > l.head`,
  );
  return { state_out_of_range: stray.get()?.n ?? 0, not_erased: countNotErased(database) };
}

/** One log at a time, so that memory is bounded by the edits of the largest one. */
function countNotErased(database: Database): number {
  const changes = database.query<Change, [string, number, number]>(
    `SELECT e.log, e.seq, e.kind,
       CASE json_valid(e.body) WHEN 1 THEN json_extract(e.body, '$.target') END AS target,
       substr(e.body, 1, length(?1)) = ?1 AS erased,
       l.head >= e.seq + ?2 OR coalesce(h.at >= e.at + ?3, 0) AS settled
     FROM entries e JOIN logs l ON l.key = e.log LEFT JOIN entries h ON h.log = l.key AND h.seq = l.head
     WHERE e.kind IN ('message_edited', 'message_deleted') ORDER BY e.log, e.seq`,
  );
  const message = database.query<{ erased: 0 | 1 }, [string, number, number]>(
    'SELECT substr(body, 1, length(?1)) = ?1 AS erased FROM entries WHERE log = ?2 AND seq = ?3',
  );
  let count = 0;
  let log: number | undefined;
  /** Edits that have their text, by the message that they changed. */
  const edits = new Map<number, number>();
  for (const change of changes.iterate(ERASED_PREFIX, APPEND_ENTRIES_MAX_COUNT, SAME_APPEND_MAX_MS)) {
    const { kind, target, erased, settled } = change;
    if (log !== change.log) edits.clear();
    log = change.log;
    if (target === null) continue;
    if (kind === 'message_edited') {
      if (erased === 0) edits.set(target, (edits.get(target) ?? 0) + 1);
    } else if (settled === 1) {
      // One that retention dropped is gone as well.
      if (message.get(ERASED_PREFIX, log, target)?.erased === 0) count += 1;
      count += edits.get(target) ?? 0;
      edits.delete(target);
    }
  }
  return count;
}
