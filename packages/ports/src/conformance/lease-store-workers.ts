// Lease store: the intervals of one worker id never overlap, whoever asks when. fast-check prints the seed of a failure.
import { expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { type LeaseStore, type WorkerLease, type WorkerOutcome, WORKERS_COUNT } from '../lease-store.ts';
import { rejection } from './fixture.ts';
import type { LeaseWorld } from './lease-fixture.ts';
import { acrossRestart, type Open, type Reopen } from './opened.ts';

const T0 = 1_800_000_000_000;
/** Beyond every time that a test asks for. */
const FAR = 2 * T0;
const RUNS_COUNT = 40;
const TEST_TIMEOUT_MS = 60_000;

async function lease(store: LeaseStore, from: number, forMs: number, node = 'a'): Promise<WorkerLease> {
  const outcome = await store.leaseWorker(node, from, forMs);
  if (outcome.kind !== 'leased') throw new Error(`all worker ids are taken until ${outcome.freeFrom}`);
  return outcome.lease;
}

/** Every interval that was given, with the latest end that a holder heard of. */
class Given {
  readonly #untils = new Map<string, WorkerLease>();

  add({ worker, start, until }: WorkerLease): void {
    const key = `${worker} ${start}`;
    const there = this.#untils.get(key)?.until ?? 0;
    this.#untils.set(key, { worker, start, until: Math.max(there, until) });
  }

  addOutcome(outcome: WorkerOutcome): void {
    if (outcome.kind !== 'leased') return;
    // Two of one beginning would be told from each other by nothing.
    expect(this.#untils.has(`${outcome.lease.worker} ${outcome.lease.start}`)).toBe(false);
    this.add(outcome.lease);
  }

  check(): void {
    const inOrder = [...this.#untils.values()].sort(
      (one, other) => one.worker - other.worker || one.start - other.start,
    );
    for (const [index, next] of inOrder.entries()) {
      const before = inOrder[index - 1];
      if (before?.worker === next.worker) expect(next.start).toBeGreaterThanOrEqual(before.until);
    }
  }
}

function leaseRules(open: Open<LeaseWorld>): void {
  test('[LEASE-8] a worker id is leased for the timestamps that were asked for, another one to each', async () => {
    await using world = await open();
    const leases = await Promise.all(
      Array.from({ length: 40 }, (_, index) => lease(index % 2 === 0 ? world.one : world.other, T0, 1_000)),
    );
    expect(new Set(leases.map(({ worker }) => worker)).size).toBe(40);
    for (const { worker, start, until } of leases) {
      expect([start, until]).toEqual([T0, T0 + 1_000]);
      expect(worker >= 0 && worker < WORKERS_COUNT && Number.isInteger(worker)).toBe(true);
    }
    for (const [from, forMs] of [
      [T0, 0],
      [T0, -5],
      [T0 + 0.5, 10],
      [Number.NaN, 10],
    ] as const) {
      expect(await rejection(() => world.one.leaseWorker('a', from, forMs))).toBeInstanceOf(RangeError);
    }
  });

  test(
    '[LEASE-9] where all are taken it says so, and from when on there is one again: the longest free first',
    async () => {
      await using world = await open();
      await world.occupy(WORKERS_COUNT - 3, FAR);
      const [one, two, three] = [
        await lease(world.one, T0, 300),
        await lease(world.one, T0, 100),
        await lease(world.one, T0, 200),
      ];
      const taken = { kind: 'all_taken', freeFrom: T0 + 100 } as const;
      for (const from of [T0 - 1_000, T0, T0 + 99])
        expect(await world.other.leaseWorker('b', from, 1)).toEqual(taken);
      const again = await lease(world.other, T0 + 300, 50);
      expect(again).toEqual({ worker: two.worker, start: T0 + 300, until: T0 + 350 });
      expect((await lease(world.other, T0 + 300, 50)).worker).toBe(three.worker);
      // A clock that went back gets none that has gone on.
      expect(await world.one.leaseWorker('a', T0 + 250, 10)).toEqual({
        kind: 'all_taken',
        freeFrom: T0 + 300,
      });
      expect((await lease(world.one, T0 + 300, 10)).worker).toBe(one.worker);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    '[LEASE-10] a lease is extended while nobody got the worker id after it, and once more without effect',
    async () => {
      await using world = await open();
      await world.occupy(WORKERS_COUNT - 1, FAR);
      const first = await lease(world.one, T0, 100);
      const longer = { ...first, until: T0 + 200 };
      expect(await world.one.extendWorker(first, T0 + 200)).toEqual(longer);
      // The answer was lost: it asks again, with what it knew.
      expect(await world.other.extendWorker(first, T0 + 200)).toEqual(longer);
      expect(await world.one.extendWorker(first, T0 + 150)).toEqual(longer);
      expect(await world.other.leaseWorker('b', T0 + 199, 10)).toEqual({
        kind: 'all_taken',
        freeFrom: T0 + 200,
      });
      // Late, but nobody came between.
      expect(await world.one.extendWorker(longer, T0 + 500)).toEqual({ ...first, until: T0 + 500 });
      const second = await lease(world.other, T0 + 500, 100, 'b');
      expect(second.worker).toBe(first.worker);
      for (const until of [T0 + 500, T0 + 9_000])
        expect(await world.one.extendWorker(first, until)).toBeUndefined();
      expect(await world.one.extendWorker({ ...first, start: T0 + 400 }, T0 + 9_000)).toBeUndefined();
      expect(await world.other.extendWorker(second, T0 + 600)).toEqual(second);
      expect(await rejection(() => world.one.extendWorker(first, T0))).toBeInstanceOf(RangeError);
    },
    TEST_TIMEOUT_MS,
  );
}

function raceRules(open: Open<LeaseWorld>): void {
  test(
    '[LEASE-11] of an extension and a lease of the same worker id at once, one wins',
    async () => {
      await using world = await open();
      await world.occupy(WORKERS_COUNT - 1, FAR);
      for (let turn = 0; turn < 50; turn++) {
        const from = T0 + turn * 1_000;
        const held = await lease(world.one, from, 10);
        const extend = () => world.one.extendWorker(held, from + 100);
        const take = () => world.other.leaseWorker('b', from + 10, 10);
        // Begun first, each has its turns to come first.
        const early = turn % 2 === 0 ? extend() : undefined;
        const [outcome, extended] = await Promise.all([take(), early ?? extend()]);
        if (extended === undefined) {
          const next = { worker: held.worker, start: from + 10, until: from + 20 };
          expect(outcome).toEqual({ kind: 'leased', lease: next });
        } else {
          expect(extended).toEqual({ ...held, until: from + 100 });
          expect(outcome).toEqual({ kind: 'all_taken', freeFrom: from + 100 });
        }
      }
    },
    TEST_TIMEOUT_MS,
  );

  test(
    '[LEASE-12] many who lease and extend at once, by clocks that differ, get intervals that never overlap',
    async () => {
      await using world = await open();
      await world.occupy(WORKERS_COUNT - 4, FAR);
      const given = new Given();
      let held: WorkerLease[] = [];
      for (let turn = 0; turn < 12; turn++) {
        const stores = Array.from({ length: 24 }, (_, index) => (index % 2 === 0 ? world.one : world.other));
        const extensions = held.map((each) => world.one.extendWorker(each, each.until + 40));
        const leases = stores.map((store, index) =>
          store.leaseWorker(`node-${index}`, T0 + turn * 50 + ((index * 37) % 120), 30),
        );
        const outcomes = await Promise.all(leases);
        for (const outcome of outcomes) given.addOutcome(outcome);
        for (const extended of await Promise.all(extensions)) if (extended !== undefined) given.add(extended);
        held = outcomes.flatMap((outcome) => (outcome.kind === 'leased' ? [outcome.lease] : []));
        given.check();
      }
    },
    TEST_TIMEOUT_MS,
  );
}

const calls = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('lease'), from: fc.nat(300), forMs: fc.integer({ min: 1, max: 60 }) }),
    fc.record({ kind: fc.constant('extend'), which: fc.nat(20), byMs: fc.integer({ min: 0, max: 80 }) }),
  ),
  { maxLength: 25 },
);

