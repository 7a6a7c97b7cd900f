// Entries by what makes them idempotent: their senders' ids, in every bucket that was written to in the last 25 h.
import type { Clock } from '@parley/ports/clock';
import type { NewEntry, StoredEntry } from '@parley/ports/message-store';
import type { ConversationId } from '@parley/protocol/ids';
import type { LogParts } from './log-parts.ts';
import type { OpenedBucket } from './log-buckets.ts';
import { SENT_IDS_WINDOW_MS } from './message-statements.ts';

export class SentIds {
  readonly #parts: Pick<LogParts, 'map' | 'table'>;
  readonly #clock: Clock;

  constructor(parts: Pick<LogParts, 'map' | 'table' | 'clock'>) {
    this.#parts = parts;
    this.#clock = parts.clock;
  }

  /** Those of these ids that are in the log, whose last bucket is given. */
  async find(
    conversation: ConversationId,
    last: OpenedBucket,
    ids: readonly Pick<NewEntry, 'sender' | 'clientMsgId'>[],
  ): Promise<readonly StoredEntry[]> {
    if (ids.length === 0) return [];
    const { map, table } = this.#parts;
    const since = this.#clock.now() - SENT_IDS_WINDOW_MS;
    const buckets = await map.writtenSince(conversation, last, since);
    const found = await Promise.all(
      buckets.map(async (bucket) => {
        const seqs = await table.placesOf(conversation, bucket, ids);
        return table.entriesAt(conversation, bucket, seqs);
      }),
    );
    return found.flat();
  }
}
