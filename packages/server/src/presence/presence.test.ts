// Who is there: contacts, snapshots, changes, and when one who vanished is offline.
import { describe, expect, test } from 'bun:test';
import { MemoryStatusCache } from '@parley/adapter-memory/memory-status-cache';
import type { UserId } from '@parley/protocol/ids';
import { CONTACTS_MAX_COUNT } from '@parley/protocol/limits';
import { PresenceFixture, pushed, snapshots } from './presence-fixture.ts';

async function pair() {
  const fixture = new PresenceFixture();
  const ada = await fixture.join('ada');
  const bob = await fixture.join('bob');
  return { fixture, ada, bob };
}

describe('contacts', () => {
  test('[PRES-1] watching answers with a row for each, and is listed by id, with names, in pages', async () => {
    const { fixture, ada, bob } = await pair();
    const cy = await fixture.register('cy');
    const rows = await fixture.watch(ada, cy.user_id, bob.userId);
    expect(rows).toEqual([
      { user_id: cy.user_id, state: 'offline' },
      { user_id: bob.userId, state: 'online' },
    ]);
    const first = await ada.request({ type: 'list_contacts', limit: 1 });
    expect(first).toMatchObject({ rows: [{ user_id: bob.userId, name: 'bob' }], next: bob.userId });
    const rest = await ada.request({ type: 'list_contacts', after: bob.userId });
    expect(rest).toMatchObject({ rows: [{ user_id: cy.user_id, name: 'cy' }] });
    expect(rest).not.toHaveProperty('next');
  });

  test('[PRES-1] unknown users are refused with not_found, too many with limit_reached', async () => {
    const { fixture, ada, bob } = await pair();
    const unknown = '999999' as UserId;
    expect(await ada.request({ type: 'watch', user_ids: [bob.userId, unknown] })).toMatchObject({
      code: 'not_found',
      field: 'user_ids.1',
    });
    const many = await fixture.registerMany(CONTACTS_MAX_COUNT);
    for (let from = 0; from < many.length; from += 200)
      await fixture.watch(ada, ...many.slice(from, from + 200));
    const tooMany = await ada.request({ type: 'watch', user_ids: [bob.userId] });
    expect(tooMany).toMatchObject({ code: 'limit_reached' });
    await ada.request({ type: 'unwatch', user_ids: many.slice(0, 1) });
    expect(await fixture.watch(ada, bob.userId)).toEqual([{ user_id: bob.userId, state: 'online' }]);
  });

  test("[PRES-1] what one device watches, the user's other sessions are told of too, and a later device", async () => {
    const { fixture, ada, bob } = await pair();
    const second = await fixture.connect((await fixture.login('ada')).token);
    await fixture.watch(ada, bob.userId);
    expect(pushed(second)).toEqual([`${bob.userId} online`]);
    await bob.request({ type: 'set_presence', state: 'away' });
    await fixture.pass(500);
    expect(pushed(second)).toEqual([`${bob.userId} online`, `${bob.userId} away`]);
    expect(pushed(ada)).toEqual([`${bob.userId} away`]);
    await second.request({ type: 'unwatch', user_ids: [bob.userId] });
    await bob.request({ type: 'set_presence', state: 'online' });
    await fixture.pass(500);
    expect([pushed(ada).length, pushed(second).length]).toEqual([1, 2]);
    expect(fixture.server.presence.size).toMatchObject({ lists: 0, watched: 0 });
  });
});

