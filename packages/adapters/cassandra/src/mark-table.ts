// How far each device got in each conversation. As with the inbox, a mark's seq is its timestamp: it never moves back.
import type { Mark } from '@parley/ports/offline-queue';
import type { ConversationId, DeviceId, Seq, UserId } from '@parley/protocol/ids';
import type { CqlSession } from './cql-session.ts';

export const MARK_STATEMENTS = {
  raise: 'UPDATE marks USING TIMESTAMP ? SET seq = ? WHERE user = ? AND device = ? AND conversation = ?',
  between:
    'SELECT conversation, seq FROM marks WHERE user = ? AND device = ? AND conversation >= ? AND conversation <= ?',
  of: 'SELECT conversation, seq FROM marks WHERE user = ? AND device = ? AND conversation IN ?',
} as const;

/** All of one device, so of one partition. */
const MARKS_PER_REQUEST_MAX_COUNT = 64;

export class MarkTable {
  readonly #session: CqlSession;

  constructor(session: CqlSession) {
    this.#session = session;
  }

  async raise(user: UserId, device: DeviceId, marks: readonly Mark[]): Promise<void> {
    for (let from = 0; from < marks.length; from += MARKS_PER_REQUEST_MAX_COUNT) {
      const some = marks.slice(from, from + MARKS_PER_REQUEST_MAX_COUNT);
      const statements = some.map(({ conversation, seq }) => ({
        query: MARK_STATEMENTS.raise,
        params: [BigInt(seq), BigInt(seq), BigInt(user), BigInt(device), BigInt(conversation)],
      }));
      await this.#session.writeAll(statements);
    }
  }

  /** The device's marks for conversations between these two, as numbers, both included. */
  between(
    user: UserId,
    device: DeviceId,
    first: ConversationId,
    last: ConversationId,
  ): Promise<ReadonlyMap<ConversationId, Seq>> {
    return this.#read(MARK_STATEMENTS.between, user, device, BigInt(first), BigInt(last));
  }

  of(
    user: UserId,
    device: DeviceId,
    conversations: readonly ConversationId[],
  ): Promise<ReadonlyMap<ConversationId, Seq>> {
    return this.#read(MARK_STATEMENTS.of, user, device, conversations.map(BigInt));
  }

  async #read(
    query: string,
    user: UserId,
    device: DeviceId,
    ...params: readonly (bigint | readonly bigint[])[]
  ): Promise<ReadonlyMap<ConversationId, Seq>> {
    const rows = await this.#session.read<{ conversation: bigint; seq: bigint }>({
      query,
      params: [BigInt(user), BigInt(device), ...params],
    });
    return new Map(rows.map((row) => [String(row.conversation) as ConversationId, Number(row.seq)]));
  }
}
