// The suite of the status cache.
import { describe, expect, test } from 'bun:test';
import type { Clock } from '../clock.ts';
import type { Status, StatusCache } from '../status-cache.ts';
import { ALICE, BOB, CAROL, LARGEST_ID, userId } from './fixture.ts';

/** A cache, the clock that its leases are compared with, and how to let time pass. */
export interface OpenedStatusCache extends AsyncDisposable {
  readonly cache: StatusCache;
  readonly clock: Clock;
  readonly pass: (ms: number) => Promise<void>;
}

const LONG_MS = 60_000;
const SHORT_MS = 40;

const status = (fields: Partial<Status> = {}): Status => ({
  state: 'online',
  node: 'node-1',
  sessionStart: 1_700_000_000_000,
  counter: 1,
  lastSeen: 1_700_000_000_500,
  ...fields,
});

type OpenCache = () => Promise<OpenedStatusCache>;

function orderRules(open: OpenCache): void {
  test('[STATUS-1] a status that was set is there for those who ask for the user, with every field', async () => {
    await using world = await open();
    const { cache, clock } = world;
    const far = userId(LARGEST_ID);
    expect(await cache.set(ALICE, status(), clock.now() + LONG_MS)).toBe(true);
    const offline = status({ state: 'offline', node: 'node-2', counter: 7 });
    expect(await cache.set(far, offline, clock.now() + LONG_MS)).toBe(true);
    expect(await cache.get([ALICE, BOB, far, ALICE])).toEqual(
      new Map([
        [ALICE, status()],
        [far, offline],
      ]),
    );
    expect(await cache.get([userId(LARGEST_ID - 1n)])).toEqual(new Map());
    expect(await cache.get([])).toEqual(new Map());
  });

  test('[STATUS-2] an older transition never beats a newer one: session start first, then the counter', async () => {
    await using world = await open();
    const { cache, clock } = world;
    const newer = status({ sessionStart: 2_000, counter: 5 });
    expect(await cache.set(ALICE, newer, clock.now() + LONG_MS)).toBe(true);
    for (const [sessionStart, counter] of [
      [2_000, 4],
      [1_999, 5],
      [1_999, 1_000],
      [2, 9],
    ] as const) {
      const older = status({ state: 'offline', sessionStart, counter });
      expect(await cache.set(ALICE, older, clock.now() + LONG_MS)).toBe(false);
      expect(await cache.get([ALICE])).toEqual(new Map([[ALICE, newer]]));
    }
    for (const [sessionStart, counter] of [
      [2_000, 6],
      [2_000, 10],
      [2_001, 1],
      [10_000, 0],
    ] as const) {
      const newest = status({ state: 'offline', node: 'node-3', sessionStart, counter });
      expect(await cache.set(ALICE, newest, clock.now() + LONG_MS)).toBe(true);
      expect(await cache.get([ALICE])).toEqual(new Map([[ALICE, newest]]));
    }
  });

  test('[STATUS-3] transitions that are set at the same time leave the newest', async () => {
    await using world = await open();
    const { cache, clock } = world;
    const counters = [3, 9, 1, 7, 10, 2, 8];
    const until = clock.now() + LONG_MS;
    await Promise.all(counters.map((counter) => cache.set(ALICE, status({ counter }), until)));
    expect((await cache.get([ALICE])).get(ALICE)?.counter).toBe(10);
  });
}

function leaseRules(open: OpenCache): void {
  test('[STATUS-4] an entry ends with its lease', async () => {
    await using world = await open();
    const { cache, clock } = world;
    await cache.set(ALICE, status(), clock.now() + SHORT_MS);
    await cache.set(BOB, status(), clock.now() + LONG_MS);
    await world.pass(2 * SHORT_MS);
    expect(await cache.get([ALICE, BOB])).toEqual(new Map([[BOB, status()]]));
    expect(await cache.set(ALICE, status({ counter: 2 }), clock.now() + LONG_MS)).toBe(true);
    expect((await cache.get([ALICE])).get(ALICE)?.counter).toBe(2);
  });

  test('[STATUS-5] renewing extends the live entries of that node, and of no other', async () => {
    await using world = await open();
    const { cache, clock } = world;
    const other = status({ node: 'node-2' });
    const until = clock.now() + 10 * SHORT_MS;
    await cache.set(ALICE, status(), until);
    await cache.set(BOB, other, until);
    await cache.renew('node-1', clock.now() + LONG_MS);
    await cache.renew('node-3', clock.now() + LONG_MS);
    await world.pass(12 * SHORT_MS);
    expect(await cache.get([ALICE, BOB])).toEqual(new Map([[ALICE, status()]]));
  });

  test('[STATUS-6] renewing brings no entry back whose lease has ended', async () => {
    await using world = await open();
    const { cache, clock } = world;
    await cache.set(CAROL, status(), clock.now() + SHORT_MS);
    await world.pass(2 * SHORT_MS);
    await cache.renew('node-1', clock.now() + LONG_MS);
    expect(await cache.get([CAROL])).toEqual(new Map());
  });
}

export function testStatusCache(adapter: string, open: OpenCache): void {
  describe(`${adapter} as StatusCache`, () => {
    orderRules(open);
    leaseRules(open);
  });
}
