// One row per log: how far it is dropped, where its open bucket is about, how old its oldest entry is. Each cell is
// written with the seq or bucket that it carries as its timestamp, so that an older value never beats a newer one.
import type { ConversationId, Seq } from '@parley/protocol/ids';
import type { CqlSession } from './cql-session.ts';

export const LOG_STATEMENTS = {
  read: 'SELECT floor, bucket FROM logs WHERE conversation = ?',
  scan: 'SELECT conversation, oldest_at FROM logs',
  raiseFloor: 'UPDATE logs USING TIMESTAMP ? SET floor = ? WHERE conversation = ?',
  hintBucket: 'UPDATE logs USING TIMESTAMP ? SET bucket = ? WHERE conversation = ?',
  setOldest: 'UPDATE logs USING TIMESTAMP ? SET oldest_at = ? WHERE conversation = ?',
} as const;

export interface LogRow {
  readonly floor: Seq;
  /** A bucket that was opened; later ones may have been since. */
  readonly bucket: number;
}

export interface AgedLog {
  readonly conversation: ConversationId;
  /** About: look at the entry. */
  readonly oldestAt: number;
}

export class LogTable {
  readonly #session: CqlSession;

  constructor(session: CqlSession) {
    this.#session = session;
  }

  async read(conversation: ConversationId): Promise<LogRow> {
    const statement = { query: LOG_STATEMENTS.read, params: [BigInt(conversation)] };
    const [row] = await this.#session.read<{ floor: bigint | null; bucket: number | null }>(statement);
    return { floor: Number(row?.floor ?? 0), bucket: row?.bucket ?? 0 };
  }

  /** Logs with kept entries, a page of them, in no order. */
  async scan(
    from: string | undefined,
  ): Promise<{ readonly logs: readonly AgedLog[]; readonly next: string | undefined }> {
    const page = await this.#session.scan<{ conversation: bigint; oldest_at: bigint | null }>(
      { query: LOG_STATEMENTS.scan, params: [] },
      from,
    );
    const logs = page.rows.flatMap(({ conversation, oldest_at }) =>
      oldest_at === null
        ? []
        : { conversation: String(conversation) as ConversationId, oldestAt: Number(oldest_at) },
    );
    return { logs, next: page.next };
  }

  raiseFloor(conversation: ConversationId, floor: Seq): Promise<void> {
    const params = [BigInt(floor), BigInt(floor), BigInt(conversation)];
    return this.#session.write({ query: LOG_STATEMENTS.raiseFloor, params });
  }

  hintBucket(conversation: ConversationId, bucket: number): Promise<void> {
    const params = [BigInt(bucket), bucket, BigInt(conversation)];
    return this.#session.write({ query: LOG_STATEMENTS.hintBucket, params });
  }

  /** The oldest entry kept, or, with no time, the last one dropped. */
  setOldest(conversation: ConversationId, seq: Seq, at: number | undefined): Promise<void> {
    const params = [BigInt(seq), at === undefined ? null : BigInt(at), BigInt(conversation)];
    return this.#session.write({ query: LOG_STATEMENTS.setOldest, params });
  }
}