describe('snapshot', () => {
  test('[PRES-2] after the welcome comes the presence of all contacts, in frames of at most 200', async () => {
    const { fixture, ada, bob } = await pair();
    const many = await fixture.registerMany(250);
    await fixture.watch(ada, bob.userId, ...many.slice(0, 100));
    await fixture.watch(ada, ...many.slice(100));
    ada.cut();
    const again = await fixture.connect(ada.token);
    const frames = again.all('presence');
    expect(frames.map(({ rows }) => rows.length)).toEqual([200, 51]);
    expect(frames.every(({ snapshot }) => snapshot === true)).toBe(true);
    expect(snapshots(again).find(({ user_id }) => user_id === bob.userId)?.state).toBe('online');
    // What was missed comes before it.
    const types = again.frames.map(({ type }) => type);
    expect(types.indexOf('queue_empty')).toBeLessThan(types.indexOf('presence'));
  });

  test('[PRES-2] who has no contacts gets no frame and keeps nothing in memory', async () => {
    const { fixture, ada, bob } = await pair();
    expect([...ada.all('presence'), ...bob.all('presence')]).toEqual([]);
    expect(fixture.server.presence.size).toEqual({ present: 2, vanished: 0, lists: 0, watched: 0 });
  });

  test('[PRES-2] with the last session the list is let go, and read again with the next', async () => {
    const { fixture, ada, bob } = await pair();
    await fixture.watch(ada, bob.userId);
    expect(fixture.server.presence.size).toMatchObject({ lists: 1, watched: 1 });
    ada.cut();
    expect(fixture.server.presence.size).toMatchObject({ lists: 0, watched: 0 });
    await fixture.connect(ada.token);
    expect(fixture.server.presence.size).toMatchObject({ lists: 1, watched: 1 });
  });

  test('[PRES-2] a session that read too slowly for the changes gets a snapshot once there is room', async () => {
    const { fixture, ada, bob } = await pair();
    await fixture.watch(ada, bob.userId);
    ada.clear();
    ada.session.caughtUp();
    await fixture.settle();
    expect(snapshots(ada)).toEqual([{ user_id: bob.userId, state: 'online' }]);
  });

  test('[PRES-2] however often that happens at once, snapshots come one after another and no more than two', async () => {
    const { fixture, ada, bob } = await pair();
    await fixture.watch(ada, bob.userId);
    ada.clear();
    for (let times = 0; times < 5; times += 1) fixture.server.presence.snapshot(ada.session);
    await fixture.settle();
    expect(snapshots(ada)).toHaveLength(2);
  });

  test('[PRES-2] of a session that went away while its request was carried out nothing is kept', async () => {
    const { fixture, ada, bob } = await pair();
    ada.start({ type: 'watch', user_ids: [bob.userId] });
    ada.cut();
    await fixture.settle();
    expect(fixture.server.presence.size).toMatchObject({ lists: 0, watched: 0 });
    expect(snapshots(await fixture.connect(ada.token))).toHaveLength(1);
  });

  test('[PRES-2] a snapshot that the store cannot serve comes later', async () => {
    const { fixture, ada, bob } = await pair();
    await fixture.watch(ada, bob.userId);
    ada.cut();
    const contacts = fixture.stores.contacts.contacts.bind(fixture.stores.contacts);
    fixture.stores.contacts.contacts = () => Promise.reject(new Error('no'));
    const again = await fixture.connect(ada.token);
    fixture.stores.contacts.contacts = contacts;
    expect(snapshots(again)).toEqual([]);
    await fixture.pass(5_500, again, bob);
    expect(snapshots(again)).toHaveLength(1);
  });

  test('[PRES-2] changes of many in a moment share one frame', async () => {
    const { fixture, ada, bob } = await pair();
    const cy = await fixture.join('cy');
    await fixture.watch(ada, bob.userId, cy.userId);
    ada.clear();
    for (const each of [bob, cy]) await each.request({ type: 'set_presence', state: 'away' });
    await bob.request({ type: 'set_presence', state: 'online' });
    await fixture.pass(500);
    expect(ada.all('presence')).toHaveLength(1);
    expect(pushed(ada)).toEqual([`${bob.userId} online`, `${cy.userId} away`]);
  });
});

