// Keeps the WAL short: copies it back into the database between batches, when the acknowledgements are out.
import type { Database, Statement } from 'bun:sqlite';
import { primaryCode, SQLITE_BUSY, SQLITE_FULL, SQLITE_LOCKED } from './sqlite-fault.ts';

/** Frames (pages of 4 KB) not copied yet from which a checkpoint is done: 8 MB, some 10 ms, with all answers out. */
export const PENDING_FRAMES = 2_048;
/** A WAL this long (32 MB) could not start over because of a reader: waits for it, for a bounded time. */
export const LONG_FRAMES = 8_192;
const READER_WAIT_MS = 250;

export type CheckpointFault =
  /** Tried again later; the WAL keeps everything. */
  | { readonly kind: 'put_off'; readonly message: string }
  /** The disk failed: nothing more may be written. */
  | { readonly kind: 'broken'; readonly message: string };

interface Counts {
  readonly busy: number;
  /** Frames in the WAL. */
  readonly log: number;
  readonly checkpointed: number;
}

export interface CheckpointerOptions {
  readonly database: Database;
  /** The time-out that the connection has otherwise. */
  readonly busyMs: number;
  readonly onFault: (fault: CheckpointFault) => void;
}

export class Checkpointer {
  readonly #options: CheckpointerOptions;
  readonly #count: Statement<Counts, []>;
  /** The WAL's length since it was last truncated. */
  #longest = 0;
  #tryLongFrom = LONG_FRAMES;
  /** How much the WAL grows before a reader that outlasted the wait is waited for again: twice as much each time. */
  #tryAgainAfter = PENDING_FRAMES;

  constructor(options: CheckpointerOptions) {
    this.#options = options;
    this.#count = options.database.prepare('PRAGMA wal_checkpoint(NOOP)');
  }

  /** After the answers of a batch are out. */
  afterBatch(): void {
    const counts = this.#guarded(() => this.#count.get());
    if (counts === undefined) return;
    const { log, checkpointed } = counts;
    const startedOver = log < this.#longest;
    this.#longest = Math.max(this.#longest, log);
    if (log >= this.#tryLongFrom) this.#shorten(READER_WAIT_MS);
    // The file keeps the size that a long reader, an audit for instance, let it grow to: the space is given back.
    else if (startedOver && this.#longest >= LONG_FRAMES) this.#shorten(0);
    else if (log - checkpointed >= PENDING_FRAMES) this.#run('PASSIVE');
  }

  /** Empties the WAL. False when a reader, of another process, is in the way. */
  truncate(): boolean {
    return this.#run('TRUNCATE')?.busy === 0;
  }

  /** The same, waiting only so long for readers; everything else waits as well. */
  truncateWithin(waitMs: number): boolean {
    const { database, busyMs } = this.#options;
    database.run(`PRAGMA busy_timeout = ${waitMs}`);
    const done = this.truncate();
    database.run(`PRAGMA busy_timeout = ${busyMs}`);
    if (!done) return false;
    this.#longest = 0;
    this.#tryLongFrom = LONG_FRAMES;
    this.#tryAgainAfter = PENDING_FRAMES;
    return true;
  }

  #shorten(waitMs: number): void {
    if (!this.truncateWithin(waitMs) && waitMs > 0) {
      // A short reader is soon gone; a long one, an audit for instance, must not hold up the sends again and again.
      this.#tryLongFrom += this.#tryAgainAfter;
      this.#tryAgainAfter = Math.min(2 * this.#tryAgainAfter, LONG_FRAMES);
    }
  }

  #run(mode: 'PASSIVE' | 'TRUNCATE'): Counts | undefined {
    const { database } = this.#options;
    return this.#guarded(() => database.query<Counts, []>(`PRAGMA wal_checkpoint(${mode})`).get());
  }

  #guarded(call: () => Counts | null): Counts | undefined {
    try {
      return call() ?? undefined;
    } catch (error) {
      const code = primaryCode(error);
      const message = error instanceof Error ? error.message : String(error);
      const later = code === SQLITE_FULL || code === SQLITE_BUSY || code === SQLITE_LOCKED;
      this.#options.onFault({ kind: later ? 'put_off' : 'broken', message });
      return undefined;
    }
  }
}
