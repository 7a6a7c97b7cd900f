// Ids of a leased worker id: within the lease, never twice, whatever the clock and the store do.
import { expect, test } from 'bun:test';
import { FakeClock } from '@parley/adapter-memory/fake-clock';
import { FakeTimers } from '@parley/adapter-memory/fake-timers';
import { MemoryLeaseStore } from '@parley/adapter-memory/memory-lease-store';
import { MemoryWorld } from '@parley/adapter-memory/memory-world';
import { WORKERS_COUNT, type LeaseStore } from '@parley/ports/lease-store';
import type { Log } from '@parley/ports/log';
import { snowflakeTime } from '@parley/server/message/snowflake';
import { LeasedIds, WORKER_LEASE_MS } from './leased-ids.ts';

const QUIET: Log = { debug() {}, info() {}, warn() {}, error() {} };
const NOW_MS = Date.UTC(2026, 5, 1);

function start() {
  const clock = new FakeClock(NOW_MS);
  const timers = new FakeTimers(clock);
  const leases = new MemoryLeaseStore({ world: new MemoryWorld(), clock });
  const lease = (store: LeaseStore = leases) =>
    LeasedIds.lease({ leases: store, node: 'n-1', clock, timers, log: QUIET });
  return { clock, timers, leases, lease };
}

const workerOf = (id: string) => Number((BigInt(id) >> 12n) & 1_023n);

test('two starts at the same moment make no id twice', async () => {
  const { lease } = start();
  const [one, other] = [await lease(), await lease()];
  const ids = Array.from({ length: 100 }, () => [one.next(), other.next()]).flat();
  expect(new Set(ids).size).toBe(200);
});

test('a clock that steps back behind the start of the lease makes no id from before it', async () => {
  const { clock, lease } = start();
  const ids = await lease();
  clock.step(-WORKER_LEASE_MS);
  expect(snowflakeTime(ids.next())).toBe(NOW_MS);
});

test('the lease is extended in time, and the worker id stays', async () => {
  const { timers, lease } = start();
  const ids = await lease();
  const worker = workerOf(ids.next());
  for (let hour = 0; hour < 5; hour += 1) {
    await timers.advance(WORKER_LEASE_MS);
    expect(workerOf(ids.next())).toBe(worker);
  }
});

test('while it cannot be extended, ids beyond it are refused, and afterwards they go on', async () => {
  const { timers, leases, lease } = start();
  let isAway = false;
  const flaky = Object.assign(Object.create(leases) as LeaseStore, {
    leaseWorker: leases.leaseWorker.bind(leases),
    extendWorker: (...args: Parameters<LeaseStore['extendWorker']>) =>
      isAway ? Promise.reject(new Error('away')) : leases.extendWorker(...args),
  });
  const ids = await lease(flaky);
  isAway = true;
  await timers.advance(WORKER_LEASE_MS - 1);
  ids.next();
  await timers.advance(1);
  expect(() => ids.next()).toThrow('lease');
  isAway = false;
  await timers.advance(60_000);
  ids.next();
});

test('where somebody else got the worker id meanwhile, it goes on with another lease', async () => {
  const { clock, timers, leases, lease } = start();
  const ids = await lease();
  ids.next();
  clock.advance(2 * WORKER_LEASE_MS); // no timer runs meanwhile
  for (let count = 0; count < WORKERS_COUNT; count += 1)
    await leases.leaseWorker('n-2', clock.now(), WORKER_LEASE_MS);
  expect(() => ids.next()).toThrow('lease');
  await timers.advance(2 * WORKER_LEASE_MS);
  expect(snowflakeTime(ids.next())).toBe(clock.now());
});

test('with all worker ids leased, it says from when one is free', async () => {
  const { leases, lease } = start();
  for (let count = 0; count < WORKERS_COUNT; count += 1)
    await leases.leaseWorker('n-2', NOW_MS, WORKER_LEASE_MS);
  await expect(lease()).rejects.toThrow('2026-06-01T01:00:00.000Z');
});
