// Group commit, seen from the event loop: what comes while a batch is being written is the next batch.
import { StoreError } from '@parley/ports/store-error';
import {
  APPLIED,
  type WriteAnswer,
  type WriteArguments,
  type WriteName,
  type WriteRequest,
  type WriteResult,
} from './write-calls.ts';

/** A batch ends with the request that passes one of these. */
export const BATCH_REQUESTS_MAX_COUNT = 2_048;
export const BATCH_MAX_BYTES = 1_048_576;
/** What may wait; beyond it a write is refused as unavailable. */
export const QUEUED_MAX_BYTES = 67_108_864;
/** What a request weighs besides its bodies. */
const REQUEST_BYTES = 256;

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

interface Batch {
  readonly requests: WriteRequest[];
  readonly waiting: Waiting[];
  bytes: number;
}

export interface WriteQueueOptions {
  /** Hands a batch to the writer's thread, which answers by `answered`. One at a time. */
  readonly post: (requests: readonly WriteRequest[]) => void;
  /** Called once, when the store has stopped by itself. */
  readonly onStopped: (reason: string) => void;
}

type State =
  | { readonly kind: 'open' }
  | { readonly kind: 'closed' }
  | { readonly kind: 'stopped'; readonly reason: string };

export class WriteQueue {
  readonly #options: WriteQueueOptions;
  #batches: Batch[] = [];
  #inFlight: Batch | undefined;
  #queuedBytes = 0;
  #scheduled = false;
  #state: State = { kind: 'open' };
  #drained: (() => void)[] = [];

  constructor(options: WriteQueueOptions) {
    this.#options = options;
  }

  /** Resolves when it is durable; rejects with a StoreError, or with an Error when the arguments are at fault. */
  call<Name extends WriteName>(
    name: Name,
    bodyBytes: number,
    ...args: WriteArguments<Name>
  ): Promise<WriteResult<Name>> {
    const refused = this.#refusal();
    if (refused !== undefined) return Promise.reject(refused);
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const batch = this.#openBatch();
    const bytes = bodyBytes + REQUEST_BYTES;
    batch.requests.push([name, ...args]);
    batch.waiting.push({ resolve, reject });
    batch.bytes += bytes;
    this.#queuedBytes += bytes;
    if (this.#inFlight === undefined && !this.#scheduled) {
      this.#scheduled = true;
      // What comes in the same turn goes together.
      queueMicrotask(() => {
        this.#scheduled = false;
        this.#send();
      });
    }
    return promise as Promise<WriteResult<Name>>;
  }

  answered(answers: number | readonly WriteAnswer[]): void {
    const batch = this.#inFlight;
    this.#inFlight = undefined;
    // The next batch first: the writer is idle until it has one.
    this.#send();
    if (batch !== undefined) settle(batch.waiting, answers);
    this.#checkDrained();
  }

  /** The writer is gone: what it held is unknown, what waits was never tried. */
  died(reason: string): void {
    const batch = this.#inFlight;
    this.#inFlight = undefined;
    for (const { reject } of batch?.waiting ?? []) reject(new StoreError('outcome_unknown', reason));
    this.stop(reason);
  }

  /** Refuses what waits and whatever comes. A batch that the writer has is still answered. */
  stop(reason: string): void {
    if (this.#state.kind === 'stopped') return;
    this.#state = { kind: 'stopped', reason };
    for (const { waiting } of this.#batches) {
      for (const { reject } of waiting) reject(new StoreError('unavailable', reason));
    }
    this.#batches = [];
    this.#options.onStopped(reason);
    this.#checkDrained();
  }

  /** Takes no more, and resolves when everything that was taken is settled. */
  close(): Promise<void> {
    if (this.#state.kind === 'open') this.#state = { kind: 'closed' };
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#drained.push(resolve);
    this.#checkDrained();
    return promise;
  }

  #refusal(): StoreError | undefined {
    switch (this.#state.kind) {
      case 'closed':
        return new StoreError('unavailable', 'The store is closed');
      case 'stopped':
        return new StoreError('unavailable', this.#state.reason);
      case 'open':
        if (this.#queuedBytes <= QUEUED_MAX_BYTES) return undefined;
        return new StoreError('unavailable', 'Too much waits to be written');
      default:
        return this.#state satisfies never;
    }
  }

  #openBatch(): Batch {
    const last = this.#batches.at(-1);
    const full =
      last === undefined || last.requests.length >= BATCH_REQUESTS_MAX_COUNT || last.bytes >= BATCH_MAX_BYTES;
    if (!full) return last;
    const batch: Batch = { requests: [], waiting: [], bytes: 0 };
    this.#batches.push(batch);
    return batch;
  }

  #send(): void {
    if (this.#inFlight !== undefined) return;
    const batch = this.#batches.shift();
    if (batch === undefined) return;
    this.#inFlight = batch;
    this.#queuedBytes -= batch.bytes;
    this.#options.post(batch.requests);
  }

  #checkDrained(): void {
    if (this.#inFlight !== undefined || this.#batches.length > 0) return;
    for (const resolve of this.#drained) resolve();
    this.#drained = [];
  }
}

function settle(waiting: readonly Waiting[], answers: number | readonly WriteAnswer[]): void {
  if (answers === waiting.length) {
    for (const { resolve } of waiting) resolve(APPLIED);
    return;
  }
  for (const [index, { resolve, reject }] of waiting.entries()) {
    const answer = typeof answers === 'number' ? undefined : answers[index];
    if (answer === undefined) reject(new StoreError('outcome_unknown', 'The writer did not answer'));
    else if (answer.kind === 'done') resolve(answer.value);
    else if (answer.fault === 'invalid_request') reject(new Error(answer.message));
    else reject(new StoreError(answer.fault, answer.message));
  }
}
