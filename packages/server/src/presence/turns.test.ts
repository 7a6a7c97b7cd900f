// Very many at once: nobody waits for long, and the node does other things in between.
import { expect, test } from 'bun:test';
import { FakeClock } from '@parley/adapter-memory/fake-clock';
import { FakeTimers } from '@parley/adapter-memory/fake-timers';
import { MemoryStores } from '@parley/adapter-memory/memory-stores';
import type { DeviceId, UserId } from '@parley/protocol/ids';
import { RecordedLog } from '../account/account-fixture.ts';
import { LiveSessions, type LiveSession } from '../connection/live-sessions.ts';
import { LastSeen } from './last-seen.ts';
import {
  LAST_SEEN_PENDING_MAX_COUNT,
  LAST_SEEN_ROWS_MAX_COUNT,
  OFFLINE_PER_TURN_MAX_COUNT,
  PRESENCE_ROWS_PER_TURN_MAX_COUNT,
} from './limits.ts';
import { LocalPresence } from './local-presence.ts';
import { PresencePushes } from './presence-pushes.ts';
import { PresenceShard } from './presence-shard.ts';
import { UserSettings } from './user-settings.ts';
import { VisibilityRules } from './visibility.ts';

const STAR = '7' as UserId;

/** How many times something happened in each turn of the event loop. */
class Turns extends FakeTimers {
  readonly counts: number[] = [];
  #now = 0;

  override soon(call: () => void): void {
    super.soon(() => {
      this.end();
      call();
    });
  }

  happened(): void {
    this.#now += 1;
  }

  end(): void {
    if (this.#now > 0) this.counts.push(this.#now);
    this.#now = 0;
  }
}

function user(at: number): UserId {
  return String(1_000 + at) as UserId;
}

function session(of: UserId, push: (frame: string) => void = () => undefined): LiveSession {
  return { user: of, device: of as string as DeviceId, push, revoke: () => undefined };
}

function world() {
  const clock = new FakeClock();
  const timers = new Turns(clock);
  const { contacts } = new MemoryStores();
  const log = new RecordedLog();
  return { clock, timers, contacts, log, sessions: new LiveSessions() };
}

test('[PRES-3] when a whole network vanishes its users become offline in turns, all of them by 15 s', async () => {
  const { clock, timers, sessions } = world();
  const count = 3 * OFFLINE_PER_TURN_MAX_COUNT + 10;
  const gone = new Set<UserId>();
  const onTransition = (of: UserId, { state }: { state: string }) => {
    if (state !== 'offline') return;
    timers.happened();
    gone.add(of);
  };
  const local = new LocalPresence({ node: 'n', sessions, clock, timers, onTransition });
  for (let at = 0; at < count; at += 1) {
    const live = session(user(at));
    sessions.attach(live);
    local.attached(live);
    sessions.detach(live, live.user);
    local.detached(live, clock.monotonic());
  }
  await timers.advance(11_000);
  expect(gone.size).toBe(0);
  await timers.advance(4_000);
  timers.end();
  expect(gone.size).toBe(count);
  expect(Math.max(...timers.counts)).toBe(OFFLINE_PER_TURN_MAX_COUNT);
  expect(local.size).toEqual({ present: 0, vanished: 0, away: 0 });
  expect(timers.pendingCount).toBe(0);
});

test('[PRES-2] the watchers of a popular user are told in turns, each once and all of them', async () => {
  const { clock, timers, contacts, log, sessions } = world();
  const count = 3 * PRESENCE_ROWS_PER_TURN_MAX_COUNT + 10;
  const shard = new PresenceShard();
  const told = new Map<UserId, number>();
  for (let at = 0; at < count; at += 1) {
    const watcher = user(at);
    shard.watch(watcher, STAR);
    sessions.attach(
      session(watcher, () => {
        timers.happened();
        told.set(watcher, (told.get(watcher) ?? 0) + 1);
      }),
    );
  }
  const rules = new VisibilityRules({ settings: new UserSettings(contacts), contacts });
  const lastSeen = new LastSeen({ contacts, timers, log });
  const pushes = new PresencePushes({ rules, lastSeen, sessions, shardOf: () => shard, timers, log });
  const status = { state: 'online', node: 'n', sessionStart: 1, counter: 1, lastSeen: 1 } as const;
  shard.apply(STAR, status, clock.monotonic());
  pushes.stateChanged(STAR);
  await timers.advance(1_000);
  timers.end();
  expect(told.size).toBe(count);
  expect([...told.values()].every((times) => times === 1)).toBe(true);
  expect(Math.max(...timers.counts)).toBe(PRESENCE_ROWS_PER_TURN_MAX_COUNT);
});

test('a session that is gone is away no more, whatever was asked for it', () => {
  const { clock, timers, sessions } = world();
  const local = new LocalPresence({ node: 'n', sessions, clock, timers, onTransition: () => undefined });
  const live = session(STAR);
  sessions.attach(live);
  local.attached(live);
  local.setAway(live, true);
  expect(local.size.away).toBe(1);
  sessions.detach(live, STAR);
  local.detached(live, clock.monotonic());
  local.setAway(live, true);
  expect(local.size.away).toBe(0);
});

test('[PRES-6] a time that is noted while an earlier one is being stored is stored as well', async () => {
  const { timers, contacts, log } = world();
  const setLastSeen = contacts.setLastSeen.bind(contacts);
  const lastSeen = new LastSeen({ contacts, timers, log });
  contacts.setLastSeen = (rows) => {
    contacts.setLastSeen = setLastSeen;
    lastSeen.note(STAR, 2);
    return setLastSeen(rows);
  };
  lastSeen.note(STAR, 1);
  await lastSeen.flush();
  await lastSeen.flush();
  expect(await contacts.lastSeen([STAR])).toEqual(new Map([[STAR, 2]]));
  expect(await lastSeen.of([STAR])).toEqual(new Map([[STAR, 2]]));
});

test('[PRES-6] times of last being there are stored in calls of a bounded size, and as many wait as fit', async () => {
  const { timers, contacts, log } = world();
  const sizes: number[] = [];
  contacts.setLastSeen = (rows) => (sizes.push(rows.length), Promise.resolve());
  const lastSeen = new LastSeen({ contacts, timers, log });
  for (let at = 0; at <= LAST_SEEN_PENDING_MAX_COUNT; at += 1) lastSeen.note(user(at), at);
  expect(lastSeen.pendingCount).toBe(LAST_SEEN_PENDING_MAX_COUNT);
  await lastSeen.flush();
  expect(lastSeen.pendingCount).toBe(0);
  expect(new Set(sizes)).toEqual(new Set([LAST_SEEN_ROWS_MAX_COUNT]));
});
