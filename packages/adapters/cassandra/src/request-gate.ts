// Bounds what is asked of the engine at the same time: so many requests in flight, so many that wait, and not for long.
import { StoreError } from '@parley/ports/store-error';
import type { Timers } from '@parley/ports/timers';

/** Requests of this node that the engine has at the same time. */
export const REQUESTS_IN_FLIGHT_MAX_COUNT = 1_024;
/** Requests that wait for their turn; more are refused at once. */
export const REQUESTS_WAITING_MAX_COUNT = 16_384;
/** A request that had no turn for so long is refused: nothing of it was sent. */
export const REQUEST_WAIT_MAX_MS = 2_000;

interface Waiting {
  readonly go: () => void;
  readonly refuse: (error: StoreError) => void;
}

export interface RequestGateOptions {
  readonly timers: Timers;
  readonly inFlightMaxCount: number;
  readonly waitingMaxCount: number;
  readonly waitMaxMs: number;
}

export class RequestGate {
  readonly #options: RequestGateOptions;
  /** In order of arrival. */
  readonly #waiting = new Set<Waiting>();
  #inFlight = 0;
  #closed = false;
  #idle: (() => void) | undefined;

  constructor(options: RequestGateOptions) {
    this.#options = options;
  }

  /** Makes the request in its turn. Rejects with `unavailable` where it was not made at all. */
  async run<Result>(request: () => Promise<Result>): Promise<Result> {
    await this.#enter();
    try {
      return await request();
    } finally {
      this.#leave();
    }
  }

  /** Refuses what waits and what comes, and resolves once nothing is in flight any more. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const waiting of this.#waiting) waiting.refuse(closed());
    this.#waiting.clear();
    if (this.#inFlight === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#idle = resolve;
    await promise;
  }

  #enter(): Promise<void> | undefined {
    if (this.#closed) throw closed();
    if (this.#inFlight < this.#options.inFlightMaxCount) {
      this.#inFlight += 1;
      return undefined;
    }
    if (this.#waiting.size >= this.#options.waitingMaxCount) throw overloaded();
    return this.#wait();
  }

  async #wait(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiting: Waiting = { go: resolve, refuse: reject };
    this.#waiting.add(waiting);
    const timer = this.#options.timers.after(this.#options.waitMaxMs, () => {
      if (this.#waiting.delete(waiting)) reject(overloaded());
    });
    try {
      await promise;
    } finally {
      timer.cancel();
    }
  }

  /** The turn goes over to the one who waits longest. */
  #leave(): void {
    const [next] = this.#waiting;
    if (next !== undefined) {
      this.#waiting.delete(next);
      next.go();
      return;
    }
    this.#inFlight -= 1;
    if (this.#inFlight === 0) this.#idle?.();
  }
}

const closed = () => new StoreError('unavailable', 'The connection to Cassandra is closed');
const overloaded = () => new StoreError('unavailable', 'Too many requests wait for Cassandra');
