// Reports on PostgreSQL.
import type { ReportRecord, ReportStore } from '@parley/ports/report-store';
import type { ClientMsgId, ConversationId, UserId } from '@parley/protocol/ids';
import type { ReportReason } from '@parley/protocol/report';
import type { Database } from './database.ts';
import { statement } from './statement.ts';
import { bytesOf, textOf } from './text-bytes.ts';

interface ReportRow {
  readonly id: string;
  readonly reporter: UserId;
  readonly client_msg_id: ClientMsgId;
  readonly conversation: ConversationId;
  readonly at: string;
  readonly reason: ReportReason;
  readonly note: Uint8Array | null;
  readonly entries: Uint8Array;
  readonly closed_by: UserId | null;
  readonly closed_at: string | null;
}

const COLUMNS = 'id, reporter, client_msg_id, conversation, at, reason, note, entries, closed_by, closed_at';
const GREATEST_ID = 2n ** 63n - 1n;

// The update changes nothing: it brings the row that is there, also one that came a moment ago.
const ADD = statement<ReportRow>(
  'report_add',
  `INSERT INTO reports AS r (${COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
   ON CONFLICT (reporter, client_msg_id) DO UPDATE SET reporter = r.reporter RETURNING ${COLUMNS}`,
);
const FIND = statement<ReportRow>(
  'report_find',
  `SELECT ${COLUMNS} FROM reports WHERE reporter = $1 AND client_msg_id = $2`,
);
const PAGE = statement<ReportRow>(
  'report_page',
  `SELECT ${COLUMNS} FROM reports WHERE conversation = $1 AND id <= $2 ORDER BY id DESC LIMIT $3`,
);
const CLOSE = statement<{ id: string }>(
  'report_close',
  `UPDATE reports SET closed_by = coalesce(closed_by, $3), closed_at = coalesce(closed_at, $4)
   WHERE id = $1 AND conversation = $2 RETURNING id`,
);

export class PostgresReportStore implements ReportStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async add(report: ReportRecord): Promise<ReportRecord> {
    const { id, reporter, clientMsgId, conversation, at, reason, note, entries, closed } = report;
    const [row] = await this.#database.write(ADD, [
      id,
      reporter,
      clientMsgId,
      conversation,
      at,
      reason,
      note === undefined ? null : bytesOf(note),
      bytesOf(entries),
      closed?.by ?? null,
      closed?.at ?? null,
    ]);
    if (row === undefined) throw new Error('a report was neither stored nor there');
    return recordOf(row);
  }

  async find(reporter: UserId, clientMsgId: ClientMsgId): Promise<ReportRecord | undefined> {
    const [row] = await this.#database.read(FIND, [reporter, clientMsgId]);
    return row === undefined ? undefined : recordOf(row);
  }

  async reports(
    conversation: ConversationId,
    after: string | undefined,
    limit: number,
  ): Promise<readonly ReportRecord[]> {
    const from = after === undefined ? GREATEST_ID : BigInt(after) - 1n;
    return (await this.#database.read(PAGE, [conversation, String(from), limit])).map(recordOf);
  }

  async close(
    conversation: ConversationId,
    id: string,
    { by, at }: { readonly by: UserId; readonly at: number },
  ): Promise<boolean> {
    return (await this.#database.write(CLOSE, [id, conversation, by, at])).length > 0;
  }

  /** Nothing by itself: the stores share one database, which whoever opened it closes. */
  async [Symbol.asyncDispose](): Promise<void> {}
}

function recordOf(row: ReportRow): ReportRecord {
  return {
    id: row.id,
    reporter: row.reporter,
    clientMsgId: row.client_msg_id,
    conversation: row.conversation,
    at: Number(row.at),
    reason: row.reason,
    note: row.note === null ? undefined : textOf(row.note),
    entries: textOf(row.entries),
    closed: row.closed_by === null ? undefined : { by: row.closed_by, at: Number(row.closed_at) },
  };
}
