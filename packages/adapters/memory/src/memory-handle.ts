// One opened store: every call takes its time, has its effect in one moment, and fails when it is told to or comes late.
import type { NewEntry } from '@parley/ports/message-store';
import { StoreError } from '@parley/ports/store-error';
import type { ConversationId } from '@parley/protocol/ids';
import type { MemoryWorld, WorldState } from './memory-world.ts';

export type StoreFault =
  /** Carried out like any other, and answered as unknown. */
  | 'unknown_applied'
  | 'unknown_not_applied'
  | 'storage_full'
  | 'unavailable'
  /** For a claim only: it is refused, as if another one had come between. */
  | 'lost_race';

export interface StoreCall {
  readonly store:
    | 'messages'
    | 'members'
    | 'queue'
    | 'accounts'
    | 'receipts'
    | 'personal'
    | 'contacts'
    | 'invites'
    | 'reports'
    | 'leases';
  /** The port's method. */
  readonly method: string;
  /** Of a call that writes to one conversation. */
  readonly conversation?: ConversationId;
  /** Of an append. */
  readonly entries?: readonly NewEntry[];
}

/** Asked once for each call, as it is made; undefined lets the call be. */
export type DecideFault = (call: StoreCall) => StoreFault | undefined;

export interface MemoryHandleOptions {
  readonly world: MemoryWorld;
  readonly store: StoreCall['store'];
  readonly fault: DecideFault | undefined;
}

/** What a fault `lost_race` rejects with; a claim answers it as `refused`. */
export class LostRaceError extends Error {
  override readonly name = 'LostRaceError';
}

type HandleState = 'open' | 'closed' | 'crashed';

export class MemoryHandle {
  readonly #options: MemoryHandleOptions;
  #state: HandleState = 'open';

  constructor(options: MemoryHandleOptions) {
    this.#options = options;
  }

  /** Runs the work between two pauses. Rejects with a StoreError by a fault, or when the store was closed before. */
  async call<Result>(about: Omit<StoreCall, 'store'>, work: (state: WorldState) => Result): Promise<Result> {
    const { store, fault: decide } = this.#options;
    const isOpen = this.#state === 'open';
    const fault = isOpen ? decide?.({ store, ...about }) : 'unavailable';
    switch (fault) {
      case undefined:
        return await this.#run(work);
      case 'unknown_applied':
        await this.#run(work);
        throw new StoreError('outcome_unknown', `${about.method}: a fault that was asked for`);
      case 'unknown_not_applied':
        await this.#run(() => undefined);
        throw new StoreError('outcome_unknown', `${about.method}: a fault that was asked for`);
      case 'storage_full':
      case 'unavailable':
        await this.#run(() => undefined);
        throw new StoreError(
          fault,
          isOpen ? `${about.method}: a fault that was asked for` : 'the store is closed',
        );
      case 'lost_race':
        await this.#run(() => undefined);
        throw new LostRaceError(`${about.method}: another one came between`);
    }
  }

  /** Later calls are refused; those under way end as they would. */
  async close(): Promise<void> {
    if (this.#state === 'open') this.#state = 'closed';
    await this.#options.world.pause();
  }

  /** Calls under way that had no effect yet never have one; all of them end as unknown. */
  crash(): void {
    this.#state = 'crashed';
  }

  async #run<Result>(work: (state: WorldState) => Result): Promise<Result> {
    const { pause, state } = this.#options.world;
    const startedIn = this.#state;
    await pause();
    this.#checkAlive(startedIn);
    const result = work(state);
    await pause();
    this.#checkAlive(startedIn);
    return result;
  }

  #checkAlive(startedIn: HandleState): void {
    if (this.#state === 'crashed' && startedIn !== 'crashed') {
      throw new StoreError('outcome_unknown', 'the store crashed meanwhile');
    }
  }
}
