// The counts of the logs on PostgreSQL, read from change_counts, sent_counts and at most two blocks of entries.
import type { ConversationId, UserId } from '@parley/protocol/ids';
import type { CountAfter, LogCounts } from '@parley/ports/log-counts';
import type { Mark } from '@parley/ports/offline-queue';
import type { Database } from './database.ts';
import { SENT_BLOCK_SEQS_COUNT as BLOCK } from './sent-block.ts';
import { statement } from './statement.ts';

interface CountRow {
  readonly conversation: ConversationId;
  readonly head: string;
  readonly floor: string;
  readonly others: string;
}

const changesUpTo = (seq: string): string => `coalesce(
  (SELECT c.changes FROM change_counts c WHERE c.conversation = l.id AND c.seq <= ${seq} ORDER BY c.seq DESC LIMIT 1),
  l.floor_changes)`;

/** Within one block, never more. */
const sentBetween = (from: string, before: string): string => `(
  SELECT count(*) FROM entries e
  WHERE e.conversation = l.id AND e.seq >= ${from} AND e.seq < ${before} AND e.sender = $1 AND e.kind IS NULL)`;

const sentBlock = (which: string): string => `LEFT JOIN LATERAL (
  SELECT s.block, s.sent_before FROM sent_counts s
  WHERE s.conversation = l.id AND s.sender = $1 AND ${which} LIMIT 1)`;

/**
 * The messages in (seq, head] less those that the user sent: in the rest of the block that seq is in, and from the next
 * block that the user has a row for through the last one.
 */
const OTHERS_AFTER = statement<CountRow>(
  'log_others_after',
  `SELECT n.conversation, coalesce(l.head, 0) AS head, coalesce(l.floor, 0) AS floor,
     CASE WHEN l.head > f.seq THEN
     l.head - f.seq - (${changesUpTo('l.head')} - ${changesUpTo('f.seq')})
     - ${sentBetween('f.seq + 1', `(f.seq / ${BLOCK} + 1) * ${BLOCK}`)}
     - coalesce(latest.sent_before - next.sent_before
         + ${sentBetween(`latest.block * ${BLOCK}`, `(latest.block + 1) * ${BLOCK}`)}, 0)
     ELSE 0 END AS others
   FROM unnest($2::bigint[], $3::bigint[]) AS n (conversation, seq)
     LEFT JOIN logs l ON l.id = n.conversation
     CROSS JOIN LATERAL (SELECT greatest(n.seq, l.floor) AS seq) f
     ${sentBlock(`s.block > f.seq / ${BLOCK} ORDER BY s.block`)} next ON true
     ${sentBlock('next.block IS NOT NULL ORDER BY s.block DESC')} latest ON true`,
);

export class PostgresLogCounts implements LogCounts {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async othersAfter(user: UserId, marks: readonly Mark[]): Promise<ReadonlyMap<ConversationId, CountAfter>> {
    if (marks.length === 0) return new Map();
    const conversations = marks.map(({ conversation }) => conversation);
    const rows = await this.#database.read(OTHERS_AFTER, [user, conversations, marks.map(({ seq }) => seq)]);
    return new Map(
      rows.map(({ conversation, head, floor, others }): [ConversationId, CountAfter] => [
        conversation,
        { head: Number(head), floor: Number(floor), others: Number(others) },
      ]),
    );
  }
}
