// Reads, seen from the event loop: those of one turn cross to the reader's thread together.
import { StoreError } from '@parley/ports/store-error';
import type { ReadAnswer, ReadArguments, ReadName, ReadRequest, ReadResult } from './read-calls.ts';

/** Reads that share a snapshot and a message. */
export const READ_BATCH_MAX_COUNT = 256;
/** Reads that wait or run; one more is refused as unavailable. */
export const READS_MAX_COUNT = 65_536;

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

export interface ReadQueueOptions {
  /** Hands a batch to the reader's thread, which answers in order by `answered`. */
  readonly post: (requests: readonly ReadRequest[]) => void;
}

export class ReadQueue {
  readonly #options: ReadQueueOptions;
  #requests: ReadRequest[] = [];
  #waiting: Waiting[] = [];
  /** Batches that the thread has, oldest first. */
  #asked: Waiting[][] = [];
  #count = 0;
  #closed: string | undefined;
  #drained: (() => void)[] = [];

  constructor(options: ReadQueueOptions) {
    this.#options = options;
  }

  call<Name extends ReadName>(name: Name, ...args: ReadArguments<Name>): Promise<ReadResult<Name>> {
    if (this.#closed !== undefined) return Promise.reject(new StoreError('unavailable', this.#closed));
    if (this.#count >= READS_MAX_COUNT)
      return Promise.reject(new StoreError('unavailable', 'Too many reads wait'));
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    if (this.#requests.length === 0) queueMicrotask(() => this.#send());
    this.#requests.push([name, ...args]);
    this.#waiting.push({ resolve, reject });
    this.#count += 1;
    if (this.#requests.length >= READ_BATCH_MAX_COUNT) this.#send();
    return promise as Promise<ReadResult<Name>>;
  }

  answered(answers: readonly ReadAnswer[]): void {
    const waiting = this.#asked.shift() ?? [];
    this.#count -= waiting.length;
    for (const [index, { resolve, reject }] of waiting.entries()) {
      const answer = answers[index];
      if (answer?.kind === 'done') resolve(answer.value);
      else reject(new StoreError('unavailable', answer?.message ?? 'no answer'));
    }
    this.#checkDrained();
  }

  /** Rejects everything, also what comes. */
  stop(reason: string): void {
    this.#closed = reason;
    const all = [...this.#asked.flat(), ...this.#waiting];
    this.#asked = [];
    this.#waiting = [];
    this.#requests = [];
    this.#count = 0;
    for (const { reject } of all) reject(new StoreError('unavailable', reason));
    this.#checkDrained();
  }

  /** Takes no more, and resolves when everything that was taken is answered. */
  close(): Promise<void> {
    this.#closed ??= 'The store is closed';
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#drained.push(resolve);
    this.#checkDrained();
    return promise;
  }

  #send(): void {
    if (this.#requests.length === 0) return;
    this.#asked.push(this.#waiting);
    const requests = this.#requests;
    this.#requests = [];
    this.#waiting = [];
    this.#options.post(requests);
  }

  #checkDrained(): void {
    if (this.#count > 0) return;
    for (const resolve of this.#drained) resolve();
    this.#drained = [];
  }
}