describe('state', () => {
  test('[PRES-3] a user is away when every session said so, and as present as the most present one', async () => {
    const { fixture, ada, bob } = await pair();
    const second = await fixture.connect((await fixture.login('bob')).token);
    const state = async () => (await fixture.get(ada, bob.userId))[0]?.state;
    expect(await bob.request({ type: 'set_presence', state: 'away' })).toMatchObject({ type: 'done' });
    expect(await state()).toBe('online');
    await second.request({ type: 'set_presence', state: 'away' });
    expect(await state()).toBe('away');
    await bob.request({ type: 'set_presence', state: 'online' });
    expect(await state()).toBe('online');
  });

  test('[PRES-3] of two sessions one vanishes: nothing is said before its time is over', async () => {
    const { fixture, ada, bob } = await pair();
    const second = await fixture.connect((await fixture.login('bob')).token);
    await second.request({ type: 'set_presence', state: 'away' });
    await fixture.watch(ada, bob.userId);
    bob.cut();
    await fixture.pass(11_500, ada, second);
    expect(pushed(ada)).toEqual([]);
    await fixture.pass(1_500, ada, second);
    expect(pushed(ada)).toEqual([`${bob.userId} away`]);
  });

  test('[PRES-3] who vanished is offline not before 10 s after the last sign of life and by 15 s', async () => {
    for (const sincePing of [0, 4_000, 9_000]) {
      const { fixture, ada, bob } = await pair();
      await fixture.watch(ada, bob.userId);
      await bob.send({ type: 'heartbeat' });
      const heardAt = fixture.clock.now();
      await fixture.pass(sincePing, ada);
      bob.cut();
      await fixture.pass(10_000 - sincePing, ada);
      expect(pushed(ada)).toEqual([]);
      await fixture.pass(5_000, ada);
      expect(pushed(ada)).toEqual([`${bob.userId} offline`]);
      expect(ada.last('presence').rows[0]?.last_seen).toBe(heardAt);
    }
  });

  test('[PRES-3] so is who falls silent while the socket stays open', async () => {
    const { fixture, ada, bob } = await pair();
    await fixture.watch(ada, bob.userId);
    await bob.send({ type: 'heartbeat' });
    const heardAt = fixture.clock.now();
    await fixture.pass(10_000, ada);
    expect(pushed(ada)).toEqual([]);
    await fixture.pass(5_000, ada);
    expect(bob.socket.closedWith?.code).toBe(4409);
    expect(pushed(ada)).toEqual([`${bob.userId} offline`]);
    expect(await fixture.get(ada, bob.userId)).toEqual([
      { user_id: bob.userId, state: 'offline', last_seen: heardAt },
    ]);
  });

  test('[PRES-3] who is back within that time never was away, however often', async () => {
    const { fixture, ada, bob } = await pair();
    await fixture.watch(ada, bob.userId);
    let client = bob as { cut(): void };
    for (let round = 0; round < 3; round += 1) {
      client.cut();
      await fixture.pass(9_000, ada);
      client = await fixture.connect(bob.token);
    }
    expect(fixture.server.presence.size.vanished).toBe(0);
    await fixture.pass(11_000, ada);
    expect(pushed(ada)).toEqual([]);
  });

  test('[PRES-3] of a device that is back, what it was before it vanished counts no more', async () => {
    const { fixture, ada, bob } = await pair();
    await fixture.watch(ada, bob.userId);
    bob.cut();
    const again = await fixture.connect(bob.token);
    await again.request({ type: 'set_presence', state: 'away' });
    await fixture.pass(500, ada, again);
    expect(pushed(ada)).toEqual([`${bob.userId} away`]);
  });

  test('[PRES-3] who comes back later is online again', async () => {
    const { fixture, ada, bob } = await pair();
    await fixture.watch(ada, bob.userId);
    bob.cut();
    await fixture.pass(13_000, ada);
    fixture.clock.step(-60_000);
    await fixture.connect(bob.token);
    await fixture.pass(500, ada);
    expect(pushed(ada)).toEqual([`${bob.userId} offline`, `${bob.userId} online`]);
  });

  test('[PRES-3] a sign-out counts at once, also of a device that vanished just before', async () => {
    for (const vanishes of [false, true]) {
      const { fixture, ada, bob } = await pair();
      await fixture.watch(ada, bob.userId);
      if (vanishes) bob.cut();
      await fixture.server.accounts.logout(bob.token, 'alice');
      await fixture.pass(500, ada);
      expect(pushed(ada)).toEqual([`${bob.userId} offline`]);
    }
  });

  test('[PRES-3] a server that goes away says of nobody that they are offline', async () => {
    const { fixture, ada, bob } = await pair();
    await fixture.watch(ada, bob.userId);
    await fixture.pass(8_000, ada);
    const stopping = fixture.server.stop();
    bob.cut();
    await fixture.pass(6_000, ada);
    await stopping;
    expect(pushed(ada)).toEqual([]);
    expect((await fixture.status.get([bob.userId])).get(bob.userId)?.state).not.toBe('offline');
  });

  test('[PRES-3] when very many vanish together every watcher knows by 15 s', async () => {
    const { fixture, ada } = await pair();
    const tokens = [];
    for (let at = 0; at < 30; at += 1) tokens.push(await fixture.register(`user-${at}`));
    const clients = await Promise.all(tokens.map(({ token }) => fixture.connect(token)));
    await fixture.watch(ada, ...tokens.map(({ user_id }) => user_id));
    ada.clear();
    for (const client of clients) client.cut();
    await fixture.pass(15_000, ada);
    expect(pushed(ada)).toHaveLength(30);
  });
});

