// The audit of the logs: every seq above the floor up to the head is covered by exactly one row, and none lies beyond.
import type { Database } from 'bun:sqlite';

export interface LogFindings {
  /** Seqs above the floor up to the head that no row covers. */
  readonly holes: number;
  /** Times that a seq is covered once more. */
  readonly duplicate_seqs: number;
  /** Rows that end after the head, or that belong to no log. */
  readonly entries_beyond_head: number;
}

interface Row {
  readonly log: number;
  readonly first: number;
  readonly last: number;
  /** Null for a log that does not exist. */
  readonly head: number | null;
  readonly floor: number;
}

/** Row by row in order of log and seq, so that memory does not grow with the data. */
export function auditLogs(database: Database): LogFindings {
  const rows = database.query<Row, []>(
    `SELECT e.log, coalesce(e.from_seq, e.seq) AS first, e.seq AS last, l.head, coalesce(l.floor, 0) AS floor
     FROM entries e LEFT JOIN logs l ON l.key = e.log ORDER BY e.log, e.seq`,
  );
  const empty = database.query<{ n: number }, []>(
    'SELECT coalesce(sum(head - floor), 0) AS n FROM logs WHERE key NOT IN (SELECT log FROM entries)',
  );
  let holes = empty.get()?.n ?? 0;
  let [duplicates, beyond] = [0, 0];
  let current: { log: number; head: number; covered: number } | undefined;
  for (const { log, first, last, head, floor } of rows.iterate()) {
    if (head === null || last > head) beyond += 1;
    if (head === null) continue;
    if (current?.log !== log) {
      holes += missingAtEnd(current);
      current = { log, head, covered: floor };
    }
    const [from, to] = [Math.max(first, floor + 1), Math.min(last, head)];
    if (to < from) continue;
    holes += Math.max(0, from - current.covered - 1);
    duplicates += Math.max(0, Math.min(to, current.covered) - from + 1);
    current.covered = Math.max(current.covered, to);
  }
  holes += missingAtEnd(current);
  return { holes, duplicate_seqs: duplicates, entries_beyond_head: beyond };
}

function missingAtEnd(log: { head: number; covered: number } | undefined): number {
  return log === undefined ? 0 : log.head - log.covered;
}
