// Ids of a node among several: its worker id is leased for an interval of timestamps, and no id is made of any other.
import type { Clock } from '@parley/ports/clock';
import type { IdSource } from '@parley/ports/id-source';
import type { LeaseStore, WorkerLease } from '@parley/ports/lease-store';
import type { Log } from '@parley/ports/log';
import { StoreError } from '@parley/ports/store-error';
import type { Timer, Timers } from '@parley/ports/timers';
import { Snowflake, snowflakeTime } from '../message/snowflake.ts';
import { WORKER_LEASE_MS, WORKER_LOOK_INTERVAL_MS, WORKER_RENEW_BEFORE_MS } from './limits.ts';

export interface LeasedIdsParts {
  readonly node: string;
  readonly leases: LeaseStore;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
}

interface Held {
  readonly lease: WorkerLease;
  readonly source: Snowflake;
}

/** Intervals of one worker id never overlap, so no clock, pause or crash makes two nodes make the same id. */
export class LeasedIds implements IdSource, Disposable {
  readonly #parts: LeasedIdsParts;
  #held: Held;
  #renewing: Promise<void> | undefined;
  readonly #timer: Timer;

  private constructor(parts: LeasedIdsParts, lease: WorkerLease) {
    this.#parts = parts;
    this.#held = held(lease, parts.clock);
    // Does not reject.
    this.#timer = parts.timers.every(WORKER_LOOK_INTERVAL_MS, () => void this.#look());
  }

  /** Rejects with a StoreError `unavailable` where no worker id is free, and as the store does. */
  static async open(parts: LeasedIdsParts): Promise<LeasedIds> {
    return new LeasedIds(parts, await lease(parts));
  }

  /**
   * Throws a StoreError `unavailable` when the clock is past what is leased: when the leases could not be renewed for
   * minutes, or the clock jumped. It passes when they are.
   */
  next(): string {
    const { source, lease: present } = this.#held;
    const id = this.#parts.clock.now() < present.until ? source.next() : undefined;
    // It may have borrowed from the milliseconds to come.
    if (id !== undefined && snowflakeTime(id) < present.until) return id;
    // Does not reject.
    void this.#look();
    throw new StoreError('unavailable', 'no id can be made: the lease of the worker id has ended');
  }

  [Symbol.dispose](): void {
    this.#timer.cancel();
  }

  /** Never rejects. */
  #look(): Promise<void> {
    const { until } = this.#held.lease;
    if (until - this.#parts.clock.now() > WORKER_RENEW_BEFORE_MS) return Promise.resolve();
    this.#renewing ??= this.#renew();
    return this.#renewing;
  }

  async #renew(): Promise<void> {
    const { clock, leases, log } = this.#parts;
    try {
      const { lease: present, source } = this.#held;
      const longer = await leases.extendWorker(present, Math.floor(clock.now()) + WORKER_LEASE_MS);
      // Where somebody has the worker id by now, it is another one from here on.
      this.#held = longer === undefined ? held(await lease(this.#parts), clock) : { lease: longer, source };
    } catch (error) {
      log.error({ error }, 'the lease of the worker id could not be renewed');
    }
    this.#renewing = undefined;
  }
}

async function lease({ leases, node, clock }: LeasedIdsParts): Promise<WorkerLease> {
  const outcome = await leases.leaseWorker(node, Math.floor(clock.now()), WORKER_LEASE_MS);
  if (outcome.kind === 'leased') return outcome.lease;
  throw new StoreError('unavailable', `every worker id is leased until ${outcome.freeFrom}`);
}

/** A clock that was set back makes ids go on from the begin of the interval. */
function held(present: WorkerLease, clock: Clock): Held {
  const within: Clock = {
    now: () => Math.max(clock.now(), present.start),
    monotonic: () => clock.monotonic(),
  };
  return { lease: present, source: new Snowflake({ clock: within, worker: present.worker }) };
}
