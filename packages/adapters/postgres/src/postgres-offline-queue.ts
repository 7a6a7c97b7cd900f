// The inbox on PostgreSQL: a join of memberships, heads and marks, so that a send writes nothing here.
import type { ConversationId, DeviceId, Seq, UserId } from '@parley/protocol/ids';
import type { Mark, OfflineQueue, QueuePage } from '@parley/ports/offline-queue';
import type { Database } from './database.ts';
import { BEFORE_THE_FIRST } from './id-page.ts';
import { statement } from './statement.ts';

interface BehindRow {
  readonly conversation: ConversationId;
  readonly head: string;
  readonly received: string;
  readonly removed: boolean;
}

/** What the user may read goes to `left_seq` or the head; what the device has, to its mark. */
const BEHIND = statement<BehindRow>(
  'queue_behind',
  `SELECT * FROM (
     SELECT m.conversation, coalesce(m.left_seq, l.head) AS head,
       greatest(coalesce(k.seq, 0), m.visible_after) AS received, m.left_seq IS NOT NULL AS removed
     FROM memberships m JOIN logs l ON l.id = m.conversation
       LEFT JOIN marks k ON k.user_id = m.user_id AND k.device = $2 AND k.conversation = m.conversation
     WHERE m.user_id = $1 AND m.conversation > $3
   ) q
   WHERE q.head > q.received ORDER BY q.conversation LIMIT $4`,
);

/** In order of conversation, so that calls at the same time lock the rows in one order. */
const MARK_RECEIVED = statement(
  'queue_mark_received',
  `INSERT INTO marks (user_id, device, conversation, seq)
     SELECT $1::bigint, $2::bigint, n.conversation, max(n.seq)
     FROM unnest($3::bigint[], $4::bigint[]) AS n (conversation, seq) GROUP BY n.conversation ORDER BY n.conversation
   ON CONFLICT (user_id, device, conversation) DO UPDATE SET seq = excluded.seq WHERE excluded.seq > marks.seq`,
);

const RECEIVED = statement<{ conversation: ConversationId; seq: string }>(
  'queue_received',
  `SELECT m.conversation, greatest(coalesce(k.seq, 0), m.visible_after) AS seq
   FROM memberships m
     LEFT JOIN marks k ON k.user_id = m.user_id AND k.device = $2 AND k.conversation = m.conversation
   WHERE m.user_id = $1 AND m.conversation = ANY ($3::bigint[])`,
);

export class PostgresOfflineQueue implements OfflineQueue {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Nothing to write: the head is in the log's own row. */
  async advance(): Promise<void> {}

  async behind(
    user: UserId,
    device: DeviceId,
    after: ConversationId | undefined,
    limit: number,
  ): Promise<QueuePage> {
    // One more than asked for tells whether there is another page.
    const values = [user, device, after ?? BEFORE_THE_FIRST, limit + 1];
    const found = await this.#database.read(BEHIND, values);
    const rows = found.slice(0, limit).map(({ conversation, head, received, removed }) => ({
      conversation,
      head: Number(head),
      received: Number(received),
      removed,
    }));
    return { rows, next: found.length > limit ? rows.at(-1)?.conversation : undefined };
  }

  async markReceived(user: UserId, device: DeviceId, marks: readonly Mark[]): Promise<void> {
    if (marks.length === 0) return;
    const conversations = marks.map(({ conversation }) => conversation);
    const seqs = marks.map(({ seq }) => seq);
    await this.#database.write(MARK_RECEIVED, [user, device, conversations, seqs]);
  }

  async received(
    user: UserId,
    device: DeviceId,
    conversations: readonly ConversationId[],
  ): Promise<ReadonlyMap<ConversationId, Seq>> {
    const rows = await this.#database.read(RECEIVED, [user, device, conversations]);
    return new Map(rows.map(({ conversation, seq }) => [conversation, Number(seq)]));
  }

  /** Nothing by itself: the stores share the connections, which are closed by what opened them. */
  async [Symbol.asyncDispose](): Promise<void> {}
}
