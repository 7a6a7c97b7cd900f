// Reads of the message table: a bucket's statics, its entries, its counts.
import type { NewEntry, StoredEntry, Token } from '@parley/ports/message-store';
import type { ClientMsgId, ConversationId, MessageId, Seq, UserId } from '@parley/protocol/ids';
import { types } from 'cassandra-driver';
import type { CqlSession, ReadLevel } from './cql-session.ts';
import { MESSAGE_READS } from './message-statements.ts';

/** The kind of nearly every entry, which its row leaves out. */
export const COMMON_KIND = 'message';

/** What a bucket says of itself. All but token, head, floor and changes are fixed when it is opened. */
export interface Bucket {
  readonly number: number;
  readonly token: Token;
  readonly head: Seq;
  /** Its entries at or below it are dropped. */
  readonly floor: Seq;
  /** How many entries of the log up to the head are no messages. */
  readonly changes: number;
  readonly openedAt: number;
  /** The head of the bucket before. */
  readonly openedAfter: Seq;
  readonly openedChanges: number;
  readonly previous: number | undefined;
}

export interface Count {
  readonly seq: Seq;
  readonly number: number;
}

interface StaticsRow {
  readonly owner_token: string;
  readonly head: bigint;
  readonly floor: bigint;
  readonly changes: bigint;
  readonly opened_at: bigint;
  readonly opened_after: bigint;
  readonly opened_changes: bigint;
  readonly previous: number | null;
}

interface EntryRow {
  readonly seq: bigint;
  readonly message_id: bigint;
  readonly sender: bigint;
  readonly client_msg_id: string;
  readonly at: bigint;
  readonly kind: string | null;
  readonly body: string;
}

interface CountRow {
  readonly seq: bigint;
  readonly number: bigint;
}

export class MessageTable {
  readonly #session: CqlSession;

  constructor(session: CqlSession) {
    this.#session = session;
  }

  /** Undefined where the bucket was never opened. */
  async bucket(conversation: ConversationId, bucket: number, level?: ReadLevel): Promise<Bucket | undefined> {
    const [row] = await this.#read<StaticsRow>('statics', level, conversation, bucket);
    return row && bucketOf(bucket, row);
  }

  /** Entries in (after, to], and what the bucket said in the same moment: only where there is one. */
  async entries(
    conversation: ConversationId,
    bucket: number,
    range: { readonly after: Seq; readonly to: Seq; readonly limit: number },
    level?: ReadLevel,
  ): Promise<{ readonly entries: readonly StoredEntry[]; readonly bucket: Bucket | undefined }> {
    const { after, to, limit } = range;
    const bounds = [BigInt(after), BigInt(to), limit] as const;
    const rows = await this.#read<EntryRow & StaticsRow>('entries', level, conversation, bucket, ...bounds);
    const [first] = rows;
    return { entries: rows.map(storedEntry), bucket: first && bucketOf(bucket, first) };
  }

