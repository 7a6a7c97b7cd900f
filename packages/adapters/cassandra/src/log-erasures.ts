// Replaces the bodies of entries that are there. On a condition, like every write to the message table: no entry that
// retention drops at the same time can come back as a row without a kind.
import { StoreError } from '@parley/ports/store-error';
import type { ConversationId, Seq } from '@parley/protocol/ids';
import type { LogParts } from './log-parts.ts';
import { MESSAGE_CONDITIONS, MESSAGE_WRITES } from './message-statements.ts';
import type { Pauses } from './pauses.ts';

const SEQS_PER_BATCH_MAX_COUNT = 128;
/** So long a batch of unknown outcome, or one that collided with retention, is issued again. */
const ERASE_MAX_MS = 5_000;

type Parts = Pick<LogParts, 'session' | 'map' | 'table'>;

export class LogErasures {
  readonly #parts: Parts;
  readonly #pauses: Pauses;

  constructor(parts: Parts, pauses: Pauses) {
    this.#parts = parts;
    this.#pauses = pauses;
  }

  async erase(conversation: ConversationId, seqs: readonly Seq[], body: string): Promise<void> {
    const byBucket = new Map<number, Seq[]>();
    for (const seq of new Set(seqs)) {
      const bucket = await this.#parts.map.holding(conversation, seq);
      if (bucket === undefined) return;
      byBucket.set(bucket, [...(byBucket.get(bucket) ?? []), seq]);
    }
    for (const [bucket, some] of byBucket) {
      for (let from = 0; from < some.length; from += SEQS_PER_BATCH_MAX_COUNT)
        await this.#erase(conversation, bucket, some.slice(from, from + SEQS_PER_BATCH_MAX_COUNT), body);
    }
  }

  async #erase(
    conversation: ConversationId,
    bucket: number,
    seqs: readonly Seq[],
    body: string,
  ): Promise<void> {
    const done = await this.#pauses.untilDone(ERASE_MAX_MS, async () => {
      const { session, table } = this.#parts;
      const statics = await table.bucket(conversation, bucket, 'serial');
      const entries = await table.entriesAt(conversation, bucket, seqs);
      const todo = entries.filter((entry) => entry.body !== body).map((entry) => entry.seq);
      if (statics === undefined || todo.length === 0) return;
      const key = [BigInt(conversation), bucket] as const;
      const floor = BigInt(statics.floor);
      const outcome = await session.conditional([
        { query: MESSAGE_CONDITIONS.floor, params: [floor, ...key, floor, BigInt(Math.max(...todo))] },
        ...todo.map((seq) => ({ query: MESSAGE_WRITES.body, params: [body, ...key, BigInt(seq)] })),
      ]);
      if (outcome !== 'applied') throw new StoreError('outcome_unknown', `an erasure was ${outcome}`);
    });
    if (!done) throw new StoreError('outcome_unknown', 'Cassandra did not confirm an erasure');
  }
}