describe('the status cache', () => {
  test('is written on transitions only, and renewed by one call for all', async () => {
    const counts = { set: 0, renew: 0 };
    const fixture = new PresenceFixture({ server: {} });
    const { status } = fixture;
    const set = status.set.bind(status);
    const renew = status.renew.bind(status);
    status.set = (...args) => ((counts.set += 1), set(...args));
    status.renew = (...args) => ((counts.renew += 1), renew(...args));
    const clients = [await fixture.join('ada'), await fixture.join('bob'), await fixture.join('cy')];
    expect(counts).toEqual({ set: 3, renew: 0 });
    await fixture.pass(60_000, ...clients);
    expect(counts).toEqual({ set: 3, renew: 20 });
    clients[0]?.cut();
    await fixture.pass(15_000, ...clients.slice(1));
    expect(counts).toEqual({ set: 4, renew: 25 });
    for (const client of clients.slice(1)) client.cut();
    await fixture.pass(12_500);
    counts.renew = 0;
    await fixture.pass(15_000);
    expect(counts).toEqual({ set: 6, renew: 0 });
  });

  test('what it does not take is brought again', async () => {
    const fixture = new PresenceFixture();
    const { status } = fixture;
    const set = status.set.bind(status);
    status.set = () => Promise.reject(new Error('no'));
    const ada = await fixture.join('ada');
    status.set = set;
    expect((await status.get([ada.userId])).size).toBe(0);
    await fixture.pass(3_000, ada);
    expect((await status.get([ada.userId])).get(ada.userId)?.state).toBe('online');
  });

  test('tells of those whom another node holds, until its lease ends', async () => {
    const fixture = new PresenceFixture();
    const ada = await fixture.join('ada');
    const bob = await fixture.register('bob');
    const elsewhere = { node: 'other', sessionStart: 1, counter: 1, lastSeen: 1 };
    await fixture.status.set(bob.user_id, { state: 'away', ...elsewhere }, fixture.clock.now() + 5_000);
    expect(await fixture.get(ada, bob.user_id)).toEqual([{ user_id: bob.user_id, state: 'away' }]);
    await fixture.pass(5_000, ada);
    expect(await fixture.get(ada, bob.user_id)).toEqual([{ user_id: bob.user_id, state: 'offline' }]);
    fixture.status.get = () => Promise.reject(new Error('no'));
    expect(await fixture.get(ada, bob.user_id)).toEqual([{ user_id: bob.user_id, state: 'offline' }]);
    expect(fixture.status).toBeInstanceOf(MemoryStatusCache);
  });
});

describe('last seen', () => {
  test('[PRES-6] it survives a restart, a planned one and a crash', async () => {
    const { fixture, ada, bob } = await pair();
    await fixture.pass(1_000, bob);
    const heardAt = fixture.clock.now();
    await fixture.pass(4_000, ada);
    const stopping = fixture.server.stop();
    await fixture.pass(6_000, ada);
    await stopping;
    const next = new PresenceFixture({ world: fixture.stores.world, clock: fixture.clock, ids: fixture.ids });
    const again = await next.connect(ada.token);
    expect(await next.get(again, bob.userId)).toEqual([
      { user_id: bob.userId, state: 'offline', last_seen: heardAt },
    ]);
    const returnedAt = next.clock.now();
    await next.connect(bob.token);
    await next.pass(3_000, again);
    next.stores.crash();
    const last = new PresenceFixture({ world: fixture.stores.world, clock: fixture.clock, ids: fixture.ids });
    expect(await last.get(await last.connect(ada.token), bob.userId)).toEqual([
      { user_id: bob.userId, state: 'offline', last_seen: returnedAt },
    ]);
  });

  test('[PRES-6] times are stored together, and what the store did not take is stored later', async () => {
    const { fixture, ada, bob } = await pair();
    const stored: number[] = [];
    const { contacts } = fixture.stores;
    const setLastSeen = contacts.setLastSeen.bind(contacts);
    contacts.setLastSeen = () => Promise.reject(new Error('no'));
    await fixture.pass(2_500, ada, bob);
    contacts.setLastSeen = (rows) => (stored.push(rows.length), setLastSeen(rows));
    await fixture.pass(2_500, ada, bob);
    expect(stored).toEqual([2]);
    await fixture.pass(30_000, ada, bob);
    expect(stored).toEqual([2]);
  });
});
