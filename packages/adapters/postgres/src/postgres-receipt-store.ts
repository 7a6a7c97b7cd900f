// Receipts on PostgreSQL: who got how far, and when.
import type { ConversationId, DeviceId, Seq, UserId } from '@parley/protocol/ids';
import type {
  PassedPage,
  PassedRow,
  Raised,
  ReceiptPage,
  ReceiptStep,
  ReceiptStore,
  WatermarkRow,
} from '@parley/ports/receipt-store';
import type { Database } from './database.ts';
import { BEFORE_THE_FIRST } from './id-page.ts';
import { raiseReceipts } from './receipt-raise.ts';
import { statement } from './statement.ts';

interface MarkRow {
  readonly user_id: UserId;
  readonly received: string;
  readonly read: string;
}

interface ReachedRow {
  readonly members: string;
  readonly delivered_count: string;
  readonly read_count: string;
  /** Null where nobody of the page has it: then the counts come alone. */
  readonly user_id: UserId | null;
  readonly delivered: boolean;
  readonly delivered_at: string | null;
  readonly read: boolean;
  readonly read_at: string | null;
}

const WATERMARKS = statement<MarkRow>(
  'receipts_watermarks',
  `SELECT m.user_id, coalesce(r.received, 0) AS received, coalesce(r.read, 0) AS read
   FROM memberships m LEFT JOIN receipts r USING (conversation, user_id)
   WHERE m.conversation = $1 AND m.user_id > $2 AND m.left_seq IS NULL ORDER BY m.user_id LIMIT $3`,
);
const WATERMARK = statement<MarkRow>(
  'receipts_watermark',
  'SELECT user_id, received, read FROM receipts WHERE conversation = $1 AND user_id = $2',
);

/** When a device, or the user's reading (device 0), passed $2; null where that is not known. */
const timeOf = (row: string, device: string) =>
  `(SELECT CASE WHEN t.after_seq < $2 THEN t.at END FROM receipt_times t
    WHERE t.conversation = $1 AND t.user_id = ${row}.user_id AND t.device = ${device} AND t.seq >= $2
    ORDER BY t.seq LIMIT 1)`;

// Of several devices the first; where one has no time, an earlier one cannot be ruled out.
const PASSED = statement<ReachedRow>(
  'receipts_passed',
  `WITH present AS (
     SELECT m.user_id, coalesce(r.received >= $2, false) AS delivered, coalesce(r.read >= $2, false) AS read
     FROM memberships m LEFT JOIN receipts r USING (conversation, user_id)
     WHERE m.conversation = $1 AND m.left_seq IS NULL AND m.user_id <> $3
   ), counts AS (
     SELECT count(*) AS members, count(*) FILTER (WHERE delivered) AS delivered_count,
       count(*) FILTER (WHERE read) AS read_count FROM present
   ), page AS (
     SELECT * FROM present WHERE (delivered OR read) AND user_id > $4 ORDER BY user_id LIMIT $5
   )
   SELECT counts.*, page.*, ${timeOf('page', '0')} AS read_at, (
     SELECT CASE WHEN bool_and(d.at IS NOT NULL) THEN min(d.at) END
     FROM (SELECT ${timeOf('d', 'd.device')} AS at FROM receipt_devices d
           WHERE d.conversation = $1 AND d.user_id = page.user_id AND d.seq >= $2) d) AS delivered_at
   FROM counts LEFT JOIN page ON true ORDER BY page.user_id`,
);
const DEVICES = statement<{ user_id: UserId; device: DeviceId; at: string | null }>(
  'receipts_devices',
  `SELECT d.user_id, d.device, ${timeOf('d', 'd.device')} AS at FROM receipt_devices d
   WHERE d.conversation = $1 AND d.seq >= $2 ORDER BY d.user_id, d.device LIMIT $3`,
);
const DROP_TIMES = statement(
  'receipts_drop_times',
  'DELETE FROM receipt_times WHERE conversation = $1 AND seq <= $2',
);

export class PostgresReceiptStore implements ReceiptStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  raise(steps: readonly ReceiptStep[]): Promise<readonly Raised[]> {
    return raiseReceipts(this.#database, steps);
  }

  async watermarks(
    conversation: ConversationId,
    after: UserId | undefined,
    limit: number,
  ): Promise<ReceiptPage> {
    // One more than asked for tells whether there is another page.
    const values = [conversation, after ?? BEFORE_THE_FIRST, limit + 1];
    const found = await this.#database.read(WATERMARKS, values);
    const rows = found.slice(0, limit).map(watermarkOf);
    return { rows, next: found.length > limit ? rows.at(-1)?.user : undefined };
  }

  async watermark(conversation: ConversationId, user: UserId): Promise<WatermarkRow> {
    const [row] = await this.#database.read(WATERMARK, [conversation, user]);
    return row === undefined ? { user, received: 0, read: 0 } : watermarkOf(row);
  }

  async passed(
    conversation: ConversationId,
    seq: Seq,
    { except, after, limit }: { except: UserId; after: UserId | undefined; limit: number },
  ): Promise<PassedPage> {
    const values = [conversation, seq, except, after ?? BEFORE_THE_FIRST, limit + 1];
    const found = await this.#database.read(PASSED, values);
    const reached = found.flatMap(passedOf);
    const rows = reached.slice(0, limit);
    const [counts] = found;
    return {
      rows,
      next: reached.length > limit ? rows.at(-1)?.user : undefined,
      members: Number(counts?.members),
      delivered: Number(counts?.delivered_count),
      read: Number(counts?.read_count),
    };
  }

  async devices(conversation: ConversationId, seq: Seq, limit: number) {
    const rows = await this.#database.read(DEVICES, [conversation, seq, limit]);
    return rows.map(({ user_id, device, at }) => ({ user: user_id, device, at: known(at) }));
  }

  async dropTimes(conversation: ConversationId, through: Seq): Promise<void> {
    await this.#database.write(DROP_TIMES, [conversation, through]);
  }

  /** Nothing by itself: the stores share one database, which whoever opened it closes. */
  async [Symbol.asyncDispose](): Promise<void> {}
}

const known = (at: string | null): number | undefined => (at === null ? undefined : Number(at));

const watermarkOf = ({ user_id, received, read }: MarkRow): WatermarkRow => ({
  user: user_id,
  received: Number(received),
  read: Number(read),
});

function passedOf({ user_id, delivered, delivered_at, read, read_at }: ReachedRow): PassedRow[] {
  if (user_id === null) return [];
  return [
    {
      user: user_id,
      delivered: delivered ? { at: known(delivered_at) } : undefined,
      read: read ? { at: known(read_at) } : undefined,
    },
  ];
}
