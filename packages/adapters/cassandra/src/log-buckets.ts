// Finds its way among a log's buckets: to the one that is written now, to the one that holds a seq, and back in time.
import type { ConversationId, Seq } from '@parley/protocol/ids';
import { BoundedMap } from './bounded-map.ts';
import type { Buckets } from './buckets.ts';
import type { ReadLevel } from './cql-session.ts';
import type { LogTable } from './log-table.ts';
import type { Bucket, MessageTable } from './message-table.ts';

/** Logs of which it is remembered where they are written, and buckets of which it is what never changes. */
const REMEMBERED_LOGS_MAX_COUNT = 100_000;
const REMEMBERED_BUCKETS_MAX_COUNT = 100_000;

/** The column is an int. */
const BUCKET_MAX_NUMBER = 2_147_483_647;

export interface OpenedBucket {
  readonly number: number;
  readonly openedAt: number;
  readonly openedAfter: Seq;
  readonly openedChanges: number;
  readonly previous: number | undefined;
}

export class LogBuckets {
  readonly #buckets: Buckets;
  readonly #table: MessageTable;
  readonly #logs: LogTable;
  /** By log a bucket that was opened: where the way to the last one begins. */
  readonly #opened = new BoundedMap<ConversationId, number>(REMEMBERED_LOGS_MAX_COUNT);
  readonly #fixed = new BoundedMap<string, OpenedBucket>(REMEMBERED_BUCKETS_MAX_COUNT);

  constructor(buckets: Buckets, table: MessageTable, logs: LogTable) {
    this.#buckets = buckets;
    this.#table = table;
    this.#logs = logs;
  }

  /** The last bucket, full or not, with the log's head and token; undefined where the log was never claimed. */
  async last(conversation: ConversationId, level: ReadLevel): Promise<Bucket | undefined> {
    const hint = this.#opened.get(conversation) ?? (await this.#logs.read(conversation)).bucket;
    let bucket = await this.#table.bucket(conversation, hint, level);
    if (bucket === undefined && hint > 0) bucket = await this.#table.bucket(conversation, 0, level);
    while (bucket !== undefined && this.#buckets.isFull(bucket.number, bucket.head)) {
      const next = await this.next(conversation, bucket, level);
      if (next === undefined) break;
      bucket = next;
    }
    if (bucket !== undefined) this.saw(conversation, bucket);
    return bucket;
  }

  /** The bucket after one that is full, if it was opened. */
  next(conversation: ConversationId, { head }: Bucket, level: ReadLevel): Promise<Bucket | undefined> {
    return this.#table.bucket(conversation, this.#buckets.after(head), level);
  }

  /** The bucket that holds a seq or, for one beyond the head, would; undefined where the log was never claimed. */
  async holding(conversation: ConversationId, seq: Seq): Promise<number | undefined> {
    if (this.#buckets.of(seq) > BUCKET_MAX_NUMBER) return (await this.last(conversation, 'quorum'))?.number;
    for (const number of this.#buckets.mayHold(seq)) {
      const bucket = await this.opened(conversation, number);
      if (bucket !== undefined && bucket.openedAfter < seq) return number;
    }
    return (await this.last(conversation, 'quorum'))?.number;
  }

  /** What never changes of a bucket, if it was opened. */
  async opened(conversation: ConversationId, number: number): Promise<OpenedBucket | undefined> {
    const known = this.#fixed.get(keyOf(conversation, number));
    if (known !== undefined) return known;
    const bucket = await this.#table.bucket(conversation, number);
    if (bucket !== undefined) this.#keep(conversation, bucket);
    return bucket;
  }

  /** The buckets that were written to since a time, the last one first. */
  async writtenSince(
    conversation: ConversationId,
    last: OpenedBucket,
    since: number,
  ): Promise<readonly number[]> {
    const numbers = [last.number];
    let bucket: OpenedBucket | undefined = last;
    // A bucket was written to until the next one was opened.
    while (bucket?.previous !== undefined && bucket.openedAt >= since) {
      numbers.push(bucket.previous);
      bucket = await this.opened(conversation, bucket.previous);
    }
    return numbers;
  }

  /** Remembers a bucket that is known to have been opened. */
  saw(conversation: ConversationId, bucket: OpenedBucket): void {
    if (bucket.number > (this.#opened.get(conversation) ?? 0)) this.#opened.set(conversation, bucket.number);
    this.#keep(conversation, bucket);
  }

  #keep(conversation: ConversationId, bucket: OpenedBucket): void {
    const { number, openedAt, openedAfter, openedChanges, previous } = bucket;
    const fixed = { number, openedAt, openedAfter, openedChanges, previous };
    this.#fixed.set(keyOf(conversation, number), fixed);
  }
}

const keyOf = (conversation: ConversationId, bucket: number): string => `${conversation} ${bucket}`;
