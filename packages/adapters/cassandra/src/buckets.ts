// Which partition of a log a seq belongs to: logs are cut into buckets, so that no partition grows without end.
import { APPEND_ENTRIES_MAX_COUNT } from '@parley/ports/message-store';
import type { Seq } from '@parley/protocol/ids';

export const BUCKET_SEQS_COUNT = 4_096;

/**
 * An append goes wholly into the bucket in which it begins, so that it is one batch, all or none; a bucket is full once
 * its head reached its last seq, and its rows may go beyond that by less than one append. Docs: decisions/0007.
 */
export class Buckets {
  readonly #seqsCount: number;

  constructor(seqsCount: number) {
    this.#seqsCount = seqsCount;
  }

  /** The bucket that a row with this seq is in, unless the one before went on beyond its last seq. */
  of(seq: Seq): number {
    return Math.floor(seq / this.#seqsCount);
  }

  /** Nothing is ever written to a full bucket again but what retention and erasure do. */
  isFull(bucket: number, head: Seq): boolean {
    return head >= (bucket + 1) * this.#seqsCount - 1;
  }

  /** The bucket that follows one that is full at this head. */
  after(head: Seq): number {
    return this.of(head + 1);
  }

  /** Those that may hold a seq, the likeliest first. */
  *mayHold(seq: Seq): Generator<number> {
    const first = this.of(Math.max(0, seq - APPEND_ENTRIES_MAX_COUNT + 1));
    for (let bucket = this.of(seq); bucket >= first; bucket -= 1) yield bucket;
  }
}
