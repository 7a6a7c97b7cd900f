// Ids of leased worker ids: unique whatever happens to clocks, nodes and leases.
import { describe, expect, test } from 'bun:test';
import { FakeClock } from '@parley/adapter-memory/fake-clock';
import { FakeTimers } from '@parley/adapter-memory/fake-timers';
import { MemoryLeaseStore } from '@parley/adapter-memory/memory-lease-store';
import { MemoryWorld } from '@parley/adapter-memory/memory-world';
import { WORKERS_COUNT } from '@parley/ports/lease-store';
import { StoreFaults } from '../testing/store-faults.ts';
import { RecordedLog } from '../account/account-fixture.ts';
import { snowflakeTime } from '../message/snowflake.ts';
import { LeasedIds } from './leased-ids.ts';
import { WORKER_LEASE_MS } from './limits.ts';

const workerOf = (id: string) => Number((BigInt(id) >> 12n) & 1_023n);

function fixture() {
  const world = new MemoryWorld();
  const clock = new FakeClock();
  const timers = new FakeTimers(clock);
  const faults = new StoreFaults();
  const leases = new MemoryLeaseStore({ world, clock, fault: faults.decide });
  const open = (node: string, own = clock) =>
    LeasedIds.open({ node, leases, clock: own, timers, log: new RecordedLog() });
  return { world, clock, timers, leases, faults, open };
}

describe('DESIGN 3c: a node makes no id outside its interval of timestamps', () => {
  test('two nodes at the same millisecond make different ids, of about the present time', async () => {
    const { clock, open } = fixture();
    const one = await open('one');
    const other = await open('other');
    const ids = Array.from({ length: 10_000 }, (_, at) => (at % 2 === 0 ? one : other).next());
    expect(new Set(ids).size).toBe(10_000);
    for (const id of ids) expect(snowflakeTime(id) - clock.now()).toBeLessThan(10);
  });

  test('it is renewed well ahead: ids are made for hours', async () => {
    const { timers, open } = fixture();
    const ids = await open('one');
    const made = new Set<string>();
    for (let minute = 0; minute < 180; minute += 1) {
      await timers.advance(60_000);
      made.add(ids.next());
    }
    expect(made.size).toBe(180);
  });

  test('when it cannot be renewed, minutes pass before ids are refused, and it says so; then they come again', async () => {
    const { timers, faults, open } = fixture();
    const ids = await open('one');
    faults.always = () => 'unavailable';
    await timers.advance(WORKER_LEASE_MS - 1);
    ids.next();
    await timers.advance(1);
    expect(() => ids.next()).toThrow('lease of this server for new ids is over');
    faults.clear();
    await timers.advance(60_000);
    ids.next();
  });

  test('a node that was paused beyond its lease repeats no id of the one that has its worker id now', async () => {
    const { world, clock, timers, open } = fixture();
    const slow = new FakeClock(clock.now());
    const paused = await open('paused', slow);
    paused.next();
    await paused[Symbol.asyncDispose]();
    // All other worker ids are taken for long: the next to come gets this one.
    for (let worker = 1; worker < 1_024; worker += 1) {
      world.state.workers.set(worker, { node: 'x', start: 0, until: Number.MAX_SAFE_INTEGER });
    }
    await timers.advance(WORKER_LEASE_MS);
    const heir = await open('heir');
    const ids = [heir.next()];
    // Its clock runs late: it makes ids of the end of its own interval, and none of the other's.
    slow.advance(WORKER_LEASE_MS - 5);
    let refused = 0;
    for (let at = 0; at < 50_000; at += 1) {
      try {
        ids.push(paused.next());
      } catch {
        refused += 1;
      }
      ids.push(heir.next());
    }
    expect(refused).toBeGreaterThan(0);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('the lease is extended, and the worker id stays', async () => {
    const { timers, open } = fixture();
    const ids = await open('one');
    const worker = workerOf(ids.next());
    for (let hour = 0; hour < 5; hour += 1) {
      await timers.advance(WORKER_LEASE_MS);
      expect(workerOf(ids.next())).toBe(worker);
    }
  });

  test('where somebody else got the worker id meanwhile, it goes on with another lease', async () => {
    const { clock, timers, leases, open } = fixture();
    const ids = await open('one');
    ids.next();
    clock.advance(2 * WORKER_LEASE_MS); // no timer runs meanwhile
    for (let count = 0; count < WORKERS_COUNT; count += 1)
      await leases.leaseWorker('two', clock.now(), WORKER_LEASE_MS);
    expect(() => ids.next()).toThrow('lease');
    await timers.advance(2 * WORKER_LEASE_MS);
    expect(snowflakeTime(ids.next())).toBe(clock.now());
  });

  test('with all worker ids leased, it says from when one is free', async () => {
    const { clock, leases, open } = fixture();
    for (let count = 0; count < WORKERS_COUNT; count += 1)
      await leases.leaseWorker('two', clock.now(), WORKER_LEASE_MS);
    await expect(open('one')).rejects.toThrow(new Date(clock.now() + WORKER_LEASE_MS).toISOString());
  });

  test('a clock that steps back behind the start of the lease makes no id from before it', async () => {
    const { clock, open } = fixture();
    const startMs = clock.now();
    const ids = await open('one');
    clock.step(-WORKER_LEASE_MS);
    expect(snowflakeTime(ids.next())).toBe(startMs);
  });

  test('a clock that is set back makes no id again', async () => {
    const { clock, open } = fixture();
    const own = new FakeClock(clock.now());
    const ids = await open('one', own);
    const before = Array.from({ length: 10 }, () => ids.next());
    own.step(-3_600_000);
    const after = Array.from({ length: 10 }, () => ids.next());
    expect(new Set([...before, ...after]).size).toBe(20);
  });
});
