// The inbox: how far each conversation of a user has gone [DESIGN 4]. This module alone writes the table. UPDATE only, and
// always with the seq that is carried as its timestamp: an older head never beats a newer one, and a write with the time
// of a clock would hide every later one. No TTL, no DELETE: rows are bounded by the user's conversations.
import type { ConversationId, Seq, UserId } from '@parley/protocol/ids';
import type { CqlSession } from './cql-session.ts';

export const INBOX_STATEMENTS = {
  advance: 'UPDATE inbox USING TIMESTAMP ? SET head = ? WHERE user = ? AND conversation = ?',
  between: 'SELECT conversation, head FROM inbox WHERE user = ? AND conversation >= ? AND conversation <= ?',
} as const;

/** Users of one call whose rows are written at the same time: a large call leaves room for others. */
const USERS_AT_ONCE_MAX_COUNT = 64;

export class InboxTable {
  readonly #session: CqlSession;

  constructor(session: CqlSession) {
    this.#session = session;
  }

  async advance(conversation: ConversationId, head: Seq, users: readonly UserId[]): Promise<void> {
    for (let from = 0; from < users.length; from += USERS_AT_ONCE_MAX_COUNT) {
      const some = users.slice(from, from + USERS_AT_ONCE_MAX_COUNT);
      await Promise.all(some.map((user) => this.#advance(conversation, head, user)));
    }
  }

  /** The user's rows for conversations between these two, as numbers, both included. */
  async between(
    user: UserId,
    first: ConversationId,
    last: ConversationId,
  ): Promise<ReadonlyMap<ConversationId, Seq>> {
    const params = [BigInt(user), BigInt(first), BigInt(last)];
    const rows = await this.#session.read<{ conversation: bigint; head: bigint }>({
      query: INBOX_STATEMENTS.between,
      params,
    });
    return new Map(rows.map((row) => [String(row.conversation) as ConversationId, Number(row.head)]));
  }

  #advance(conversation: ConversationId, head: Seq, user: UserId): Promise<void> {
    const params = [BigInt(head), BigInt(head), BigInt(user), BigInt(conversation)];
    return this.#session.write({ query: INBOX_STATEMENTS.advance, params });
  }
}
