// Group commit: appends that come while others are being written go together, in one statement and one commit.
import { type AppendOutcome, APPEND_ENTRIES_MAX_COUNT, type NewEntry } from '@parley/ports/message-store';
import { StoreError } from '@parley/ports/store-error';
import { type Append, writeAppends } from './append-batch.ts';
import type { Database } from './database.ts';

/** Batches under way: while one waits for the disk, the server works on another. */
export const LANES_MAX_COUNT = 2;
/** A batch ends with the append that reaches one of these. */
export const BATCH_APPENDS_MAX_COUNT = 256;
export const BATCH_MAX_BYTES = 1_048_576;
/** What may wait; beyond it an append is refused as unavailable. */
export const QUEUED_MAX_BYTES = 67_108_864;
/** What an entry weighs besides its body. */
const ENTRY_BYTES = 128;

interface Waiting {
  readonly append: Append;
  readonly bytes: number;
  readonly resolve: (outcome: AppendOutcome) => void;
  readonly reject: (error: unknown) => void;
}

export class AppendQueue {
  readonly #database: Database;
  #waiting: Waiting[] = [];
  #queuedBytes = 0;
  #lanesCount = 0;
  #closing: PromiseWithResolvers<void> | undefined;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Rejects where the append is at fault. */
  append(append: Append): Promise<AppendOutcome> {
    checkEntries(append.entries);
    if (this.#closing !== undefined || this.#queuedBytes > QUEUED_MAX_BYTES) {
      return Promise.resolve({ kind: 'refused', reason: { kind: 'unavailable' } });
    }
    const { promise, resolve, reject } = Promise.withResolvers<AppendOutcome>();
    const bytes = append.entries.reduce((sum, { body }) => sum + body.length + ENTRY_BYTES, 0);
    this.#queuedBytes += bytes;
    this.#waiting.push({ append, bytes, resolve, reject });
    if (this.#lanesCount < LANES_MAX_COUNT) {
      this.#lanesCount += 1;
      // It never rejects: what fails is told to those who wait.
      void this.#runLane();
    }
    return promise;
  }

  /** Takes no more, and resolves when everything that was taken is settled. */
  close(): Promise<void> {
    this.#closing ??= Promise.withResolvers();
    if (this.#lanesCount === 0) this.#closing.resolve();
    return this.#closing.promise;
  }

  async #runLane(): Promise<void> {
    // What comes in the same turn goes together.
    await Promise.resolve();
    while (this.#waiting.length > 0) await this.#write(this.#takeBatch());
    this.#lanesCount -= 1;
    if (this.#lanesCount === 0) this.#closing?.resolve();
  }

  #takeBatch(): readonly Waiting[] {
    let [count, bytes] = [0, 0];
    while (count < Math.min(this.#waiting.length, BATCH_APPENDS_MAX_COUNT) && bytes < BATCH_MAX_BYTES) {
      bytes += this.#waiting[count]?.bytes ?? 0;
      count += 1;
    }
    const batch = this.#waiting.slice(0, count);
    this.#waiting = this.#waiting.slice(count);
    this.#queuedBytes -= bytes;
    return batch;
  }

  async #write(batch: readonly Waiting[]): Promise<void> {
    try {
      const outcomes = await writeAppends(
        this.#database,
        batch.map(({ append }) => append),
      );
      for (const [index, { resolve, reject }] of batch.entries()) {
        const outcome = outcomes[index];
        if (outcome === undefined) reject(new Error('an append has no outcome'));
        else resolve(outcome);
      }
    } catch (error) {
      await this.#failed(batch, error);
    }
  }

  async #failed(batch: readonly Waiting[], error: unknown): Promise<void> {
    if (error instanceof StoreError) {
      for (const { resolve } of batch) resolve(outcomeOf(error));
    } else if (batch.length === 1) {
      batch[0]?.reject(error);
    } else {
      // One of them is at fault, and nothing was written: each for itself, so that it harms no other.
      for (const each of batch) await this.#write([each]);
    }
  }
}

function outcomeOf({ kind }: StoreError): AppendOutcome {
  return kind === 'outcome_unknown' ? { kind: 'unknown' } : { kind: 'refused', reason: { kind } };
}

function checkEntries(entries: readonly NewEntry[]): void {
  if (entries.length === 0 || entries.length > APPEND_ENTRIES_MAX_COUNT) {
    throw new RangeError(`an append takes 1 to ${APPEND_ENTRIES_MAX_COUNT} entries, not ${entries.length}`);
  }
  if (entries.length === 1) return;
  const names = new Set(entries.map(({ sender, clientMsgId }) => `${sender} ${clientMsgId}`));
  if (names.size < entries.length) throw new Error('two entries share sender and clientMsgId');
}
