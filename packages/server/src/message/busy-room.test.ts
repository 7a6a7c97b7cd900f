// Many write into one group at once: it is stored by few commits, and holds up nobody outside it.
import { expect, test } from 'bun:test';
import { APPEND_ENTRIES_MAX_COUNT } from '@parley/ports/message-store';
import type { ConversationId } from '@parley/protocol/ids';
import { logOf } from '../testing/groups.ts';
import { ServerFixture } from '../testing/server-fixture.ts';
import { sendOf, type OfType, type TestClient } from '../testing/test-client.ts';

const SENDERS = 200;
const SENDS_EACH = 5;
const SENDS = SENDERS * SENDS_EACH;

/** 200 members, all connected, in one group and, two of them, in a conversation of their own. */
async function hall(largeGroupMembers: number) {
  const fixture = new ServerFixture({ server: { largeGroupMembers } });
  const clients: TestClient[] = [];
  for (let at = 0; at < SENDERS; at++) clients.push(await fixture.join(`user-${at}`));
  const [ada, bob] = clients as [TestClient, TestClient];
  const others = clients.slice(1).map(({ userId }) => userId);
  const group = await ada.group('hall', others);
  const direct = await ada.direct(bob.userId);
  await ada.text(direct, 'before');
  await ada.text(group, 'before');
  const appends: number[] = [];
  fixture.faults.always = ({ method, conversation, entries }) => {
    if (method === 'append' && conversation === group) appends.push(entries?.length ?? 0);
    return undefined;
  };
  return { fixture, clients, ada, bob, group, direct, appends };
}

/** Everybody sends five times, in turns, and waits for nothing. Returns the refs by sender. */
function sendAll(clients: readonly TestClient[], group: ConversationId): number[][] {
  const refs = clients.map((): number[] => []);
  for (let turn = 0; turn < SENDS_EACH; turn++)
    for (const [at, client] of clients.entries())
      refs[at]?.push(client.start(sendOf(group, [{ id: `m-${at}-${turn}`, text: `${at} ${turn}` }])));
  return refs;
}

/** The seq that each send was answered with, by sender and in the order of the sends. */
function seqsOf(clients: readonly TestClient[], refs: readonly (readonly number[])[]): number[][] {
  return clients.map((client, at) => {
    // Read as it is: of 200,000 pushed entries nothing is to be checked here.
    const frames = client.socket.messages.flatMap((text) => JSON.parse(text) as OfType<'sent'>[]);
    const sent = new Map(frames.flatMap((frame) => (frame.type === 'sent' ? [[frame.ref, frame]] : [])));
    return (refs[at] ?? []).flatMap((ref) =>
      (sent.get(ref)?.results ?? []).flatMap((result) => ('seq' in result ? result.seq : [])),
    );
  });
}

for (const [kind, largeGroupMembers] of [
  ['of which all are told', 1_000],
  ['of which few are told', 100],
] as const) {
  test(`[INV 3] [PITFALL: one process or lock per room limits large rooms] 1,000 sends of 200 senders into one group ${kind} are a handful of commits, in each sender’s order`, async () => {
    const { fixture, clients, group, appends } = await hall(largeGroupMembers);
    const before = logOf(fixture, group).length;
    const callsBefore = fixture.faults.calls.length;
    const refs = sendAll(clients, group);
    await fixture.settle();
    const all = seqsOf(clients, refs);
    expect(all.every((seqs) => seqs.length === SENDS_EACH)).toBe(true);
    for (const seqs of all) expect(seqs).toEqual(seqs.toSorted((one, other) => one - other));
    const seqs = all.flat().toSorted((one, other) => one - other);
    expect(seqs).toEqual(Array.from({ length: SENDS }, (_, at) => before + 1 + at));
    expect(logOf(fixture, group)).toHaveLength(before + SENDS);
    expect(appends.length).toBeLessThanOrEqual(Math.ceil(SENDS / APPEND_ENTRIES_MAX_COUNT) + 1);
    // What follows a commit is asked of the store once a commit as well, not once a message or a member.
    expect(fixture.faults.calls.length - callsBefore).toBeLessThan(20 * appends.length);
  }, 30_000);
}

test('[PITFALL: one process or lock per room limits large rooms] while the store takes its time over a busy room, another conversation is written and read, and the room is read', async () => {
  const { fixture, clients, ada, bob, group, direct, appends } = await hall(1_000);
  const isRooms = ({ method, conversation }: { method: string; conversation?: ConversationId }) =>
    method === 'append' && conversation === group;
  const held = fixture.faults.hold(isRooms);
  const refs = sendAll(clients, group);
  await fixture.settle();
  expect([held.reached, seqsOf(clients, refs).flat()]).toEqual([true, []]);
  for (let at = 0; at < 20; at++) {
    expect(await ada.text(direct, `ada ${at}`)).toMatchObject({ seq: 2 + 2 * at });
    expect(await bob.text(direct, `bob ${at}`)).toMatchObject({ seq: 3 + 2 * at });
  }
  expect((await bob.pull(direct, 0)).head).toBe(41);
  expect(bob.pushedTexts().filter((text) => text.startsWith('ada'))).toHaveLength(20);
  // A new conversation, whose log is claimed, and the busy one as far as it is durable.
  const other = await bob.group('other', [ada.userId]);
  expect(await bob.text(other, 'hello')).toMatchObject({ seq: 2 });
  expect((await bob.pull(group, 0)).head).toBe(2);
  expect(seqsOf(clients, refs).flat()).toEqual([]);
  held.release();
  await fixture.settle();
  expect(seqsOf(clients, refs).flat()).toHaveLength(SENDS);
  // What waited for the first commit went into as few as it fits into.
  expect(1 + appends.length).toBeLessThanOrEqual(Math.ceil(SENDS / APPEND_ENTRIES_MAX_COUNT) + 1);
}, 30_000);

test('[PITFALL: one process or lock per room limits large rooms] ten rooms whose commits wait hold up neither one another nor the eleventh', async () => {
  const fixture = new ServerFixture();
  const ada = await fixture.join('ada');
  const rooms: ConversationId[] = [];
  for (let at = 0; at < 11; at++) rooms.push(await ada.group(`room-${at}`, []));
  const helds = rooms
    .slice(1)
    .map((room) =>
      fixture.faults.hold(({ method, conversation }) => method === 'append' && conversation === room),
    );
  const refs = rooms.map((room) => ada.start(sendOf(room, [{ id: 'a', text: 'a' }])));
  await fixture.settle();
  expect(helds.every(({ reached }) => reached)).toBe(true);
  expect(refs.map((ref) => ada.answer(ref) !== undefined)).toEqual(refs.map((_, at) => at === 0));
  // The last to wait is the first to go on.
  for (const [at, held] of [...helds.entries()].toReversed()) {
    held.release();
    await fixture.settle();
    expect(ada.answer(refs[at + 1] ?? 0)).toMatchObject({ type: 'sent', results: [{ seq: 2 }] });
  }
});
