// A thread of this package, seen from the main one: started, spoken to, told to close, and missed when it dies.
import { Worker } from 'node:worker_threads';
import { StoreError } from '@parley/ports/store-error';

/** What a thread says first. */
export type Greeting =
  | {
      readonly kind: 'ready';
      readonly logId: string;
      readonly greatestId: string | undefined;
      readonly notes: readonly string[];
    }
  | { readonly kind: 'refused'; readonly message: string };

/** To any thread, instead of requests. It closes its database and ends by itself. */
export const CLOSE = 'close';

/** To the writer's thread, instead of a batch: empties the WAL. Answered by `erased_removed`. */
export const REMOVE_ERASED = 'remove-erased';

export interface WorkerLinkOptions {
  readonly script: URL;
  readonly data: unknown;
  readonly onMessage: (message: unknown) => void;
  /** It ended though nobody asked it to. */
  readonly onDeath: (reason: string) => void;
}

export class WorkerLink {
  readonly #worker: Worker;
  readonly #ended = Promise.withResolvers<void>();
  #closing = false;

  private constructor(worker: Worker) {
    this.#worker = worker;
  }

  /** Resolves when the thread is ready; rejects with a StoreError when it could not begin. */
  static async start(
    options: WorkerLinkOptions,
  ): Promise<{ link: WorkerLink } & Extract<Greeting, { kind: 'ready' }>> {
    const worker = new Worker(options.script, { workerData: options.data });
    const link = new WorkerLink(worker);
    const greeted = Promise.withResolvers<Greeting>();
    let reason = 'it ended';
    worker.once('message', (greeting: Greeting) => {
      worker.on('message', options.onMessage);
      greeted.resolve(greeting);
    });
    worker.on('error', (error) => {
      reason = error instanceof Error ? error.message : String(error);
    });
    worker.on('exit', () => {
      greeted.resolve({ kind: 'refused', message: reason });
      link.#ended.resolve();
      if (!link.#closing) options.onDeath(`The thread of the store died: ${reason}`);
    });
    const greeting = await greeted.promise;
    if (greeting.kind === 'ready') return { link, ...greeting };
    link.#closing = true;
    await link.#ended.promise;
    throw new StoreError('unavailable', greeting.message);
  }

  post(message: unknown): void {
    this.#worker.postMessage(message);
  }

  /** Resolves when the thread has ended. It is never terminated: it holds an open database. */
  close(): Promise<void> {
    if (!this.#closing) {
      this.#closing = true;
      // One that has died takes no message, and its end has been seen.
      this.#worker.postMessage(CLOSE);
    }
    return this.#ended.promise;
  }
}
