// What reading costs the others: bounded frames in a small group, none in a large one, and nothing that grows with it.
import { expect, test } from 'bun:test';
import type { ConversationId } from '@parley/protocol/ids';
import { fill } from '../testing/groups.ts';
import { read, says } from '../testing/reading-room.ts';
import { ServerFixture } from '../testing/server-fixture.ts';
import type { TestClient } from '../testing/test-client.ts';
import { RECEIPTS_PUSH_INTERVAL_MS } from './limits.ts';

const MESSAGES = 40;
const STEP_MS = 100;
const SMALL = 40;
const LARGE = 130;

interface Crowd {
  readonly fixture: ServerFixture;
  readonly clients: readonly TestClient[];
  readonly group: ConversationId;
  readonly head: number;
}

/** A group in which so many are connected and so many more are not; 40 messages are in it. */
async function crowd(connected: number, absent = 0): Promise<Crowd> {
  const fixture = new ServerFixture();
  const clients: TestClient[] = [];
  for (let at = 0; at < connected; at++) clients.push(await fixture.join(`user-${at}`));
  const [ada, ...others] = clients as [TestClient, ...TestClient[]];
  const group = await ada.group(
    'room',
    others.map((client) => client.userId),
  );
  const next = absent === 0 ? [] : await fixture.registerMany(absent);
  for (let from = 0; from < next.length; from += 200)
    await ada.change('add_members', group, `add-${from}`, { user_ids: next.slice(from, from + 200) });
  let head = 0;
  for (let at = 0; at < MESSAGES; at++) head = await says(ada, group, `m-${at}`);
  await pass(fixture, clients, 3_000);
  for (const client of clients) client.clear();
  fixture.faults.calls.length = 0;
  return { fixture, clients, group, head };
}

/** Time passes in steps; everybody's sessions live. `each` is told after every step how much has passed. */
async function pass(
  fixture: ServerFixture,
  clients: readonly TestClient[],
  ms: number,
  each: (passedMs: number) => void = () => undefined,
): Promise<void> {
  for (let passed = STEP_MS; passed <= ms; passed += STEP_MS) {
    await fixture.timers.advance(STEP_MS);
    for (const client of clients) client.session.heard();
    each(passed);
  }
}

/** Frames that nobody asked for, but for signs of life. */
const pushes = (client: TestClient) =>
  client.frames.filter((frame) => frame.type !== 'beat' && !('ref' in frame && frame.ref !== undefined));

test('[RECEIPT-3] [PITFALL: read markers fan out to all members] in a small group a member gets one frame a second, however many read however often', async () => {
  for (const readers of [1, SMALL - 1]) {
    const { fixture, clients, group, head } = await crowd(SMALL);
    const reading = clients.slice(1, 1 + readers);
    const times = clients.map((): number[] => []);
    for (let second = 0; second < 4; second++) {
      for (let at = 0; at < 10; at++) {
        const seq = head - MESSAGES + 1 + second * 10 + at;
        for (const client of reading) client.start({ type: 'read', conversation_id: group, seq });
        await pass(fixture, clients, STEP_MS, () => {
          for (const [who, client] of clients.entries()) {
            const came = pushes(client);
            expect(came.map(({ type }) => type)).toEqual(came.map(() => 'receipts'));
            for (const _ of came) times[who]?.push(fixture.clock.monotonic());
            client.clear();
          }
        });
      }
    }
    for (const own of times) {
      expect(own.length).toBeLessThanOrEqual(4);
      expect(own.length).toBeGreaterThanOrEqual(3);
      for (const [at, ms] of own.slice(1).entries())
        expect(ms - (own[at] ?? 0)).toBeGreaterThanOrEqual(RECEIPTS_PUSH_INTERVAL_MS);
    }
    // One read for each that was asked, and not a look at settings or members more for each member who is told.
    const raised = fixture.faults.calls.filter((call) => call === 'raise').length;
    expect(raised).toBe(readers * 40);
    await pass(fixture, clients, 2_000);
    const last = clients[0]?.last('receipts').rows ?? [];
    expect(last.every((row) => row.read === head)).toBe(true);
  }
}, 30_000);

test('[RECEIPT-3] [PITFALL: read markers fan out to all members] in a large group nobody gets a frame, whoever reads, and what was read is there for who asks', async () => {
  const { fixture, clients, group, head } = await crowd(LARGE);
  await read(clients[1] as TestClient, group, head - 1);
  await pass(fixture, clients, 2_000);
  for (const client of clients.slice(1)) client.start({ type: 'read', conversation_id: group, seq: head });
  await pass(fixture, clients, 3_000);
  expect(clients.flatMap(pushes)).toEqual([]);
  const asked = { type: 'get_receipts', conversation_id: group, seq: head } as const;
  expect(await (clients[0] as TestClient).request(asked)).toMatchObject({
    members: LARGE - 1,
    read: LARGE - 1,
  });
}, 30_000);

test('[PITFALL: read markers fan out to all members] what a read asks of the store is the same in a group of 3 and of 80, of 120 and of 3,000', async () => {
  const costOf = async (connected: number, absent: number, isLoaded: boolean) => {
    const made = await crowd(connected, isLoaded ? absent : 0);
    // The conversation is not in memory: how many there are has to be asked, and nothing else.
    if (!isLoaded) await fill(made.fixture, made.group, await made.fixture.registerMany(absent));
    const fixture = isLoaded ? made.fixture : made.fixture.restart();
    const reader = isLoaded
      ? (made.clients[1] as TestClient)
      : await fixture.connect((await fixture.login('user-1')).token);
    await pass(fixture, [reader], 3_000);
    fixture.faults.calls.length = 0;
    expect(await read(reader, made.group, made.head)).toMatchObject({
      type: 'standing',
      standing: { unread: 0 },
    });
    // Those who are connected live on, and so do what would be told to them.
    await pass(fixture, [reader, ...made.clients], 2_000);
    return fixture.faults.calls.toSorted();
  };
  for (const isLoaded of [true, false]) {
    for (const [few, many] of [
      [costOf(3, 0, isLoaded), costOf(30, 50, isLoaded)],
      [costOf(3, 117, isLoaded), costOf(60, 2_940, isLoaded)],
    ] as const) {
      expect(await many).toEqual(await few);
      expect((await few).length).toBeLessThan(12);
    }
  }
}, 30_000);
