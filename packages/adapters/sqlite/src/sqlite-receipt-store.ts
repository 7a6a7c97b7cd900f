// Receipts on SQLite: writes by the writer's thread, reads by the reader's.
import type { ConversationId, Seq, UserId } from '@parley/protocol/ids';
import type {
  PassedPage,
  Raised,
  ReceiptPage,
  ReceiptStep,
  ReceiptStore,
  WatermarkRow,
} from '@parley/ports/receipt-store';
import type { DeviceReceipt } from './read-calls.ts';
import type { ReadQueue } from './read-queue.ts';
import { stepFields } from './receipt-writes.ts';
import { RAISED_FIELDS_COUNT } from './write-calls.ts';
import type { WriteQueue } from './write-queue.ts';

const BEFORE_THE_FIRST = '0';
const RECEIPT_BYTES = 48;
/** Steps that cross in one request: more are done in turns, so that the sends of others come between. */
const RAISE_STEP_COUNT = 1_000;

export interface SqliteReceiptStoreOptions {
  readonly writes: WriteQueue;
  readonly reads: ReadQueue;
}

export class SqliteReceiptStore implements ReceiptStore {
  readonly #writes: WriteQueue;
  readonly #reads: ReadQueue;

  constructor({ writes, reads }: SqliteReceiptStoreOptions) {
    this.#writes = writes;
    this.#reads = reads;
  }

  async raise(steps: readonly ReceiptStep[]): Promise<readonly Raised[]> {
    const raised: Raised[] = [];
    for (let from = 0; from < steps.length; from += RAISE_STEP_COUNT) {
      const some = steps.slice(from, from + RAISE_STEP_COUNT);
      const fields = some.flatMap(stepFields);
      const rose = await this.#writes.call('raiseReceipts', fields.length * RECEIPT_BYTES, fields);
      raised.push(...raisedOf(some, rose));
    }
    return raised;
  }

  watermarks(conversation: ConversationId, after: UserId | undefined, limit: number): Promise<ReceiptPage> {
    return this.#reads.call('watermarks', conversation, after ?? BEFORE_THE_FIRST, limit);
  }

  watermark(conversation: ConversationId, user: UserId): Promise<WatermarkRow> {
    return this.#reads.call('watermark', conversation, user);
  }

  passed(
    conversation: ConversationId,
    seq: Seq,
    { except, after, limit }: { except: UserId; after: UserId | undefined; limit: number },
  ): Promise<PassedPage> {
    return this.#reads.call('passed', conversation, seq, except, after ?? BEFORE_THE_FIRST, limit);
  }

  devices(conversation: ConversationId, seq: Seq, limit: number): Promise<readonly DeviceReceipt[]> {
    return this.#reads.call('receivedBy', conversation, seq, limit);
  }

  dropTimes(conversation: ConversationId, through: Seq): Promise<void> {
    return this.#writes.call('dropTimes', 0, conversation, through);
  }

  /** Nothing by itself: the stores share one database, which SqliteStores closes. */
  async [Symbol.asyncDispose](): Promise<void> {}
}

function raisedOf(steps: readonly ReceiptStep[], rose: readonly number[]): Raised[] {
  const raised: Raised[] = [];
  for (let at = 0; at < rose.length; at += RAISED_FIELDS_COUNT) {
    const [index = 0, received = 0, read = 0] = rose.slice(at, at + RAISED_FIELDS_COUNT);
    const step = steps[index];
    if (step === undefined) throw new Error('a step rose that was not asked for');
    const { conversation, user, device } = step;
    const row = { user, received, read };
    raised.push({ conversation, by: device === undefined ? 'read' : 'received', row });
  }
  return raised;
}
