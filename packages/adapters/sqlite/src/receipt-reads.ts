// Reads of receipts, each inside the reader's transaction.
import type { Database, Statement } from 'bun:sqlite';
import type { DeviceId, UserId } from '@parley/protocol/ids';
import type { PassedPage, PassedRow, ReceiptPage, WatermarkRow } from '@parley/ports/receipt-store';
import type { Value } from './entry-row.ts';
import type { DeviceReceipt, ReadCalls } from './read-calls.ts';
import { READING_DEVICE } from './receipt-writes.ts';

type Binding = string | number;

/** The time of the first step that reaches ?3, of the device that `d` is. */
const TIME_OF_STEP = `(SELECT s.at FROM receipt_steps s WHERE s.conversation = d.conversation AND s.user = d.user
  AND s.device = d.device AND s.seq >= ?2 ORDER BY s.seq LIMIT 1)`;

function prepareStatements(database: Database) {
  const prepare = (sql: string): Statement<never, Binding[]> => database.prepare<never, Binding[]>(sql);
  return {
    watermarks: prepare(
      `SELECT cast(m.user AS TEXT), coalesce(r.received, 0), coalesce(r.read, 0)
       FROM memberships m LEFT JOIN receipts r ON r.conversation = m.conversation AND r.user = m.user
       WHERE m.conversation = ? AND m.user > ? AND m.left_seq IS NULL ORDER BY m.user LIMIT ?`,
    ),
    watermark: prepare('SELECT received, read FROM receipts WHERE conversation = ? AND user = ?'),
    passedCounts: prepare(
      `SELECT count(*), coalesce(sum(r.received >= ?2), 0), coalesce(sum(r.read >= ?2), 0)
       FROM memberships m LEFT JOIN receipts r ON r.conversation = m.conversation AND r.user = m.user
       WHERE m.conversation = ?1 AND m.left_seq IS NULL AND m.user <> ?3`,
    ),
    passed: prepare(
      `SELECT cast(m.user AS TEXT), r.received >= ?2, r.read >= ?2
       FROM memberships m CROSS JOIN receipts r ON r.conversation = m.conversation AND r.user = m.user
       WHERE m.conversation = ?1 AND m.left_seq IS NULL AND m.user <> ?3 AND m.user > ?4
         AND (r.received >= ?2 OR r.read >= ?2)
       ORDER BY m.user LIMIT ?5`,
    ),
    deliveryTimes: prepare(
      `SELECT ${TIME_OF_STEP} FROM receipt_devices d WHERE d.conversation = ?1 AND d.user = ?3 AND d.seq >= ?2`,
    ),
    readTime: prepare(
      `SELECT at FROM receipt_steps WHERE conversation = ? AND user = ? AND device = ${READING_DEVICE} AND seq >= ?
       ORDER BY seq LIMIT 1`,
    ),
    devices: prepare(
      `SELECT cast(d.user AS TEXT), cast(d.device AS TEXT), ${TIME_OF_STEP}
       FROM receipt_devices d WHERE d.conversation = ?1 AND d.seq >= ?2 ORDER BY d.user, d.device LIMIT ?3`,
    ),
  };
}

export class ReceiptReads implements Pick<ReadCalls, 'watermarks' | 'watermark' | 'passed' | 'receivedBy'> {
  readonly #statements: ReturnType<typeof prepareStatements>;

  constructor(database: Database) {
    this.#statements = prepareStatements(database);
  }

  watermarks(conversation: string, after: string, limit: number): ReceiptPage {
    // One more than asked for tells whether there is another page.
    const found = this.#statements.watermarks.values(conversation, after, limit + 1);
    const rows = found.slice(0, limit).map(watermarkRow);
    return { rows, next: found.length > limit ? rows.at(-1)?.user : undefined };
  }

  watermark(conversation: string, user: string): WatermarkRow {
    const [row = [0, 0]] = this.#statements.watermark.values(conversation, user);
    return watermarkRow([user, ...row]);
  }

  passed(conversation: string, seq: number, except: string, after: string, limit: number): PassedPage {
    const [counts = []] = this.#statements.passedCounts.values(conversation, seq, except);
    const found = this.#statements.passed.values(conversation, seq, except, after, limit + 1);
    const rows = found.slice(0, limit).map(([user, delivered, read]): PassedRow => ({
      user: user as UserId,
      delivered: delivered === 1 ? { at: this.#deliveredAt(conversation, user as string, seq) } : undefined,
      read: read === 1 ? { at: this.#readAt(conversation, user as string, seq) } : undefined,
    }));
    const [members, delivered, read] = counts as number[];
    const next = found.length > limit ? rows.at(-1)?.user : undefined;
    return { rows, next, members: members ?? 0, delivered: delivered ?? 0, read: read ?? 0 };
  }

  receivedBy(conversation: string, seq: number, limit: number): readonly DeviceReceipt[] {
    return this.#statements.devices.values(conversation, seq, limit).map(([user, device, at]) => ({
      user: user as UserId,
      device: device as DeviceId,
      at: known(at),
    }));
  }

  /** Of several devices the first; where one has no time, an earlier one cannot be ruled out. */
  #deliveredAt(conversation: string, user: string, seq: number): number | undefined {
    const times = this.#statements.deliveryTimes.values(conversation, seq, user).map(([at]) => known(at));
    return times.reduce((first, at) =>
      first === undefined || at === undefined ? undefined : Math.min(first, at),
    );
  }

  #readAt(conversation: string, user: string, seq: number): number | undefined {
    return known(this.#statements.readTime.values(conversation, user, seq)[0]?.[0]);
  }
}

const known = (at: Value | undefined): number | undefined => (at as number | null | undefined) ?? undefined;

const watermarkRow = ([user, received, read]: readonly Value[]): WatermarkRow => ({
  user: user as UserId,
  received: received as number,
  read: read as number,
});
