// Leases in memory, by the clock that is passed in.
import type { Clock } from '@parley/ports/clock';
import {
  checkInterval,
  type LeaseStore,
  type NodeRow,
  type WorkerLease,
  type WorkerOutcome,
  WORKERS_COUNT,
} from '@parley/ports/lease-store';
import { type DecideFault, MemoryHandle } from './memory-handle.ts';
import type { MemoryWorld, WorldState } from './memory-world.ts';

export interface MemoryLeaseStoreOptions {
  readonly world: MemoryWorld;
  /** The store's own: not that of a node. */
  readonly clock: Clock;
  readonly fault?: DecideFault;
}

export class MemoryLeaseStore implements LeaseStore {
  readonly #handle: MemoryHandle;
  readonly #clock: Clock;

  constructor({ world, clock, fault }: MemoryLeaseStoreOptions) {
    this.#handle = new MemoryHandle({ world, store: 'leases', fault });
    this.#clock = clock;
  }

  renew(row: NodeRow, forMs: number): Promise<void> {
    return this.#handle.call({ method: 'renew' }, (state) => {
      const until = Math.max(this.#clock.now() + forMs, state.nodes.get(row.node)?.until ?? 0);
      state.nodes.set(row.node, { row: { ...row }, until });
    });
  }

  leave(node: string): Promise<void> {
    return this.#handle.call({ method: 'leave' }, (state) => {
      state.nodes.delete(node);
    });
  }

  nodes(): Promise<readonly NodeRow[]> {
    return this.#handle.call({ method: 'nodes' }, (state) =>
      [...state.nodes.values()]
        .filter(({ until }) => until > this.#clock.now())
        .map(({ row }) => row)
        .sort((one, other) => (one.node < other.node ? -1 : 1)),
    );
  }

  take(node: string, shards: readonly number[], forMs: number): Promise<readonly number[]> {
    return this.#handle.call({ method: 'take' }, (state) => {
      const now = this.#clock.now();
      const taken = inOrder(shards).filter((shard) => {
        const there = state.shards.get(shard);
        return there === undefined || there.node === node || there.until <= now;
      });
      for (const shard of taken) {
        const until = Math.max(now + forMs, state.shards.get(shard)?.until ?? 0);
        state.shards.set(shard, { node, until });
      }
      return taken;
    });
  }

  release(node: string, shards: readonly number[]): Promise<void> {
    return this.#handle.call({ method: 'release' }, (state) => {
      for (const shard of shards) if (state.shards.get(shard)?.node === node) state.shards.delete(shard);
    });
  }

  owners(): Promise<ReadonlyMap<number, string>> {
    return this.#handle.call({ method: 'owners' }, (state) => {
      const now = this.#clock.now();
      return new Map(
        [...state.shards].flatMap(([shard, { node, until }]) => (until > now ? [[shard, node]] : [])),
      );
    });
  }

  leaseWorker(node: string, from: number, forMs: number): Promise<WorkerOutcome> {
    return this.#handle.call({ method: 'leaseWorker' }, (state) => {
      const interval = { start: from, until: from + forMs };
      checkInterval(interval.start, interval.until);
      const worker = freeWorker(state, from);
      if (worker === undefined) {
        return {
          kind: 'all_taken',
          freeFrom: Math.min(...[...state.workers.values()].map(({ until }) => until)),
        };
      }
      state.workers.set(worker, { node, ...interval });
      return { kind: 'leased', lease: { worker, ...interval } };
    });
  }

  extendWorker({ worker, start }: WorkerLease, until: number): Promise<WorkerLease | undefined> {
    return this.#handle.call({ method: 'extendWorker' }, (state) => {
      checkInterval(start, until);
      const there = state.workers.get(worker);
      if (there?.start !== start) return undefined;
      there.until = Math.max(there.until, until);
      return { worker, start, until: there.until };
    });
  }

  /** As MemoryMessageStore's. */
  crash(): void {
    this.#handle.crash();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#handle.close();
  }
}

const inOrder = (shards: readonly number[]) => [...new Set(shards)].sort((one, other) => one - other);

/** One never used, else that which has been free for the longest. */
function freeWorker(state: WorldState, from: number): number | undefined {
  for (let worker = 0; worker < WORKERS_COUNT; worker++) if (!state.workers.has(worker)) return worker;
  const free = [...state.workers].filter(([, { until }]) => until <= from);
  return free.sort(([, one], [, other]) => one.until - other.until)[0]?.[0];
}
