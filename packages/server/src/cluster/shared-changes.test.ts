// Telling every other node, on a bus that loses messages, while nodes come and go.
import { expect, test } from 'bun:test';
import { FakeClock } from '@parley/adapter-memory/fake-clock';
import { FakeTimers } from '@parley/adapter-memory/fake-timers';
import { MemoryConnectionRegistry } from '@parley/adapter-memory/memory-connection-registry';
import { MemoryLeaseStore } from '@parley/adapter-memory/memory-lease-store';
import { type BusFate, MemoryBusHub, MemoryNodeBus } from '@parley/adapter-memory/memory-node-bus';
import { MemoryWorld } from '@parley/adapter-memory/memory-world';
import type { UserId } from '@parley/protocol/ids';
import { RecordedLog } from '../account/account-fixture.ts';
import { decodeChange, encodeChange, type SharedChange } from './change-message.ts';
import { TELL_TRIES_MAX_COUNT, TELL_WAIT_MAX_MS } from './delivery-limits.ts';
import { SharedChanges } from './shared-changes.ts';

const CHANGE: SharedChange = { kind: 'hidden', user: '7' as UserId };
const LEASE_MS = 9_000;

function world(fate: BusFate = () => [0]) {
  const clock = new FakeClock();
  const timers = new FakeTimers(clock);
  const hub = new MemoryBusHub({ timers, fate });
  const leases = new MemoryLeaseStore({ world: new MemoryWorld(), clock });
  const registry = new MemoryConnectionRegistry(clock);
  const node = async (name: string) => {
    await leases.renew({ node: name, url: name, startedAt: 0, sessions: 0 }, LEASE_MS);
    const heard: SharedChange[] = [];
    const log = new RecordedLog();
    const onChange = (change: SharedChange) => void heard.push(change);
    const bus = new MemoryNodeBus(hub);
    const changes = new SharedChanges({ node: name, bus, leases, registry, timers, log, onChange });
    return { changes, heard, log };
  };
  return { clock, timers, leases, registry, node };
}

/** When it resolved, in ms from now; undefined while it has not. */
function resolution(work: Promise<void>, clock: FakeClock) {
  const beganMs = clock.monotonic();
  const seen: { atMs: number | undefined } = { atMs: undefined };
  void work.then(() => (seen.atMs = clock.monotonic() - beganMs));
  return seen;
}

test('a change is known to every other node before it is answered, and not told to oneself', async () => {
  const { timers, clock, node } = world();
  const [one, two, three] = [await node('one'), await node('two'), await node('three')];
  const told = resolution(one.changes.tell(CHANGE), clock);
  await timers.settle();
  expect(told.atMs).toBe(0);
  expect([one, two, three].map(({ heard }) => heard)).toEqual([[], [CHANGE], [CHANGE]]);
  await timers.advance(60_000);
  expect(two.heard).toHaveLength(1);
});

test('what the bus loses is said again, only to those who did not answer', async () => {
  let count = 0;
  const { timers, node } = world(({ kind }) => (kind === 'request' && (count += 1) <= 3 ? [] : [0]));
  const [one, two, three] = [await node('one'), await node('two'), await node('three')];
  void one.changes.tell(CHANGE);
  await timers.advance(5_000);
  expect(two.heard.length).toBe(1);
  expect(three.heard.length).toBe(1);
});

test('nobody waits for a node that is dead for longer than 2 s, and it is told no more once its lease has ended', async () => {
  const { timers, clock, leases, node } = world();
  const one = await node('one');
  await leases.renew({ node: 'dead', url: '', startedAt: 0, sessions: 0 }, LEASE_MS);
  const told = resolution(one.changes.tell(CHANGE), clock);
  await timers.advance(TELL_WAIT_MAX_MS);
  expect(told.atMs).toBe(TELL_WAIT_MAX_MS);
  await timers.advance(60_000);
  expect(timers.pendingCount).toBe(0);
  expect(one.log.lines).toEqual([]);
});

test('a node that gave up its lease and still has sessions is told', async () => {
  const { timers, clock, leases, registry, node } = world();
  const [one, going] = [await node('one'), await node('going')];
  await registry.renew('going', clock.now() + LEASE_MS);
  await leases.leave('going');
  void one.changes.tell(CHANGE);
  await timers.settle();
  expect(going.heard).toEqual([CHANGE]);
});

test('a node that lives and never answers is told so often and no oftener, and that is said', async () => {
  let count = 0;
  const { timers, leases, node } = world(({ kind }) => {
    if (kind === 'request') count += 1;
    return [];
  });
  const one = await node('one');
  await node('deaf');
  await leases.renew({ node: 'deaf', url: '', startedAt: 0, sessions: 0 }, 600_000);
  void one.changes.tell(CHANGE);
  await timers.advance(120_000);
  expect(count).toBe(TELL_TRIES_MAX_COUNT);
  expect(one.log.lines).toHaveLength(1);
});

test('what cannot be read is ignored: a node of another version may say other things', () => {
  const good = encodeChange(CHANGE);
  expect(decodeChange(good)).toEqual(CHANGE);
  for (const bad of ['', '{}', '[1]', good.replace('"v":1', '"v":2'), good.replace('hidden', 'unheard_of')]) {
    expect(decodeChange(bad)).toBeUndefined();
  }
});
