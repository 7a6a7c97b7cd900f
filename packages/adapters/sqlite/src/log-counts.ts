// How many messages of a log come after a seq, and how many of them one sender wrote, from its running counts.
import type { Database, Statement } from 'bun:sqlite';
import { SENT_BLOCK_SEQS_COUNT } from './schema-reading.ts';

type Binding = string | number;

/** The block of `sent_counts` that a seq is in. */
export const blockOf = (seq: number): number => Math.floor(seq / SENT_BLOCK_SEQS_COUNT);
export const firstOfBlock = (block: number): number => block * SENT_BLOCK_SEQS_COUNT;

/** The part of a log's row that its counts begin with. */
export interface CountedLog {
  readonly key: number;
  readonly head: number;
  readonly floorChanges: number;
}

interface Block {
  readonly block: number;
  readonly sentBefore: number;
}

const BLOCK = 'SELECT block, sent_before AS sentBefore FROM sent_counts WHERE log = ? AND sender = ?';

function prepareStatements(database: Database) {
  const prepare = <Row>(sql: string): Statement<Row, Binding[]> => database.prepare<Row, Binding[]>(sql);
  return {
    sender: prepare<{ key: number }>('SELECT key FROM senders WHERE id = ?'),
    changes: prepare<{ changes: number }>(
      'SELECT changes FROM change_counts WHERE log = ? AND seq <= ? ORDER BY seq DESC LIMIT 1',
    ),
    last: prepare<Block>(`${BLOCK} ORDER BY block DESC LIMIT 1`),
    before: prepare<Block>(`${BLOCK} AND block < ? ORDER BY block DESC LIMIT 1`),
    from: prepare<Block>(`${BLOCK} AND block >= ? ORDER BY block LIMIT 2`),
    // Within one block, never more.
    sent: prepare<{ count: number }>(
      'SELECT count(*) AS count FROM entries WHERE log = ? AND seq > ? AND seq < ? AND sender = ? AND kind IS NULL',
    ),
    lastSent: prepare<{ at: number }>(
      `SELECT at FROM entries WHERE log = ? AND seq >= ? AND seq < ? AND sender = ? AND kind IS NULL
       ORDER BY seq DESC LIMIT 1`,
    ),
  };
}

export class LogCounts {
  readonly #statements: ReturnType<typeof prepareStatements>;

  constructor(database: Database) {
    this.#statements = prepareStatements(database);
  }

  /** The key of a user who ever wrote an entry anywhere. */
  senderKey(user: string): number | undefined {
    return this.#statements.sender.get(user)?.key;
  }

  /** Undefined where no kept entry up to `seq` is a change. */
  changesUpTo(log: number, seq: number): number | undefined {
    return this.#statements.changes.get(log, seq)?.changes;
  }

  /** The messages after `seq`, which must not be below the floor, that the sender did not write. */
  othersAfter(log: CountedLog, sender: number | undefined, seq: number): number {
    const { key, head, floorChanges } = log;
    const messages = (at: number) => at - (this.changesUpTo(key, at) ?? floorChanges);
    return messages(head) - messages(seq) - (sender === undefined ? 0 : this.#sentAfter(key, sender, seq));
  }

  /** What the sender wrote before a block, counted from the sender's first kept one on. */
  sentBefore(log: number, sender: number, block: number): number {
    const before = this.#statements.before.get(log, sender, block);
    return before === null ? 0 : this.#sentThrough(log, sender, before);
  }

  /** When the sender's last kept message was written. */
  lastSentAt(log: number, sender: number): number | undefined {
    const last = this.#statements.last.get(log, sender);
    if (last === null) return undefined;
    const [from, to] = [firstOfBlock(last.block), firstOfBlock(last.block + 1)];
    return this.#statements.lastSent.get(log, from, to, sender)?.at;
  }

  /** The rest of the block that `seq` is in, and all blocks after it. */
  #sentAfter(log: number, sender: number, seq: number): number {
    const block = blockOf(seq);
    const [one, two] = this.#statements.from.all(log, sender, block);
    if (one === undefined) return 0;
    const rest = one.block === block ? this.#sentBetween(log, sender, seq, firstOfBlock(block + 1)) : 0;
    const next = one.block === block ? two : one;
    const last = next && this.#statements.last.get(log, sender);
    return rest + (next && last ? this.#sentThrough(log, sender, last) - next.sentBefore : 0);
  }

  #sentThrough(log: number, sender: number, { block, sentBefore }: Block): number {
    return sentBefore + this.#sentBetween(log, sender, firstOfBlock(block) - 1, firstOfBlock(block + 1));
  }

  #sentBetween(log: number, sender: number, after: number, before: number): number {
    return this.#statements.sent.get(log, after, before, sender)?.count ?? 0;
  }
}
