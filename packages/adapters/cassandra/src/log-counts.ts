// What the counts of a log answer: how many messages of others come after a seq, and when a user last wrote.
import type { CountAfter } from '@parley/ports/log-counts';
import type { Mark } from '@parley/ports/offline-queue';
import type { ConversationId, Seq, UserId } from '@parley/protocol/ids';
import type { OpenedBucket } from './log-buckets.ts';
import type { LogParts } from './log-parts.ts';
import type { Bucket } from './message-table.ts';

type Parts = Pick<LogParts, 'map' | 'logs' | 'table' | 'sentBlocks'>;

export class LogCountReads {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** The head, and what others wrote in (mark, head]. Reads per bucket between the two are bounded. */
  async othersAfter(user: UserId, { conversation, seq }: Mark): Promise<CountAfter> {
    const { map, logs } = this.#parts;
    const [last, { floor: dropped }] = await Promise.all([
      map.last(conversation, 'quorum'),
      logs.read(conversation),
    ]);
    if (last === undefined) return { head: 0, floor: 0, others: 0 };
    const { head, changes } = last;
    const floor = Math.max(dropped, last.floor);
    const from = Math.max(seq, floor);
    if (from >= head) return { head, floor, others: 0 };
    const parts = await this.#partsAfter(conversation, last, from);
    const counts = await Promise.all(
      parts.map(({ number, after, to }) =>
        this.#parts.sentBlocks.sentAfter(conversation, number, user, { seq: after, head: to }),
      ),
    );
    const own = counts.reduce((sum, count) => sum + count, 0);
    const first = parts.at(-1);
    const before = first === undefined ? changes : await this.#changesUpTo(conversation, first, from);
    return { head, floor, others: head - from - (changes - before) - own };
  }

  async lastSentAt(conversation: ConversationId, user: UserId): Promise<number | undefined> {
    const { map, logs, sentBlocks } = this.#parts;
    const [last, { floor }] = await Promise.all([map.last(conversation, 'quorum'), logs.read(conversation)]);
    let to = last?.head ?? 0;
    for (let bucket: OpenedBucket | undefined = last; bucket !== undefined && to > floor;) {
      const at = await sentBlocks.lastSentAt(conversation, { number: bucket.number, head: to, floor }, user);
      if (at !== undefined || bucket.previous === undefined) return at;
      to = bucket.openedAfter;
      bucket = await map.opened(conversation, bucket.previous);
    }
    return undefined;
  }

  /** The buckets that hold what comes after a seq, the last one first, each with the part of it that does. */
  async #partsAfter(
    conversation: ConversationId,
    last: Bucket,
    from: Seq,
  ): Promise<readonly (OpenedBucket & { readonly after: Seq; readonly to: Seq })[]> {
    const parts: (OpenedBucket & { readonly after: Seq; readonly to: Seq })[] = [];
    let to = last.head;
    let bucket: OpenedBucket | undefined = last;
    while (bucket !== undefined && to > from) {
      parts.push({ ...bucket, after: Math.max(from, bucket.openedAfter), to });
      to = bucket.openedAfter;
      bucket =
        bucket.previous === undefined
          ? undefined
          : await this.#parts.map.opened(conversation, bucket.previous);
    }
    return parts;
  }

  async #changesUpTo(
    conversation: ConversationId,
    { number, openedChanges }: OpenedBucket,
    seq: Seq,
  ): Promise<number> {
    return (await this.#parts.table.changesUpTo(conversation, number, seq)) ?? openedChanges;
  }
}
