// Where an entry is, by its message id. A row is an effect of an append and proves nothing: the entry there decides.
import type { NewEntry } from '@parley/ports/message-store';
import type { ConversationId, MessageId, Seq } from '@parley/protocol/ids';
import type { CqlSession, Statement } from './cql-session.ts';

const ROWS_PER_REQUEST_MAX_COUNT = 10;

export const ID_STATEMENTS = {
  find: 'SELECT conversation, seq FROM message_ids WHERE message_id = ?',
  put: 'UPDATE message_ids USING TIMESTAMP ? SET conversation = ?, seq = ? WHERE message_id = ?',
  remove: 'DELETE FROM message_ids USING TIMESTAMP ? WHERE message_id = ?',
} as const;

export class IdTable {
  readonly #session: CqlSession;

  constructor(session: CqlSession) {
    this.#session = session;
  }

  async find(messageId: MessageId): Promise<{ conversation: ConversationId; seq: Seq } | undefined> {
    const statement = { query: ID_STATEMENTS.find, params: [BigInt(messageId)] };
    const [row] = await this.#session.read<{ conversation: bigint; seq: bigint }>(statement);
    return row && { conversation: String(row.conversation) as ConversationId, seq: Number(row.seq) };
  }

  put(conversation: ConversationId, head: Seq, entries: readonly NewEntry[]): Promise<void> {
    const statements = entries.map(({ messageId }, index) => {
      const seq = BigInt(head + 1 + index);
      return { query: ID_STATEMENTS.put, params: [seq, BigInt(conversation), seq, BigInt(messageId)] };
    });
    return this.#writeAll(statements);
  }

  /** Of dropped entries. */
  remove(ids: readonly { readonly seq: Seq; readonly messageId: bigint }[]): Promise<void> {
    const statements = ids.map(({ seq, messageId }) => ({
      query: ID_STATEMENTS.remove,
      params: [BigInt(seq), messageId],
    }));
    return this.#writeAll(statements);
  }

  /** Each is a partition of its own: many in one request would burden the node that takes it. */
  async #writeAll(statements: readonly Statement[]): Promise<void> {
    const requests: Promise<void>[] = [];
    for (let from = 0; from < statements.length; from += ROWS_PER_REQUEST_MAX_COUNT)
      requests.push(this.#session.writeAll(statements.slice(from, from + ROWS_PER_REQUEST_MAX_COUNT)));
    await Promise.all(requests);
  }
}
