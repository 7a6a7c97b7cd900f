// Reports on SQLite: writes by the writer's thread, reads by the reader's.
import type { ReportRecord, ReportStore } from '@parley/ports/report-store';
import type { ClientMsgId, ConversationId, UserId } from '@parley/protocol/ids';
import type { ReadQueue } from './read-queue.ts';
import type { WriteQueue } from './write-queue.ts';

/** One more than the greatest id. */
const AFTER_THE_LAST = String(2n ** 63n);

export interface SqliteReportStoreOptions {
  readonly writes: WriteQueue;
  readonly reads: ReadQueue;
}

export class SqliteReportStore implements ReportStore {
  readonly #writes: WriteQueue;
  readonly #reads: ReadQueue;

  constructor({ writes, reads }: SqliteReportStoreOptions) {
    this.#writes = writes;
    this.#reads = reads;
  }

  async add(report: ReportRecord): Promise<ReportRecord> {
    const bytes = report.entries.length + (report.note?.length ?? 0);
    const { note, closed, ...stored } = await this.#writes.call('addReport', bytes, report);
    // The answer crosses as JSON, which leaves out what is undefined.
    return { ...stored, note, closed };
  }

  find(reporter: UserId, clientMsgId: ClientMsgId): Promise<ReportRecord | undefined> {
    return this.#reads.call('report', reporter, clientMsgId);
  }

  reports(
    conversation: ConversationId,
    after: string | undefined,
    limit: number,
  ): Promise<readonly ReportRecord[]> {
    return this.#reads.call('reports', conversation, after ?? AFTER_THE_LAST, limit);
  }

  close(
    conversation: ConversationId,
    id: string,
    { by, at }: { readonly by: UserId; readonly at: number },
  ): Promise<boolean> {
    return this.#writes.call('closeReport', 0, conversation, id, by, at);
  }

  /** Nothing by itself: the stores share one database, which SqliteStores closes. */
  async [Symbol.asyncDispose](): Promise<void> {}
}
