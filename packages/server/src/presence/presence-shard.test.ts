import { expect, test } from 'bun:test';
import type { UserId } from '@parley/protocol/ids';
import type { Status } from '@parley/ports/status-cache';
import { OFFLINE_KEPT_MS } from './limits.ts';
import { PresenceShard } from './presence-shard.ts';

const [ADA, BOB, CY] = ['11', '12', '13'] as UserId[] as [UserId, UserId, UserId];

function status(state: Status['state'], sessionStart: number, counter: number): Status {
  return { state, node: 'n', sessionStart, counter, lastSeen: sessionStart };
}

test('[PRES-3] an old offline never beats a newer online: session start first, then the counter', () => {
  const shard = new PresenceShard();
  expect(shard.apply(ADA, status('online', 200, 5), 0)).toBe(true);
  expect(shard.apply(ADA, status('offline', 100, 9), 0)).toBe(false);
  expect(shard.apply(ADA, status('offline', 200, 5), 0)).toBe(false);
  expect(shard.isPresent(ADA)).toBe(true);
  expect(shard.apply(ADA, status('offline', 200, 6), 0)).toBe(true);
  expect(shard.apply(ADA, status('online', 200, 5), 0)).toBe(false);
  expect(shard.isPresent(ADA)).toBe(false);
  expect(shard.apply(ADA, status('away', 300, 1), 0)).toBe(true);
  expect(shard.statusOf(ADA)?.state).toBe('away');
});

test('who went offline is forgotten after a while, so that it holds only who is there', () => {
  const shard = new PresenceShard();
  shard.apply(ADA, status('online', 1, 1), 0);
  shard.apply(ADA, status('offline', 1, 2), 10);
  shard.apply(BOB, status('online', 1, 3), 9 + OFFLINE_KEPT_MS);
  expect(shard.statusOf(ADA)?.state).toBe('offline');
  shard.apply(CY, status('online', 1, 4), 10 + OFFLINE_KEPT_MS);
  expect(shard.statusOf(ADA)).toBeUndefined();
});

test('watchers are kept once each and leave nothing behind', () => {
  const shard = new PresenceShard();
  shard.watch(BOB, ADA);
  shard.watch(BOB, ADA);
  expect([...shard.watchersOf(ADA)]).toEqual([BOB]);
  shard.watch(CY, ADA);
  shard.watch(CY, ADA);
  expect([...shard.watchersOf(ADA)]).toEqual([BOB, CY]);
  expect([shard.watches(CY, ADA), shard.watches(ADA, CY)]).toEqual([true, false]);
  shard.unwatch(BOB, ADA);
  shard.unwatch(CY, ADA);
  shard.unwatch(CY, ADA);
  expect([shard.isWatched(ADA), shard.size.watched]).toEqual([false, 0]);
});
