// Retention: drops rows on a condition, bucket by bucket, and finds the logs that are due. The statics always stay: a
// partition without them would begin to number at 1 again.
import type { ConversationId, Seq } from '@parley/protocol/ids';
import { StoreError } from '@parley/ports/store-error';
import type { CqlValue } from './cql-session.ts';
import type { LogParts } from './log-parts.ts';
import type { LogReads } from './log-reads.ts';
import { MESSAGE_CONDITIONS, MESSAGE_WRITES } from './message-statements.ts';
import type { Bucket } from './message-table.ts';
import type { Pauses } from './pauses.ts';
import type { StateTable } from './state-table.ts';

/** So long a batch of unknown outcome, or one that collided, is issued again. */
const DROP_MAX_MS = 5_000;

export class LogRetention {
  readonly #parts: LogParts;
  readonly #reads: LogReads;
  readonly #states: StateTable;
  readonly #pauses: Pauses;
  /** The page of the scan that the next look for old logs begins with. */
  #page: string | undefined;

  constructor(parts: LogParts, reads: LogReads, states: StateTable, pauses: Pauses) {
    this.#parts = parts;
    this.#reads = reads;
    this.#states = states;
    this.#pauses = pauses;
  }

  async drop(conversation: ConversationId, through: Seq): Promise<void> {
    const { map, logs, table, buckets } = this.#parts;
    const [last, { floor }] = await Promise.all([map.last(conversation, 'serial'), logs.read(conversation)]);
    const end = Math.min(through, last?.head ?? 0);
    if (end <= floor) return;
    let number = await map.holding(conversation, floor + 1);
    for (let dropped = floor; dropped < end && number !== undefined;) {
      const bucket = await table.bucket(conversation, number, 'serial');
      if (bucket === undefined) break;
      await this.#dropFrom(conversation, number, Math.min(end, bucket.head));
      dropped = bucket.head;
      number = buckets.after(bucket.head);
    }
    await this.#states.drop(conversation, floor, end);
    // After the rows are gone: a crash before it leaves a floor that is too low, and the next drop comes by again.
    await logs.raiseFloor(conversation, end);
    await this.#setOldest(conversation);
  }

  /** Starts where it stopped before and goes round once: each call finds some, if there are any. */
  async olderThan(before: number, limit: number): Promise<readonly ConversationId[]> {
    const found = new Set<ConversationId>();
    let page = this.#page;
    for (let rounds = page === undefined ? 1 : 2; rounds > 0; rounds -= page === undefined ? 1 : 0) {
      const { logs, next } = await this.#parts.logs.scan(page);
      for (const { conversation, oldestAt } of logs) {
        if (oldestAt >= before || found.has(conversation)) continue;
        if ((await this.#setOldest(conversation)) >= before) continue;
        found.add(conversation);
        if (found.size < limit) continue;
        this.#page = page;
        return [...found];
      }
      page = next;
    }
    this.#page = undefined;
    return [...found];
  }

  async #dropFrom(conversation: ConversationId, number: number, through: Seq): Promise<void> {
    const done = await this.#pauses.untilDone(DROP_MAX_MS, async () => {
      const { session, table, ids } = this.#parts;
      const bucket = await table.bucket(conversation, number, 'serial');
      if (bucket === undefined || bucket.floor >= through) return;
      await ids.remove(await table.messageIds(conversation, number, bucket.floor, through));
      const outcome = await session.conditional(this.#dropping(conversation, bucket, through));
      if (outcome !== 'applied') throw new StoreError('outcome_unknown', `a drop was ${outcome}`);
    });
    if (!done) throw new StoreError('outcome_unknown', 'Cassandra did not confirm a drop');
  }

  #dropping(conversation: ConversationId, bucket: Bucket, through: Seq) {
    const key: readonly CqlValue[] = [BigInt(conversation), bucket.number];
    const floor = BigInt(through);
    const whole = through === bucket.head && this.#parts.buckets.isFull(bucket.number, bucket.head);
    return [
      { query: MESSAGE_CONDITIONS.floor, params: [floor, ...key, BigInt(bucket.floor), floor] },
      { query: MESSAGE_WRITES.dropEntries, params: [...key, floor] },
      // Counts of what is left are differences: they need those of what is dropped until nothing is left.
      ...(whole ? [{ query: MESSAGE_WRITES.dropCounts, params: key }] : []),
    ];
  }

  /** Notes how old the oldest entry is; a log without one has none that is older than now. */
  async #setOldest(conversation: ConversationId): Promise<number> {
    const { logs, clock } = this.#parts;
    const range = { conversation, after: 0, to: Number.MAX_SAFE_INTEGER, limit: 1, maxBytes: 0 };
    const { entries, floor } = await this.#reads.read(range);
    const [oldest] = entries;
    const at = oldest?.at ?? clock.now();
    await logs.setOldest(conversation, oldest?.seq ?? floor, at);
    return oldest === undefined ? Number.POSITIVE_INFINITY : at;
  }
}
