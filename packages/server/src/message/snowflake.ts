// 64-bit ids that need no coordination: 41 bits of time, 10 bits of worker, 12 bits of sequence.
import type { Clock } from '@parley/ports/clock';
import type { IdSource } from '@parley/ports/id-source';

/** 2026-01-01T00:00:00Z; 41 bits of milliseconds from here last until 2095. */
export const SNOWFLAKE_EPOCH_MS = 1_767_225_600_000;
export const SNOWFLAKE_WORKERS_MAX_COUNT = 1 << 10;
/** Ids of one worker within one millisecond. */
export const SNOWFLAKES_PER_MS_MAX_COUNT = 1 << 12;

const TIME_SHIFT = 22n;
const WORKER_SHIFT = 12n;
const TIME_MAX_MS = 2 ** 41 - 1;

export interface SnowflakeOptions {
  readonly clock: Clock;
  /** Unique among the nodes of an installation: from 0 to SNOWFLAKE_WORKERS_MAX_COUNT - 1. */
  readonly worker: number;
  /**
   * The greatest id that an earlier life of this worker stored. Ids go on above it, also when the clock was set back
   * while nothing ran.
   */
  readonly after?: string | undefined;
}

/**
 * Ids rise strictly. When the clock steps back they go on from the last millisecond used, and when the sequence of a
 * millisecond is used up they borrow from the next one: never the same id twice, never a wait.
 */
export class Snowflake implements IdSource {
  readonly #clock: Clock;
  readonly #workerBits: bigint;
  #timeMs = 0;
  #sequence = 0;

  /** Throws RangeError for a worker out of range. */
  constructor({ clock, worker, after }: SnowflakeOptions) {
    if (!Number.isInteger(worker) || worker < 0 || worker >= SNOWFLAKE_WORKERS_MAX_COUNT) {
      throw new RangeError(`A snowflake worker is from 0 to ${SNOWFLAKE_WORKERS_MAX_COUNT - 1}.`);
    }
    this.#clock = clock;
    this.#workerBits = BigInt(worker) << WORKER_SHIFT;
    if (after === undefined) return;
    this.#timeMs = Number(BigInt(after) >> TIME_SHIFT);
    this.#sequence = SNOWFLAKES_PER_MS_MAX_COUNT - 1;
  }

  /** Throws RangeError when the clock is past what 41 bits hold. */
  next(): string {
    const now = Math.floor(this.#clock.now()) - SNOWFLAKE_EPOCH_MS;
    if (now > this.#timeMs) {
      this.#timeMs = now;
      this.#sequence = 0;
    } else {
      this.#sequence += 1;
      if (this.#sequence === SNOWFLAKES_PER_MS_MAX_COUNT) {
        this.#timeMs += 1;
        this.#sequence = 0;
      }
    }
    if (this.#timeMs > TIME_MAX_MS)
      throw new RangeError('The clock is past the time that a snowflake can hold.');
    return String((BigInt(this.#timeMs) << TIME_SHIFT) | this.#workerBits | BigInt(this.#sequence));
  }
}

/** When an id was made, in milliseconds since the Unix epoch. Throws SyntaxError for what is no decimal number. */
export function snowflakeTime(id: string): number {
  return Number(BigInt(id) >> TIME_SHIFT) + SNOWFLAKE_EPOCH_MS;
}

/** The least id of a time, given in milliseconds since the Unix epoch. */
export function snowflakeAt(timeMs: number): string {
  return String(BigInt(timeMs - SNOWFLAKE_EPOCH_MS) << TIME_SHIFT);
}
