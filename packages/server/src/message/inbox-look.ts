// The look: which conversations have gone beyond what a device received. Done at connect, every minute, after a lag.
import type { ConversationId, DeviceId, Seq, UserId } from '@parley/protocol/ids';
import { HEADS_ROWS_MAX_COUNT } from '@parley/protocol/limits';
import type { Expired, HeadRow } from '@parley/protocol/log';
import type { Clock } from '@parley/ports/clock';
import type { MessageStore } from '@parley/ports/message-store';
import type { OfflineQueue, QueueRow } from '@parley/ports/offline-queue';
import type { Owners } from './owners.ts';
import type { ReceivedMarks } from './received-marks.ts';

export class InboxLook {
  readonly #queue: OfflineQueue;
  readonly #messages: MessageStore;
  readonly #marks: ReceivedMarks;
  readonly #owners: Owners;
  readonly #clock: Clock;
  readonly #retentionMs: number;

  constructor(parts: {
    queue: OfflineQueue;
    messages: MessageStore;
    marks: ReceivedMarks;
    owners: Owners;
    clock: Clock;
    retentionMs: number;
  }) {
    this.#queue = parts.queue;
    this.#messages = parts.messages;
    this.#marks = parts.marks;
    this.#owners = parts.owners;
    this.#clock = parts.clock;
    this.#retentionMs = parts.retentionMs;
  }

  /** Pages of rows, in order of conversation. The session must be attached before the first is asked for. */
  async *pages(user: UserId, device: DeviceId): AsyncGenerator<readonly HeadRow[]> {
    await this.#marks.flush(device);
    let after: ConversationId | undefined;
    do {
      const page = await this.#queue.behind(user, device, after, HEADS_ROWS_MAX_COUNT);
      // Else a pull would be answered from a state that another node has left behind, for ever.
      for (const row of page.rows) this.#owners.sawHead(row.conversation, row.head);
      if (page.rows.length > 0) yield await Promise.all(page.rows.map((row) => this.#headRow(row)));
      after = page.next;
    } while (after !== undefined);
  }

  async #headRow(row: QueueRow): Promise<HeadRow> {
    const { conversation, head, received, removed } = row;
    const oldest = await this.#first(conversation, received, head);
    const expired = await this.#expired(conversation, Math.max(received, oldest.floor), head, oldest.at);
    return {
      conversation_id: conversation,
      head,
      floor: Math.min(oldest.floor, head),
      received,
      ...(removed ? { removed: true as const } : {}),
      ...(expired === undefined ? {} : { expired }),
    };
  }

  /** The time of the first entry after a seq, and the log's floor. */
  async #first(
    conversation: ConversationId,
    after: Seq,
    to: Seq,
  ): Promise<{ at: number | undefined; floor: Seq }> {
    const page = await this.#messages.read({ conversation, after, to, limit: 1, maxBytes: 0 });
    const [entry] = page.entries;
    return { at: entry?.at, floor: page.floor };
  }

  /** Times never run backwards within a log, so the last entry that is too old is found by halving. */
  async #expired(
    conversation: ConversationId,
    after: Seq,
    head: Seq,
    oldestAt: number | undefined,
  ): Promise<Expired | undefined> {
    const before = this.#clock.now() - this.#retentionMs;
    if (oldestAt === undefined || oldestAt >= before) return undefined;
    let old = after + 1;
    let young = head + 1;
    while (young - old > 1) {
      const middle = Math.floor((old + young) / 2);
      const { at } = await this.#first(conversation, middle - 1, head);
      if (at !== undefined && at < before) old = middle;
      else young = middle;
    }
    return { from: after + 1, to: old, before };
  }
}
