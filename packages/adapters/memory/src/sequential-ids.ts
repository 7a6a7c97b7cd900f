// Ids that count up, so that a test can name them.
import type { IdSource } from '@parley/ports/id-source';

export class SequentialIds implements IdSource {
  #next: bigint;

  /** Begins at 1 unless told otherwise. */
  constructor(first: bigint | number = 1) {
    this.#next = BigInt(first);
  }

  next(): string {
    const id = this.#next;
    this.#next += 1n;
    return String(id);
  }
}
