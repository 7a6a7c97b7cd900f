// Claims, conditional appends and drops, each inside the transaction of a batch.
import type { Database, Statement } from 'bun:sqlite';
import type { LogState, Refusal, StoredEntry, Token } from '@parley/ports/message-store';
import { clientMsgIdScratch, storedClientMsgId } from './client-msg-id.ts';
import { CountWrites } from './count-writes.ts';
import { COMMON_KIND, ENTRY_COLUMNS, storedEntry } from './entry-row.ts';
import type { LogKeys } from './log-keys.ts';
import { APPLIED, ENTRY_FIELDS_COUNT, type Applied, type WriteCalls } from './write-calls.ts';

/** Rows that one drop deletes: retention must not hold up the sends. */
export const DROP_ROWS_MAX_COUNT = 1_000;

type Binding = string | number | Uint8Array | null;
type Fields = readonly (string | number)[];

function prepareStatements(database: Database) {
  const prepare = <Row>(sql: string): Statement<Row, Binding[]> => database.prepare<Row, Binding[]>(sql);
  return {
    claim: prepare<{ head: number; floor: number }>(
      `INSERT INTO logs (id, key, token, head, floor)
       VALUES (?, (SELECT coalesce(max(key), 0) + 1 FROM logs), ?, 0, 0)
       ON CONFLICT (id) DO UPDATE SET token = excluded.token RETURNING head, floor`,
    ),
    // The fence: no row changes unless token and head are the expected ones. `oldest_at` has an index, so only the
    // first entry of an empty log touches it.
    advance: prepare<never>(
      'UPDATE logs SET head = ? WHERE id = ? AND token = ? AND head = ? AND oldest_at IS NOT NULL',
    ),
    advanceEmpty: prepare<never>(
      'UPDATE logs SET head = ?, oldest_at = ? WHERE id = ? AND token = ? AND head = ? AND oldest_at IS NULL',
    ),
    insert: prepare<never>(
      `INSERT INTO entries (log, seq, sender, client_msg_id, message_id, at, kind, body)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    ),
    takeBack: prepare<never>('DELETE FROM entries WHERE log = ? AND seq > ?'),
    setHead: prepare<never>('UPDATE logs SET head = ? WHERE id = ?'),
    find: prepare<never>(
      `SELECT ${ENTRY_COLUMNS} FROM entries e JOIN senders s ON s.key = e.sender
       WHERE e.client_msg_id = ? AND e.sender = ? AND e.log = ?`,
    ),
    state: prepare<{ key: number; token: string | null; head: number; floor: number }>(
      'SELECT key, token, head, floor FROM logs WHERE id = ?',
    ),
    lastToDrop: prepare<{ seq: number }>(
      `SELECT seq FROM entries WHERE log = ? AND seq <= ? ORDER BY seq LIMIT 1 OFFSET ${DROP_ROWS_MAX_COUNT - 1}`,
    ),
    deleteUpTo: prepare<never>('DELETE FROM entries WHERE log = ? AND seq <= ?'),
    deleteStatesUpTo: prepare<never>('DELETE FROM states WHERE log = ? AND seq <= ?'),
    raiseFloor: prepare<never>(
      `UPDATE logs SET floor = ?, oldest_at = (SELECT at FROM entries WHERE log = key ORDER BY seq LIMIT 1)
       WHERE id = ?`,
    ),
  };
}

export class LogWrites implements Pick<WriteCalls, 'claim' | 'append' | 'drop'> {
  readonly #keys: LogKeys;
  readonly #counts: CountWrites;
  readonly #scratch = clientMsgIdScratch();
  readonly #statements: ReturnType<typeof prepareStatements>;

  constructor(database: Database, keys: LogKeys) {
    this.#keys = keys;
    this.#counts = new CountWrites(database, keys);
    this.#statements = prepareStatements(database);
  }

  claim(conversation: string, token: string): { head: number; floor: number } {
    const row = this.#statements.claim.get(conversation, token);
    if (row === null) throw new Error('a claim brought no row');
    return row;
  }

  append(conversation: string, token: string, expectedHead: number, fields: Fields): Applied | Refusal {
    const head = expectedHead + fields.length / ENTRY_FIELDS_COUNT;
    const statements = this.#statements;
    if (statements.advance.run(head, conversation, token, expectedHead).changes === 0) {
      const at = fields[4] as number;
      if (statements.advanceEmpty.run(head, at, conversation, token, expectedHead).changes === 0) {
        return { kind: 'fenced', state: this.#state(conversation) };
      }
    }
    const log = this.#keys.log(conversation);
    for (
      let index = 0, seq = expectedHead + 1;
      index < fields.length;
      index += ENTRY_FIELDS_COUNT, seq += 1
    ) {
      const kind = fields[index] as string;
      const inserted = statements.insert.run(
        log.key,
        seq,
        this.#keys.sender(fields[index + 2] as string),
        storedClientMsgId(fields[index + 3] as string, this.#scratch),
        fields[index + 1] as string,
        fields[index + 4] as number,
        kind === COMMON_KIND ? null : kind,
        fields[index + 5] as string,
      );
      if (inserted.changes === 0) return this.#takeBack(conversation, expectedHead, fields);
    }
    this.#counts.appended(log, expectedHead, fields);
    return APPLIED;
  }

  drop(conversation: string, through: number): boolean {
    const statements = this.#statements;
    const log = statements.state.get(conversation);
    if (log === null) return false;
    const end = Math.min(through, log.head);
    if (end <= log.floor) return false;
    const upTo = statements.lastToDrop.get(log.key, end)?.seq ?? end;
    this.#counts.dropping(this.#keys.log(conversation), upTo);
    statements.deleteUpTo.run(log.key, upTo);
    statements.deleteStatesUpTo.run(log.key, upTo);
    statements.raiseFloor.run(upTo, conversation);
    return upTo < end;
  }

  /** A duplicate was met: undoes what this append did, and only that, and finds every entry it would repeat. */
  #takeBack(conversation: string, expectedHead: number, fields: Fields): Refusal {
    const { key: log } = this.#keys.log(conversation);
    this.#statements.takeBack.run(log, expectedHead);
    this.#statements.setHead.run(expectedHead, conversation);
    const existing: StoredEntry[] = [];
    const own = new Set<string>();
    for (let index = 0; index < fields.length; index += ENTRY_FIELDS_COUNT) {
      const [sender, clientMsgId] = [fields[index + 2] as string, fields[index + 3] as string];
      const stored = storedClientMsgId(clientMsgId, this.#scratch);
      const [row] = this.#statements.find.values(stored, this.#keys.sender(sender), log);
      const entry = row === undefined ? undefined : storedEntry(row);
      if (entry !== undefined) existing.push(entry);
      own.add(`${sender} ${clientMsgId}`);
    }
    // Thrown, so that the whole transaction is rolled back and done again without this append.
    if (own.size < fields.length / ENTRY_FIELDS_COUNT)
      throw new Error('two entries share sender and clientMsgId');
    if (existing.length === 0) throw new Error(`conversation ${conversation} has entries beyond its head`);
    return { kind: 'duplicate', existing };
  }

  #state(conversation: string): LogState {
    const row = this.#statements.state.get(conversation);
    return {
      token: (row?.token ?? undefined) as Token | undefined,
      head: row?.head ?? 0,
      floor: row?.floor ?? 0,
    };
  }
}
