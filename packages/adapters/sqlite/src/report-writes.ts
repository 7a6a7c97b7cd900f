// Reports, each inside the transaction of a batch.
import type { Database, Statement } from 'bun:sqlite';
import type { ReportRecord } from '@parley/ports/report-store';
import { REPORT_COLUMNS, reportRecord } from './report-row.ts';
import type { WriteCalls } from './write-calls.ts';

type Binding = string | number | null;

function prepareStatements(database: Database) {
  const prepare = (sql: string): Statement<never, Binding[]> => database.prepare<never, Binding[]>(sql);
  return {
    insert: prepare(
      `INSERT INTO reports (id, reporter, client_msg_id, conversation, at, reason, note, entries, closed_by, closed_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (reporter, client_msg_id) DO NOTHING`,
    ),
    find: prepare(`SELECT ${REPORT_COLUMNS} FROM reports WHERE reporter = ? AND client_msg_id = ?`),
    there: prepare('SELECT 1 FROM reports WHERE id = ? AND conversation = ?'),
    close: prepare('UPDATE reports SET closed_by = ?, closed_at = ? WHERE id = ? AND closed_by IS NULL'),
  };
}

export class ReportWrites implements Pick<WriteCalls, 'addReport' | 'closeReport'> {
  readonly #statements: ReturnType<typeof prepareStatements>;

  constructor(database: Database) {
    this.#statements = prepareStatements(database);
  }

  addReport(report: ReportRecord): ReportRecord {
    const { id, reporter, clientMsgId, conversation, at, reason, note, entries, closed } = report;
    const { changes } = this.#statements.insert.run(
      id,
      reporter,
      clientMsgId,
      conversation,
      at,
      reason,
      note ?? null,
      entries,
      closed?.by ?? null,
      closed?.at ?? null,
    );
    if (changes > 0) return report;
    return reportRecord(this.#statements.find.values(reporter, clientMsgId)[0] ?? []);
  }

  closeReport(conversation: string, id: string, by: string, at: number): boolean {
    if (this.#statements.there.values(id, conversation).length === 0) return false;
    this.#statements.close.run(by, at, id);
    return true;
  }
}
