// How many messages of others a log has after a seq: what unread counts are made of, wherever the log is.
import type { ConversationId, Seq, UserId } from '@parley/protocol/ids';
import type { Mark } from './offline-queue.ts';

export interface CountAfter {
  readonly head: Seq;
  /** What is at or below it was dropped: what others keep beside the log, mentions for one, counts above it. */
  readonly floor: Seq;
  /** The messages in (seq, head] that the user did not write: deleted ones included, dropped ones not. */
  readonly others: number;
}

/** Read from the log's own counts: no call scans a log, and what it looks through per mark is bounded. */
export interface LogCounts {
  /**
   * Of each conversation of the marks, which name it once: its head and floor, and the messages of others after the mark's
   * seq, all from one step. A conversation never written has head and floor 0; a seq at or beyond the head leaves nothing.
   */
  othersAfter(user: UserId, marks: readonly Mark[]): Promise<ReadonlyMap<ConversationId, CountAfter>>;
}
