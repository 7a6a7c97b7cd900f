// What this node knows of a log as it is at one head, so that most appends need not look: a function of the log up to
// that head, and of no use at any other.
import type { ConversationId, Seq, UserId } from '@parley/protocol/ids';
import { BoundedMap } from './bounded-map.ts';
import type { Bucket } from './message-table.ts';
import { NOTHING_SENT, type Sent, type SentBlocks } from './sent-blocks.ts';

/** Senders of one bucket that are remembered: of a large group only some are, and the others are looked up. */
const REMEMBERED_SENDERS_MAX_COUNT = 64;
const REMEMBERED_LOGS_MAX_COUNT = 20_000;

/** A log at a head. */
export interface Progress {
  /** As it was when it was opened or looked at: its token, head and changes are older than those here. */
  readonly bucket: Bucket;
  readonly head: Seq;
  readonly changes: number;
  /** Of some senders; of all others, where `complete`, that they wrote nothing in this bucket. */
  readonly sent: ReadonlyMap<UserId, Sent>;
  readonly complete: boolean;
}

/** A bucket that has no entry yet. */
export const progressOfNew = (bucket: Bucket): Progress => ({
  bucket,
  head: bucket.openedAfter,
  changes: bucket.openedChanges,
  sent: new Map(),
  complete: true,
});

export const progressOf = (bucket: Bucket): Progress => ({
  ...progressOfNew(bucket),
  head: bucket.head,
  changes: bucket.changes,
  complete: bucket.head === bucket.openedAfter,
});

export class LogProgress {
  readonly #byLog = new BoundedMap<ConversationId, Progress>(REMEMBERED_LOGS_MAX_COUNT);
  readonly #sentBlocks: SentBlocks;

  constructor(sentBlocks: SentBlocks) {
    this.#sentBlocks = sentBlocks;
  }

  at(conversation: ConversationId, head: Seq): Progress | undefined {
    const progress = this.#byLog.get(conversation);
    return progress?.head === head ? progress : undefined;
  }

  keep(conversation: ConversationId, progress: Progress): void {
    const { sent, complete } = progress;
    const full = sent.size > REMEMBERED_SENDERS_MAX_COUNT;
    const kept = full ? { ...progress, sent: new Map(), complete: false } : { ...progress, complete };
    this.#byLog.set(conversation, kept);
  }

  forget(conversation: ConversationId): void {
    this.#byLog.delete(conversation);
  }

  /** What these users wrote in the bucket up to the head. */
  async sentBy(
    conversation: ConversationId,
    { bucket, head, sent, complete }: Progress,
    users: readonly UserId[],
  ): Promise<ReadonlyMap<UserId, Sent>> {
    const found = await Promise.all(
      users.map(async (user): Promise<[UserId, Sent]> => {
        const known = sent.get(user) ?? (complete ? NOTHING_SENT : undefined);
        return [user, known ?? (await this.#sentBlocks.sent(conversation, bucket.number, user, head))];
      }),
    );
    return new Map([...sent, ...found]);
  }
}
