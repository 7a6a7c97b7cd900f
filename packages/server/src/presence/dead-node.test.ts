// A node that died says of nobody any more that they are there, and takes nothing from what is known of them.
import { expect, test } from 'bun:test';
import { FakeTimers } from '@parley/adapter-memory/fake-timers';
import type { UserId } from '@parley/protocol/ids';
import { LiveSessions } from '../connection/live-sessions.ts';
import { ServerFixture } from '../testing/server-fixture.ts';
import { STATUS_LEASE_MS } from './limits.ts';
import { PresenceFixture, pushed, snapshots, type Client } from './presence-fixture.ts';
import { PresenceService } from './presence-service.ts';
import { UserSettings } from './user-settings.ts';

const HALF_AN_HOUR_MS = 1_800_000;
const STEP_MS = 10_000;

/** Twenty users who are there, the last five of them away, and Ada, who watches them all. */
async function crowd() {
  const fixture = new PresenceFixture();
  const ada = await fixture.join('ada');
  const people: Client[] = [];
  for (let at = 0; at < 20; at++) people.push(await fixture.join(`user-${at}`));
  await fixture.watch(ada, ...people.map(({ userId }) => userId));
  for (const client of people.slice(15)) await client.request({ type: 'set_presence', state: 'away' });
  const cameAt = fixture.clock.now();
  await fixture.pass(5_000, ada, ...people);
  return { fixture, ada, people, cameAt };
}

/** The process is gone without a word: its timers never run again. Another one starts on what was durable, and the cache. */
function died(fixture: PresenceFixture): PresenceFixture {
  fixture.stores.crash();
  const { clock, ids, status, faults } = fixture;
  const { world } = fixture.stores;
  const timers = new FakeTimers(clock);
  return new PresenceFixture({ world, clock, ids, faults, timers, seed: 11, server: { status } });
}

test('[PRES-3] [PRES-6] [PITFALL: "online" for half an hour after a gateway died] users of a server that was killed are offline at once, with when they were last there', async () => {
  const { fixture, ada, people, cameAt } = await crowd();
  const ids = people.map(({ userId }) => userId);
  expect((await fixture.get(ada, ...ids)).every(({ state }) => state !== 'offline')).toBe(true);
  const next = died(fixture);
  const again = await next.connect(ada.token);
  const offline = ids.map((user_id) => ({ user_id, state: 'offline' as const, last_seen: cameAt }));
  expect(await next.get(again, ...ids)).toEqual(offline);
  const byId = (row: { user_id: UserId }) => Number(row.user_id);
  expect(snapshots(again).toSorted((one, other) => byId(one) - byId(other))).toEqual(offline);
  again.clear();
  for (let passed = 0; passed < HALF_AN_HOUR_MS; passed += STEP_MS) {
    await next.timers.advance(STEP_MS);
    again.session.heard();
    if (passed % (6 * STEP_MS) === 0) expect(await next.get(again, ...ids)).toEqual(offline);
  }
  expect(pushed(again)).toEqual([]);
});

test('[PRES-2] [PITFALL: "online" for half an hour after a gateway died] who comes to the next server is online there, and the others stay offline', async () => {
  const { fixture, ada, people } = await crowd();
  const [bob, cleo] = people as [Client, Client];
  const next = died(fixture);
  const watcher = await next.connect(ada.token);
  watcher.clear();
  await next.pass(2_000, watcher);
  const back = await next.connect(bob.token);
  await next.pass(20_000, watcher, back);
  expect(pushed(watcher)).toEqual([`${bob.userId} online`]);
  const rows = await next.get(watcher, bob.userId, cleo.userId);
  expect(rows.map(({ state }) => state)).toEqual(['online', 'offline']);
  // And that one dies as well.
  const last = died(next);
  const asker = await last.connect(ada.token);
  const [row] = await last.get(asker, bob.userId);
  expect(row).toMatchObject({ state: 'offline' });
  expect(row?.last_seen).toBeGreaterThan(0);
});

test('[PRES-4] [PITFALL: "online" for half an hour after a gateway died] what another node said holds until its lease ends, and no longer', async () => {
  const { stores, status, clock, log } = new ServerFixture();
  const node = (name: string) => {
    const timers = new FakeTimers(clock);
    const sessions = new LiveSessions();
    const settings = new UserSettings(stores.contacts);
    const { contacts } = stores;
    const parts = { node: name, sessions, settings, contacts, status, clock, timers, log };
    return { timers, sessions, presence: new PresenceService(parts) };
  };
  const [dead, living] = [node('a'), node('b')];
  const users = Array.from({ length: 30 }, (_, at) => String(at + 1) as UserId);
  for (const user of users) {
    const session = { user, device: user as never, push: () => undefined, revoke: () => undefined };
    dead.sessions.attach(session);
    dead.presence.attached(session);
  }
  const cameAt = clock.now();
  // They are renewed for a minute, and from then on by nobody.
  await dead.timers.advance(60_000);
  const asker = '99' as UserId;
  const states = async () => new Set((await living.presence.rows(asker, users)).map(({ state }) => state));
  expect(await states()).toEqual(new Set(['online']));
  await living.timers.advance(STATUS_LEASE_MS);
  const rows = users.map((user_id) => ({ user_id, state: 'offline', last_seen: cameAt }));
  expect<unknown>(await living.presence.rows(asker, users)).toEqual(rows);
  await living.timers.advance(HALF_AN_HOUR_MS);
  expect<unknown>(await living.presence.rows(asker, users)).toEqual(rows);
});
