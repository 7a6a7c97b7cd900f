// One server at a time on shared stores: who may serve, who is told of whom, and when a server must stop.
import { expect, test } from 'bun:test';
import { FakeClock } from '@parley/adapter-memory/fake-clock';
import { FakeTimers } from '@parley/adapter-memory/fake-timers';
import { MemoryLeaseStore } from '@parley/adapter-memory/memory-lease-store';
import { MemoryWorld } from '@parley/adapter-memory/memory-world';
import { SeededRandomness } from '@parley/adapter-memory/seeded-randomness';
import type { LeaseStore } from '@parley/ports/lease-store';
import type { Log } from '@parley/ports/log';
import { AnotherServerError, NODE_LEASE_MS, NodeLease } from './node-lease.ts';

const QUIET: Log = { debug() {}, info() {}, warn() {}, error() {} };
const LONG_MS = 60_000;

function start() {
  const clock = new FakeClock();
  const timers = new FakeTimers(clock);
  const world = new MemoryWorld();
  const randomness = new SeededRandomness(1);
  const leases = new MemoryLeaseStore({ world, clock });
  const take = (node: string, store: LeaseStore = leases) =>
    NodeLease.take({ leases: store, node, clock, timers, randomness, log: QUIET });
  return { clock, timers, world, leases, take };
}

/** What a promise has come to by now. */
function watched<Value>(promise: Promise<Value>) {
  const seen: { value?: Value; error?: unknown } = {};
  promise.then(
    (value) => (seen.value = value),
    (error: unknown) => (seen.error = error),
  );
  return seen;
}

test('a second server is refused while the first renews its lease, also one of the same name', async () => {
  const { timers, take } = start();
  const first = await take('n-1');
  first.announce('http://one:8080', () => 3);
  for (const name of ['n-2', 'n-1']) {
    const second = watched(take(name));
    await timers.advance(LONG_MS);
    expect(second.error).toBeInstanceOf(AnotherServerError);
    expect(String(second.error)).toContain('n-1 at http://one:8080');
  }
  expect(first.isFresh).toBe(true);
});

test('it takes over at once from a server that stopped, and after the lease from one that ended without a word', async () => {
  const { timers, leases, take } = start();
  const first = await take('n-1');
  await first[Symbol.asyncDispose]();
  expect([await leases.nodes(), await leases.owners()]).toEqual([[], new Map()]);
  // Nobody renews this one: as if its process had been killed.
  await leases.take('n-2/dead', [0], NODE_LEASE_MS);
  const third = watched(take('n-3'));
  await timers.advance(NODE_LEASE_MS - 1);
  expect(third).toEqual({});
  await timers.advance(1_000);
  expect(third.value?.isFresh).toBe(true);
});

test('it is lost when the store cannot be reached for as long as the lease, and not before', async () => {
  const { timers, leases, take } = start();
  let isAway = false;
  const flaky = Object.assign(Object.create(leases) as LeaseStore, {
    take: (node: string, shards: readonly number[], ms: number) =>
      isAway ? Promise.reject(new Error('away')) : leases.take(node, shards, ms),
    renew: () => Promise.resolve(),
  });
  const lease = await take('n-1', flaky);
  const lost = watched(lease.lost);
  isAway = true;
  await timers.advance(NODE_LEASE_MS / 2);
  expect([lease.isFresh, lost]).toEqual([false, {}]);
  isAway = false;
  await timers.advance(LONG_MS);
  expect([lease.isFresh, lost]).toEqual([true, {}]);
  isAway = true;
  await timers.advance(NODE_LEASE_MS + 1);
  expect([lease.isFresh, lost.value]).toEqual([false, expect.stringContaining('could not be renewed')]);
});

test('it is lost at the next renewal when another has it, whatever the own clock says', async () => {
  const { clock, timers, world, take } = start();
  const lease = await take('n-1');
  const lost = watched(lease.lost);
  world.state.shards.set(0, { node: 'n-2/other', until: clock.now() + LONG_MS });
  await timers.advance(NODE_LEASE_MS / 2);
  expect([lease.isFresh, lost.value]).toEqual([false, 'another server took over the stores']);
});

test('it is lost after a pause of the process, in which another may have taken it', async () => {
  const { clock, timers, leases, take } = start();
  const lease = await take('n-1');
  const lost = watched(lease.lost);
  clock.advance(LONG_MS); // no timer runs meanwhile
  await leases.take('n-2/other', [0], LONG_MS);
  await timers.settle();
  await timers.advance(0);
  expect(lease.isFresh).toBe(false);
  expect(lost.value).toBeString();
});

test('a server that stopped itself is told of no loss, and leaves no timer', async () => {
  const { timers, take } = start();
  const lease = await take('n-1');
  const lost = watched(lease.lost);
  await lease[Symbol.asyncDispose]();
  await timers.advance(LONG_MS);
  expect(lost).toEqual({});
  expect(timers.pendingCount).toBe(0);
});
