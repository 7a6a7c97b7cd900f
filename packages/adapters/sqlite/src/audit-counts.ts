// The audit of what unread and receipts rest on: running counts equal a recount, and no watermark is beyond its head.
import type { Database } from 'bun:sqlite';
import { SENT_BLOCK_SEQS_COUNT } from './schema-reading.ts';

export interface CountFindings {
  /** Running counts of a log's changes, or of a sender's messages, that are not what the entries give. */
  readonly counts_differ: number;
  /** Users and conversations that have read, or of which a device has received, more than there is. */
  readonly watermarks_ahead: number;
  /** Watermarks and times of receipts that contradict one another. */
  readonly receipts_differ: number;
}

const CHANGE_COUNTS = `
SELECT count(*) AS n FROM (
  SELECT e.log, e.seq, l.floor_changes + sum(e.changes) OVER (PARTITION BY e.log ORDER BY e.seq) AS expected
  FROM (
    SELECT log, seq, seq - coalesce(from_seq, seq) + (kind IS NOT NULL) AS changes
    FROM entries WHERE kind IS NOT NULL OR from_seq < seq
  ) e JOIN logs l ON l.key = e.log
) k FULL JOIN change_counts c ON c.log = k.log AND c.seq = k.seq
WHERE c.changes IS NOT k.expected`;

// A sender has a row for each block with a kept message. From one row to the next the count grows by the messages of the
// first one's block, of which some may be gone where the floor is in it.
const SENT_COUNTS = `
WITH kept AS (
  SELECT log, sender, seq / ${SENT_BLOCK_SEQS_COUNT} AS block, count(*) AS count
  FROM entries WHERE kind IS NULL AND log IN (SELECT key FROM logs)
  GROUP BY log, sender, seq / ${SENT_BLOCK_SEQS_COUNT}
), counted AS (
  SELECT log, sender, block,
    lead(sent_before) OVER (PARTITION BY log, sender ORDER BY block) - sent_before AS count
  FROM sent_counts WHERE log IN (SELECT key FROM logs)
)
SELECT count(*) AS n
FROM kept k FULL JOIN counted c ON c.log = k.log AND c.sender = k.sender AND c.block = k.block
  JOIN logs l ON l.key = coalesce(k.log, c.log)
WHERE c.block IS NULL OR k.block IS NULL OR c.count < k.count
  OR (c.count <> k.count AND max(c.block * ${SENT_BLOCK_SEQS_COUNT}, 1) > l.floor)`;

const STRAY_SENT_COUNTS = 'SELECT count(*) AS n FROM sent_counts WHERE log NOT IN (SELECT key FROM logs)';

const AHEAD = `
SELECT count(*) AS n FROM (
  SELECT p.user, p.conversation FROM personal p LEFT JOIN logs l ON l.id = p.conversation
  WHERE p.read_seq > coalesce(l.head, 0)
  UNION
  SELECT r.user, r.conversation FROM receipts r LEFT JOIN logs l ON l.id = r.conversation
  WHERE max(r.received, r.read) > coalesce(l.head, 0)
  UNION
  SELECT d.user, d.conversation FROM receipt_devices d LEFT JOIN logs l ON l.id = d.conversation
  WHERE d.seq > coalesce(l.head, 0)
)`;

const DEVICES_DIFFER = `
SELECT count(*) AS n FROM (
  SELECT conversation, user, max(seq) AS seq FROM receipt_devices GROUP BY conversation, user
) d FULL JOIN receipts r ON r.conversation = d.conversation AND r.user = d.user
WHERE coalesce(r.received, 0) <> coalesce(d.seq, 0)`;

const STEPS_DIFFER = `
SELECT count(*) AS n FROM (
  SELECT conversation, user, device, max(seq) AS seq FROM receipt_steps GROUP BY conversation, user, device
) s LEFT JOIN receipt_devices d ON d.conversation = s.conversation AND d.user = s.user AND d.device = s.device
  LEFT JOIN receipts r ON s.device = 0 AND r.conversation = s.conversation AND r.user = s.user
WHERE s.seq > coalesce(d.seq, r.read, 0)`;

export function auditCounts(database: Database): CountFindings {
  const count = (sql: string): number => database.query<{ n: number }, []>(sql).get()?.n ?? 0;
  return {
    counts_differ: count(CHANGE_COUNTS) + count(SENT_COUNTS) + count(STRAY_SENT_COUNTS),
    watermarks_ahead: count(AHEAD),
    receipts_differ: count(DEVICES_DIFFER) + count(STEPS_DIFFER),
  };
}
