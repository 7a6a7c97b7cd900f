// Who is told that somebody comes, goes away and vanishes: those who watch, and not one of the others.
import { expect, test } from 'bun:test';
import { PresenceFixture, pushed, type Client } from './presence-fixture.ts';

const STEP_MS = 500;
const IN_HIS_GROUP = 50;

/** Nobody but the named users has a contact. Some of the others are in a group with bob. */
async function crowd(strangers: number) {
  const fixture = new PresenceFixture();
  const others: Client[] = [];
  for (let at = 0; at < strangers; at++) others.push(await fixture.join(`stranger-${at}`));
  const watchers: Client[] = [];
  for (const name of ['ada', 'cleo', 'dan']) watchers.push(await fixture.join(name));
  const { token, user_id } = await fixture.register('bob');
  const [ada] = watchers as [Client];
  const members = [...others.slice(0, IN_HIS_GROUP), ...watchers.slice(1)].map((client) => client.userId);
  await ada.group('room', [user_id, ...members]);
  for (const watcher of watchers) await fixture.watch(watcher, user_id);
  const all = [...others, ...watchers];
  await pass(fixture, all, 3_000);
  for (const client of all) client.clear();
  fixture.faults.calls.length = 0;
  return { fixture, others, watchers, all, bob: { token, user_id } };
}

/** Time passes, and everybody's sessions live. */
async function pass(fixture: PresenceFixture, alive: readonly Client[], ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= STEP_MS) {
    await fixture.timers.advance(Math.min(STEP_MS, left));
    for (const client of alive) client.session.heard();
  }
}

const framesOf = (client: Client) => client.frames.filter(({ type }) => type !== 'beat');

test('[PRES-2] [PRES-3] [PITFALL: presence sent to all users] of 200 users who are connected only the watchers are told, by one frame each time', async () => {
  const { fixture, others, watchers, all, bob } = await crowd(200);
  const connected = await fixture.connect(bob.token);
  const steps: [string, () => Promise<unknown>, ms: number][] = [
    ['online', () => Promise.resolve(), 1_000],
    ['away', () => connected.request({ type: 'set_presence', state: 'away' }), 1_000],
    // Who is back in time never was away; who says the same again says nothing.
    ['', () => connected.request({ type: 'set_presence', state: 'away' }), 1_000],
    ['online', () => connected.request({ type: 'set_presence', state: 'online' }), 1_000],
    ['offline', async () => connected.cut(), 15_000],
    ['', () => Promise.resolve(), 15_000],
  ];
  for (const [state, act, ms] of steps) {
    await act();
    connected.session.heard();
    await pass(fixture, all, ms);
    const told = state === '' ? [] : [`${bob.user_id} ${state}`];
    for (const watcher of watchers) {
      expect(pushed(watcher)).toEqual(told);
      expect(framesOf(watcher)).toHaveLength(told.length);
    }
    expect(others.flatMap(framesOf)).toEqual([]);
    for (const client of all) client.clear();
  }
}, 30_000);

test('[PITFALL: presence sent to all users] what a user’s coming and going asks of the store does not grow with those who are connected', async () => {
  const costs = [];
  for (const strangers of [2, 150]) {
    const { fixture, all, bob } = await crowd(strangers);
    const connected = await fixture.connect(bob.token);
    await pass(fixture, all, 3_000);
    await connected.request({ type: 'set_presence', state: 'away' });
    connected.cut();
    await pass(fixture, all, 18_000);
    costs.push(fixture.faults.calls.toSorted());
  }
  expect(costs[1]).toEqual(costs[0] as string[]);
}, 30_000);

test('[PRES-2] [PITFALL: presence sent to all users] everybody vanishes at once: a watcher is told of whom it watches, and the others of nobody', async () => {
  const { fixture, others, watchers, bob } = await crowd(100);
  await fixture.connect(bob.token);
  await pass(fixture, [...others, ...watchers], 1_000);
  const [ada] = watchers as [Client];
  const [stranger, ...rest] = others as [Client, ...Client[]];
  for (const client of [ada, stranger]) client.clear();
  for (const client of rest) client.cut();
  await pass(fixture, [ada, stranger], 16_000);
  // Bob sent nothing either.
  expect(pushed(ada)).toEqual([`${bob.user_id} offline`]);
  expect(framesOf(stranger)).toEqual([]);
}, 30_000);