  /** The entries at these seqs of one bucket that are kept. */
  async entriesAt(
    conversation: ConversationId,
    bucket: number,
    seqs: readonly Seq[],
  ): Promise<readonly StoredEntry[]> {
    if (seqs.length === 0) return [];
    const rows = await this.#read<EntryRow & { floor: bigint }>(
      'entriesAt',
      undefined,
      conversation,
      bucket,
      seqs.map(BigInt),
    );
    return rows.filter((row) => row.seq > row.floor).map(storedEntry);
  }

  /** Where in one bucket entries with these ids are, if they are. */
  async placesOf(
    conversation: ConversationId,
    bucket: number,
    ids: readonly Pick<NewEntry, 'sender' | 'clientMsgId'>[],
  ): Promise<readonly Seq[]> {
    const keys = ids.map(({ sender, clientMsgId }) => new types.Tuple(BigInt(sender), 0n, clientMsgId));
    const rows = await this.#read<{ number: bigint }>('sentIds', undefined, conversation, bucket, keys);
    return rows.map((row) => Number(row.number));
  }

  /** The times of the messages that one user wrote in (after, to] of one bucket, in seq order. */
  async sentTimes(
    conversation: ConversationId,
    bucket: number,
    user: UserId,
    after: Seq,
    to: Seq,
  ): Promise<readonly number[]> {
    const sender = BigInt(user);
    const rows = await this.#read<Pick<EntryRow, 'sender' | 'kind' | 'at'>>(
      'senders',
      undefined,
      conversation,
      bucket,
      BigInt(after),
      BigInt(to),
    );
    return rows.flatMap((row) => (row.sender === sender && row.kind === null ? Number(row.at) : []));
  }

  /** The message ids of the entries in (after, to] of one bucket. */
  async messageIds(
    conversation: ConversationId,
    bucket: number,
    after: Seq,
    to: Seq,
  ): Promise<readonly { readonly seq: Seq; readonly messageId: bigint }[]> {
    const rows = await this.#read<Pick<EntryRow, 'seq' | 'message_id'>>(
      'messageIds',
      undefined,
      conversation,
      bucket,
      BigInt(after),
      BigInt(to),
    );
    return rows.map((row) => ({ seq: Number(row.seq), messageId: row.message_id }));
  }

  /** The row of the last block of a bucket up to a seq in which a user wrote. */
  async lastSentCount(
    conversation: ConversationId,
    bucket: number,
    user: UserId,
    to: Seq,
  ): Promise<Count | undefined> {
    const [row] = await this.#read<CountRow>(
      'lastSentCount',
      undefined,
      conversation,
      bucket,
      BigInt(user),
      BigInt(to),
    );
    return row && countOf(row);
  }

  /** The row of the first block from a seq on in which a user wrote. */
  async nextSentCount(
    conversation: ConversationId,
    bucket: number,
    user: UserId,
    from: Seq,
  ): Promise<Count | undefined> {
    const [row] = await this.#read<CountRow>(
      'nextSentCount',
      undefined,
      conversation,
      bucket,
      BigInt(user),
      BigInt(from),
    );
    return row && countOf(row);
  }

  /** How many entries of the log up to a seq of a bucket are no messages; undefined where none of this bucket is. */
  async changesUpTo(conversation: ConversationId, bucket: number, seq: Seq): Promise<number | undefined> {
    const [row] = await this.#read<{ number: bigint }>(
      'lastChangeCount',
      undefined,
      conversation,
      bucket,
      BigInt(seq),
    );
    return row && Number(row.number);
  }

  #read<Row>(
    query: keyof typeof MESSAGE_READS,
    level: ReadLevel | undefined,
    conversation: ConversationId,
    bucket: number,
    ...params: readonly (bigint | number | readonly unknown[])[]
  ): Promise<readonly Row[]> {
    const statement = { query: MESSAGE_READS[query], params: [BigInt(conversation), bucket, ...params] };
    return this.#session.read<Row>(statement, level);
  }
}

const countOf = (row: CountRow): Count => ({ seq: Number(row.seq), number: Number(row.number) });

function bucketOf(number: number, row: StaticsRow): Bucket {
  return {
    number,
    token: row.owner_token as Token,
    head: Number(row.head),
    floor: Number(row.floor),
    changes: Number(row.changes),
    openedAt: Number(row.opened_at),
    openedAfter: Number(row.opened_after),
    openedChanges: Number(row.opened_changes),
    previous: row.previous ?? undefined,
  };
}

function storedEntry(row: EntryRow): StoredEntry {
  const seq = Number(row.seq);
  return {
    kind: row.kind ?? COMMON_KIND,
    messageId: String(row.message_id) as MessageId,
    sender: String(row.sender) as UserId,
    clientMsgId: row.client_msg_id as ClientMsgId,
    at: Number(row.at),
    body: row.body,
    from: seq,
    seq,
  };
}
