// Reads of reports, each inside the reader's transaction.
import type { Database, Statement } from 'bun:sqlite';
import type { ReportRecord } from '@parley/ports/report-store';
import type { ReadCalls } from './read-calls.ts';
import { REPORT_COLUMNS, reportRecord } from './report-row.ts';

function prepareStatements(database: Database) {
  const prepare = (sql: string): Statement<never, (string | number)[]> => database.prepare(sql);
  return {
    find: prepare(`SELECT ${REPORT_COLUMNS} FROM reports WHERE reporter = ? AND client_msg_id = ?`),
    page: prepare(
      `SELECT ${REPORT_COLUMNS} FROM reports WHERE conversation = ? AND id < ? ORDER BY id DESC LIMIT ?`,
    ),
  };
}

export class ReportReads implements Pick<ReadCalls, 'report' | 'reports'> {
  readonly #statements: ReturnType<typeof prepareStatements>;

  constructor(database: Database) {
    this.#statements = prepareStatements(database);
  }

  report(reporter: string, clientMsgId: string): ReportRecord | undefined {
    const [row] = this.#statements.find.values(reporter, clientMsgId);
    return row === undefined ? undefined : reportRecord(row);
  }

  reports(conversation: string, after: string, limit: number): readonly ReportRecord[] {
    return this.#statements.page.values(conversation, after, limit).map(reportRecord);
  }
}