function randomRule(open: Open<LeaseWorld>): void {
  test(
    '[LEASE-13] after any sequence of calls no two intervals of one worker id overlap, and a free one is given',
    async () => {
      await using world = await open();
      await world.occupy(WORKERS_COUNT - 2, FAR);
      let base = T0;
      await fc.assert(
        fc.asyncProperty(calls, async (sequence) => {
          // Later than all of the runs before.
          base += 100_000;
          const given = new Given();
          const leases: WorkerLease[] = [];
          for (const [index, call] of sequence.entries()) {
            const store = index % 2 === 0 ? world.one : world.other;
            if (call.kind === 'lease') {
              const outcome = await store.leaseWorker('a', base + call.from, call.forMs);
              given.addOutcome(outcome);
              if (outcome.kind === 'leased') leases.push(outcome.lease);
              else expect(outcome.freeFrom).toBeGreaterThan(base + call.from);
            } else {
              const held = leases[call.which % Math.max(1, leases.length)];
              const extended = held && (await store.extendWorker(held, held.until + call.byMs));
              if (extended !== undefined) given.add(extended);
            }
            given.check();
          }
        }),
        { numRuns: RUNS_COUNT },
      );
    },
    TEST_TIMEOUT_MS,
  );
}

function durabilityRules<World extends LeaseWorld>(open: Open<World>, reopen: Reopen<World>): void {
  test('[LEASE-14] intervals of worker ids survive a restart, and are extended after it', async () => {
    let held: WorkerLease | undefined;
    await acrossRestart({
      open,
      reopen,
      before: async ({ one }) => {
        held = await lease(one, T0, 100);
      },
      after: async ({ one }) => {
        if (held === undefined) throw new Error('nothing was leased');
        expect((await lease(one, T0 - 50, 100)).worker).not.toBe(held.worker);
        expect(await one.extendWorker(held, T0 + 300)).toEqual({ ...held, until: T0 + 300 });
      },
    });
  });
}

export function workerRules<World extends LeaseWorld>(open: Open<World>, reopen?: Reopen<World>): void {
  leaseRules(open);
  raceRules(open);
  randomRule(open);
  if (reopen !== undefined) durabilityRules(open, reopen);
}
