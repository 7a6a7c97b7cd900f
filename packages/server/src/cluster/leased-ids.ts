// Snowflake ids of a worker id that is leased: each has a timestamp within the lease, which nobody else has for it.
import type { Clock } from '@parley/ports/clock';
import type { IdSource } from '@parley/ports/id-source';
import type { LeaseStore, WorkerLease } from '@parley/ports/lease-store';
import type { Log } from '@parley/ports/log';
import { StoreError } from '@parley/ports/store-error';
import type { Timer, Timers } from '@parley/ports/timers';
import { Snowflake, snowflakeAt, snowflakeTime } from '../message/snowflake.ts';
import { WORKER_LEASE_MS, WORKER_LOOK_INTERVAL_MS, WORKER_RENEW_BEFORE_MS } from './limits.ts';

export interface LeasedIdsParts {
  readonly leases: LeaseStore;
  /** Who leases, for people who look into the store. */
  readonly node: string;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
}

/** Intervals of one worker id never overlap, so no clock, pause or crash makes two nodes make the same id. */
export class LeasedIds implements IdSource, AsyncDisposable {
  readonly #parts: LeasedIdsParts;
  readonly #looking: Timer;
  #lease: WorkerLease;
  #ids: Snowflake;
  #lastMs: number;
  #extending: Promise<void> | undefined;

  private constructor(parts: LeasedIdsParts, lease: WorkerLease) {
    this.#parts = parts;
    this.#lease = lease;
    this.#ids = idsOf(lease, parts.clock);
    this.#lastMs = lease.start;
    this.#looking = parts.timers.every(WORKER_LOOK_INTERVAL_MS, () => this.#look());
  }

  /** Rejects with a StoreError where no worker id is free. */
  static async open(parts: LeasedIdsParts): Promise<LeasedIds> {
    return new LeasedIds(parts, await leaseFrom(Math.floor(parts.clock.now()), parts));
  }

  /** Throws a StoreError while the lease is over: an id beyond it may be another's. */
  next(): string {
    const id = this.#ids.next();
    this.#lastMs = snowflakeTime(id);
    if (this.#lastMs < this.#lease.until) return id;
    this.#look();
    throw new StoreError('unavailable', 'The lease of this server for new ids is over');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#looking.cancel();
    await this.#extending;
  }

  /** Ids go on above the last one, whatever the clock says. */
  get #nowMs(): number {
    return Math.max(Math.floor(this.#parts.clock.now()), this.#lastMs);
  }

  #look(): void {
    if (this.#lease.until - this.#nowMs >= WORKER_RENEW_BEFORE_MS) return;
    this.#extending ??= this.#extend().finally(() => (this.#extending = undefined));
  }

  /** Never rejects. */
  async #extend(): Promise<void> {
    const { leases, clock, log } = this.#parts;
    try {
      const extended = await leases.extendWorker(this.#lease, this.#nowMs + WORKER_LEASE_MS);
      if (extended !== undefined) return void (this.#lease = extended);
      // Its end had come, and somebody else has the worker id.
      const lease = await leaseFrom(this.#nowMs + 1, this.#parts);
      this.#ids = idsOf(lease, clock);
      this.#lease = lease;
    } catch (error) {
      log.warn({ error }, 'the lease for new ids could not be extended');
    }
  }
}

function idsOf({ worker, start }: WorkerLease, clock: Clock): Snowflake {
  // A clock that steps back behind the start makes no id from before it.
  return new Snowflake({ clock, worker, after: snowflakeAt(start - 1) });
}

async function leaseFrom(fromMs: number, { leases, node }: LeasedIdsParts): Promise<WorkerLease> {
  const outcome = await leases.leaseWorker(node, fromMs, WORKER_LEASE_MS);
  if (outcome.kind === 'leased') return outcome.lease;
  const freeFrom = new Date(outcome.freeFrom).toISOString();
  throw new StoreError(
    'unavailable',
    `All 1,024 ids that servers have are leased, the first one until ${freeFrom}: wait for that, or correct the clock`,
  );
}
