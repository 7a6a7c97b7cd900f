// Reads of the logs, each inside the reader's transaction.
import type { Database, Statement } from 'bun:sqlite';
import type { LogState, ReadRange, StoredState, Token } from '@parley/ports/message-store';
import { clientMsgIdScratch, storedClientMsgId } from './client-msg-id.ts';
import { ENTRY_COLUMNS, type FlatEntries, pushRow } from './entry-row.ts';
import { LogCounts } from './log-counts.ts';
import type { FlatPage, ReadCalls } from './read-calls.ts';

/** Rows that one step of a read fetches: a read that `maxBytes` ends early fetches at most so many in vain. */
const STEP_ROWS_COUNT = 128;
const SEQ_COLUMN = 1;
const BODY_COLUMN = 7;
/** After those of the entry. */
const CONVERSATION_COLUMN = 8;

type Binding = string | number | Uint8Array;
interface LogRow {
  readonly key: number;
  readonly token: string | null;
  readonly head: number;
  readonly floor: number;
}

function prepareStatements(database: Database) {
  const prepare = <Row>(sql: string): Statement<Row, Binding[]> => database.prepare<Row, Binding[]>(sql);
  return {
    log: prepare<LogRow>('SELECT key, token, head, floor FROM logs WHERE id = ?'),
    sender: prepare<{ key: number }>('SELECT key FROM senders WHERE id = ?'),
    // The row that covers `to` may end beyond it: it is the first one that ends at `to` or later.
    read: prepare<never>(
      `SELECT ${ENTRY_COLUMNS} FROM entries e JOIN senders s ON s.key = e.sender
       WHERE e.log = ?1 AND e.seq > ?2 AND coalesce(e.from_seq, e.seq) <= ?3
         AND e.seq <= coalesce((SELECT min(seq) FROM entries WHERE log = ?1 AND seq >= ?3), ?3)
       ORDER BY e.seq LIMIT ?4`,
    ),
    find: prepare<never>(
      `SELECT ${ENTRY_COLUMNS} FROM entries e JOIN senders s ON s.key = e.sender
       WHERE e.client_msg_id = ? AND e.sender = ? AND e.log = ?`,
    ),
    locate: prepare<never>(
      `SELECT ${ENTRY_COLUMNS}, cast(l.id AS TEXT) FROM entries e JOIN senders s ON s.key = e.sender
         JOIN logs l ON l.key = e.log WHERE e.message_id = ? LIMIT 1`,
    ),
    // Only of seqs that a row ends at: one that lies inside a range has no entry to belong to.
    statesBetween: prepare<StoredState>(
      `SELECT t.seq, t.as_of AS asOf, t.body FROM states t WHERE t.log = ?1 AND t.seq BETWEEN ?2 AND ?3
         AND EXISTS (SELECT 1 FROM entries e WHERE e.log = t.log AND e.seq = t.seq) ORDER BY t.seq`,
    ),
    stateOf: prepare<StoredState>('SELECT seq, as_of AS asOf, body FROM states WHERE log = ? AND seq = ?'),
    olderThan: prepare<{ id: string }>(
      'SELECT cast(id AS TEXT) AS id FROM logs WHERE oldest_at < ? ORDER BY oldest_at LIMIT ?',
    ),
  };
}

type LogCall = 'state' | 'read' | 'find' | 'locate' | 'lastSentAt' | 'states' | 'olderThan';

export class LogReads implements Pick<ReadCalls, LogCall> {
  readonly #scratch = clientMsgIdScratch();
  readonly #counts: LogCounts;
  readonly #statements: ReturnType<typeof prepareStatements>;

  constructor(database: Database) {
    this.#counts = new LogCounts(database);
    this.#statements = prepareStatements(database);
  }

  state(conversation: string): LogState {
    const log = this.#statements.log.get(conversation);
    return {
      token: (log?.token ?? undefined) as Token | undefined,
      head: log?.head ?? 0,
      floor: log?.floor ?? 0,
    };
  }

  read({ conversation, after, to, limit, maxBytes }: ReadRange): FlatPage {
    const log = this.#statements.log.get(conversation);
    if (log === null) return { entries: [], states: [], head: 0, floor: 0 };
    const { head, floor, key } = log;
    let first: number | undefined;
    const page = (): FlatPage => {
      const states = first === undefined ? [] : this.#statements.statesBetween.all(key, first, cursor);
      return { entries, states, head, floor };
    };
    const entries: (string | number)[] = [];
    let count = 0;
    let bytes = 0;
    let cursor = after;
    for (;;) {
      const step = Math.min(STEP_ROWS_COUNT, limit - count);
      const rows = step > 0 ? this.#statements.read.values(key, cursor, Math.min(to, head), step) : [];
      for (const row of rows) {
        pushRow(entries, row);
        count += 1;
        bytes += (row[BODY_COLUMN] as string).length;
        cursor = row[SEQ_COLUMN] as number;
        first ??= cursor;
        if (bytes > maxBytes) return page();
      }
      if (rows.length < step || step <= 0) return page();
    }
  }

  find(conversation: string, sender: string, clientMsgIds: readonly string[]): FlatEntries {
    const log = this.#statements.log.get(conversation);
    const by = this.#statements.sender.get(sender);
    if (log === null || by === null) return [];
    const found: (string | number)[] = [];
    for (const id of clientMsgIds) {
      const [row] = this.#statements.find.values(storedClientMsgId(id, this.#scratch), by.key, log.key);
      if (row !== undefined) pushRow(found, row);
    }
    return found;
  }

  locate(messageId: string): { conversation: string; entry: FlatEntries } | undefined {
    const [row] = this.#statements.locate.values(messageId);
    if (row === undefined) return undefined;
    const entry: (string | number)[] = [];
    pushRow(entry, row);
    return { conversation: String(row[CONVERSATION_COLUMN]), entry };
  }

  lastSentAt(conversation: string, sender: string): number | undefined {
    const log = this.#statements.log.get(conversation);
    const by = this.#statements.sender.get(sender);
    if (log === null || by === null) return undefined;
    return this.#counts.lastSentAt(log.key, by.key);
  }

  states(conversation: string, seqs: readonly number[]): readonly StoredState[] {
    const log = this.#statements.log.get(conversation);
    if (log === null) return [];
    const asked = [...new Set(seqs)].sort((one, other) => one - other);
    return asked.flatMap((seq) => this.#statements.stateOf.get(log.key, seq) ?? []);
  }

  olderThan(before: number, limit: number): readonly string[] {
    return this.#statements.olderThan.all(before, limit).map((row) => row.id);
  }
}
