// The inbox on SQLite: a join of memberships, heads and marks, so that a send writes nothing here.
import type { ConversationId, DeviceId, Seq, UserId } from '@parley/protocol/ids';
import type { Mark, OfflineQueue, QueuePage } from '@parley/ports/offline-queue';
import type { ReadQueue } from './read-queue.ts';
import type { WriteQueue } from './write-queue.ts';

const BEFORE_THE_FIRST = '0';
const MARK_BYTES = 32;

export interface SqliteOfflineQueueOptions {
  readonly writes: WriteQueue;
  readonly reads: ReadQueue;
}

export class SqliteOfflineQueue implements OfflineQueue {
  readonly #writes: WriteQueue;
  readonly #reads: ReadQueue;

  constructor({ writes, reads }: SqliteOfflineQueueOptions) {
    this.#writes = writes;
    this.#reads = reads;
  }

  /** Nothing to write: the head is in the log's own row. */
  async advance(): Promise<void> {}

  behind(
    user: UserId,
    device: DeviceId,
    after: ConversationId | undefined,
    limit: number,
  ): Promise<QueuePage> {
    return this.#reads.call('behind', user, device, after ?? BEFORE_THE_FIRST, limit);
  }

  async markReceived(user: UserId, device: DeviceId, marks: readonly Mark[]): Promise<void> {
    if (marks.length === 0) return;
    const flat = marks.flatMap(({ conversation, seq }) => [conversation, seq]);
    await this.#writes.call('markReceived', marks.length * MARK_BYTES, user, device, flat);
  }

  async received(
    user: UserId,
    device: DeviceId,
    conversations: readonly ConversationId[],
  ): Promise<ReadonlyMap<ConversationId, Seq>> {
    const marks = await this.#reads.call('received', user, device, conversations);
    return new Map(marks.map(([conversation, seq]) => [conversation as ConversationId, seq]));
  }

  /** Nothing by itself: the stores share one database, which SqliteStores closes. */
  async [Symbol.asyncDispose](): Promise<void> {}
}
