// What is read from the logs: one statement each, so that each sees one snapshot.
import { ENTRY_COLUMNS, type EntryRow, type StateRow } from './entry-row.ts';
import { SENT_BLOCK_SEQS_COUNT as BLOCK } from './sent-block.ts';
import { statement } from './statement.ts';

export interface LogRow {
  readonly token: string;
  readonly head: string;
  readonly floor: string;
}

/** A row per entry; one row without an entry where there is none. */
export interface PageRow {
  readonly head: string;
  readonly floor: string;
  readonly seq: string | null;
  readonly as_of: string | null;
  readonly state: string | null;
}

export const STATE = statement<LogRow>('log_state', 'SELECT token, head, floor FROM logs WHERE id = $1');

/** $1 conversation, $2 after, $3 to, $4 limit, $5 max bytes: the row that passes them is the last one. */
export const READ = statement<PageRow & (EntryRow | { readonly seq: null })>(
  'log_read',
  `SELECT l.head, l.floor, ${ENTRY_COLUMNS}, s.as_of, s.body AS state
   FROM logs l
     LEFT JOIN LATERAL (
       SELECT p.*, sum(length(p.body)) OVER (ORDER BY p.seq) - length(p.body) AS passed
       FROM (SELECT * FROM entries WHERE conversation = l.id AND seq > $2 AND seq <= $3 ORDER BY seq LIMIT $4) p
     ) e ON e.passed <= $5
     LEFT JOIN states s ON s.conversation = l.id AND s.seq = e.seq
   WHERE l.id = $1 ORDER BY e.seq`,
);

export const FIND = statement<EntryRow>(
  'log_find',
  `SELECT ${ENTRY_COLUMNS} FROM entries e
   WHERE e.conversation = $1 AND e.sender = $2 AND e.client_msg_id = ANY ($3::text[])`,
);

export const LOCATE = statement<EntryRow & { readonly conversation: string }>(
  'log_locate',
  `SELECT e.conversation, ${ENTRY_COLUMNS} FROM entries e WHERE e.message_id = $1 LIMIT 1`,
);

export const LAST_SENT_AT = statement<{ at: string }>(
  'log_last_sent_at',
  `SELECT e.at FROM entries e,
     (SELECT max(block) AS last FROM sent_counts WHERE conversation = $1 AND sender = $2) b
   WHERE e.conversation = $1 AND e.seq >= b.last * ${BLOCK} AND e.seq < (b.last + 1) * ${BLOCK}
     AND e.sender = $2 AND e.kind IS NULL
   ORDER BY e.seq DESC LIMIT 1`,
);

export const STATES = statement<StateRow>(
  'log_states',
  'SELECT seq, as_of, body FROM states WHERE conversation = $1 AND seq = ANY ($2::bigint[]) ORDER BY seq',
);

export const OLDER_THAN = statement<{ id: string }>(
  'log_older_than',
  'SELECT id FROM logs WHERE oldest_at < $1 ORDER BY oldest_at LIMIT $2',
);
