// How many messages each sender wrote in a bucket, kept as a row per sender and block of seqs in which the sender wrote.
import type { ConversationId, Seq, UserId } from '@parley/protocol/ids';
import type { Count, MessageTable } from './message-table.ts';

/** At most this many entries are looked through at either end of a count. */
const BLOCK_SEQS_COUNT = 64;

/** The seq that a block's row has, and with which the block begins. */
export const blockOf = (seq: Seq): Seq => seq - (seq % BLOCK_SEQS_COUNT);
const endOf = (block: Seq): Seq => block + BLOCK_SEQS_COUNT - 1;

/** What one sender wrote in a bucket up to some head: how much, and the last block that has the sender's row. */
export interface Sent {
  readonly block: Seq | undefined;
  readonly count: number;
}

export const NOTHING_SENT: Sent = { block: undefined, count: 0 };

export class SentBlocks {
  readonly #table: MessageTable;

  constructor(table: MessageTable) {
    this.#table = table;
  }

  /** What a sender wrote in a bucket up to a head. */
  async sent(conversation: ConversationId, bucket: number, user: UserId, head: Seq): Promise<Sent> {
    const last = await this.#table.lastSentCount(conversation, bucket, user, head);
    if (last === undefined) return NOTHING_SENT;
    return { block: last.seq, count: await this.#through(conversation, bucket, user, last, head) };
  }

  /** How many messages in (seq, head] of a bucket a user wrote. The seq is not below the floor. */
  async sentAfter(
    conversation: ConversationId,
    bucket: number,
    user: UserId,
    { seq, head }: { readonly seq: Seq; readonly head: Seq },
  ): Promise<number> {
    const end = endOf(blockOf(seq));
    const [rest, next, last] = await Promise.all([
      this.#table.sentTimes(conversation, bucket, user, seq, Math.min(end, head)),
      this.#table.nextSentCount(conversation, bucket, user, end + 1),
      this.#table.lastSentCount(conversation, bucket, user, head),
    ]);
    if (next === undefined || last === undefined || next.seq > head) return rest.length;
    return rest.length + (await this.#through(conversation, bucket, user, last, head)) - next.number;
  }

  /** When a user last wrote a message in a bucket, of those above its floor. */
  async lastSentAt(
    conversation: ConversationId,
    { number, head, floor }: { readonly number: number; readonly head: Seq; readonly floor: Seq },
    user: UserId,
  ): Promise<number | undefined> {
    const last = await this.#table.lastSentCount(conversation, number, user, head);
    if (last === undefined) return undefined;
    const after = Math.max(last.seq - 1, floor);
    return (await this.#table.sentTimes(conversation, number, user, after, head)).at(-1);
  }

  async #through(
    conversation: ConversationId,
    bucket: number,
    user: UserId,
    { seq, number }: Count,
    head: Seq,
  ): Promise<number> {
    const to = Math.min(endOf(seq), head);
    return number + (await this.#table.sentTimes(conversation, bucket, user, seq - 1, to)).length;
  }
}
