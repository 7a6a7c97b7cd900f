// The suite of the counts of a log: what others wrote after a seq, compared at random with counting by hand.
import { describe, expect, test } from 'bun:test';
import type { ConversationId, Seq, UserId } from '@parley/protocol/ids';
import type { CountAfter, LogCounts } from '../log-counts.ts';
import type { NewEntry } from '../message-store.ts';
import {
  ALICE,
  append,
  BOB,
  CAROL,
  conversationId,
  LARGEST_ID,
  makeEntries,
  makeEntry,
  read,
  token,
  userId,
} from './fixture.ts';
import { acrossRestart, type Open, type Opened, type Reopen } from './opened.ts';

export type LogCountsWorld = Opened<'messages'> & { readonly counts: LogCounts };

const C = conversationId(500);
const D = conversationId(LARGEST_ID);
const NOBODY = userId(99);

async function countAfter(
  { counts }: LogCountsWorld,
  user: UserId,
  seq: Seq,
  conversation = C,
): Promise<CountAfter> {
  const count = (await counts.othersAfter(user, [{ conversation, seq }])).get(conversation);
  if (count === undefined) throw new Error(`no count of ${conversation}`);
  return count;
}

const othersAfter = async (world: LogCountsWorld, user: UserId, seq: Seq): Promise<number> =>
  (await countAfter(world, user, seq)).others;

function countRules(open: Open<LogCountsWorld>): void {
  test('[COUNTS-1] a conversation that was never written has head 0 and nothing to count', async () => {
    await using world = await open();
    expect(await world.counts.othersAfter(ALICE, [])).toEqual(new Map());
    expect(await countAfter(world, ALICE, 0)).toEqual({ head: 0, floor: 0, others: 0 });
    expect(await countAfter(world, ALICE, 7)).toEqual({ head: 0, floor: 0, others: 0 });
  });

  test('[COUNTS-2] messages of others after the seq count; own ones and changes do not', async () => {
    await using world = await open();
    const by = (sender: UserId, kind = 'message') => makeEntry({ sender, kind });
    await append(world.messages, C, [by(ALICE), by(BOB), by(BOB, 'reaction_added'), by(CAROL), by(ALICE)]);
    await append(world.messages, C, [by(BOB, 'message_deleted'), by(BOB)]);
    const after = async (user: UserId) =>
      Promise.all([0, 1, 2, 3, 4, 5, 6, 7].map((seq) => othersAfter(world, user, seq)));
    expect(await after(ALICE)).toEqual([3, 3, 2, 2, 1, 1, 1, 0]);
    expect(await after(BOB)).toEqual([3, 2, 2, 2, 1, 0, 0, 0]);
    expect(await after(NOBODY)).toEqual([5, 4, 3, 3, 2, 1, 1, 0]);
    expect(await countAfter(world, ALICE, 1_000)).toEqual({ head: 7, floor: 0, others: 0 });
  });

  test('[COUNTS-3] dropped messages do not count, from wherever it is asked', async () => {
    await using world = await open();
    await append(world.messages, C, makeEntries(200, { sender: BOB }));
    await append(world.messages, C, makeEntries(3, { kind: 'message_edited' }));
    await append(world.messages, C, makeEntries(2, { sender: ALICE }));
    await world.messages.drop(C, 150);
    expect(await countAfter(world, ALICE, 0)).toEqual({ head: 205, floor: 150, others: 50 });
    expect(await othersAfter(world, ALICE, 149)).toBe(50);
    expect(await othersAfter(world, ALICE, 151)).toBe(49);
    expect(await othersAfter(world, BOB, 0)).toBe(2);
    await world.messages.drop(C, 205);
    expect(await countAfter(world, ALICE, 0)).toEqual({ head: 205, floor: 205, others: 0 });
    await append(world.messages, C, [makeEntry({ sender: BOB }), makeEntry({ sender: ALICE })]);
    expect(await countAfter(world, ALICE, 0)).toEqual({ head: 207, floor: 205, others: 1 });
  });

  test('[COUNTS-4] appends that were refused count for nothing', async () => {
    await using world = await open();
    const known = makeEntry({ sender: BOB });
    await append(world.messages, C, [known]);
    const again = [makeEntry({ sender: BOB }), makeEntry({ kind: 'pin_added' }), known];
    expect((await world.messages.append(C, token(1), 1, again)).kind).toBe('refused');
    expect((await world.messages.append(C, token(9), 1, makeEntries(2))).kind).toBe('refused');
    expect(await countAfter(world, ALICE, 0)).toEqual({ head: 1, floor: 0, others: 1 });
    await append(world.messages, C, makeEntries(2, { sender: BOB }));
    expect(await countAfter(world, ALICE, 0)).toEqual({ head: 3, floor: 0, others: 3 });
  });

  test('[COUNTS-5] many conversations are counted by one call, each from its own seq', async () => {
    await using world = await open();
    const ids = [
      C,
      D,
      ...Array.from({ length: 60 }, (_, index) => conversationId(2n ** 53n + BigInt(index))),
    ];
    for (const [index, id] of ids.entries()) {
      await append(world.messages, id, makeEntries(index + 1, { sender: BOB }));
    }
    const marks = ids.map((conversation, index) => ({ conversation, seq: Math.floor(index / 2) }));
    const expected = ids.map((id, index): [ConversationId, CountAfter] => [
      id,
      { head: index + 1, floor: 0, others: index + 1 - Math.floor(index / 2) },
    ]);
    const found = await world.counts.othersAfter(ALICE, marks);
    expect(found).toEqual(new Map(expected));
  });
}

/** A small generator of numbers, so that a run can be repeated from its seed. */
function pickerOf(seed: number): (count: number) => number {
  let state = seed;
  return (count) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * count);
  };
}

const SENDERS = [ALICE, BOB, CAROL, userId(14), userId(15)];
const TURNS_COUNT = 60;

async function countedByHand(world: LogCountsWorld, user: UserId, seq: Seq): Promise<CountAfter> {
  const { entries, head, floor } = await read(world.messages, C, { after: seq });
  const others = entries.filter(({ kind, sender }) => kind === 'message' && sender !== user);
  return { head, floor, others: others.length };
}

async function compareAtRandom(world: LogCountsWorld, seed: number): Promise<void> {
  const pick = pickerOf(seed);
  const entry = (): NewEntry =>
    makeEntry({
      sender: SENDERS[pick(SENDERS.length)] ?? ALICE,
      kind: pick(5) === 0 ? 'reaction_added' : 'message',
    });
  for (let turn = 0; turn < TURNS_COUNT; turn += 1) {
    const count = [1, 1, 3, 20, 150][pick(5)] ?? 1;
    // At times one sender only, so that the others have no message in whole blocks.
    const sender = SENDERS[pick(SENDERS.length)] ?? ALICE;
    const entries = pick(3) === 0 ? makeEntries(count, { sender }) : Array.from({ length: count }, entry);
    const head = await append(world.messages, C, entries);
    if (pick(8) === 0) await world.messages.drop(C, pick(head + 1));
    for (const user of [SENDERS[pick(SENDERS.length)] ?? ALICE, NOBODY]) {
      const seq = pick(head + 2);
      const found = await countAfter(world, user, seq);
      expect({ seed, turn, user, seq, ...found }).toEqual({
        seed,
        turn,
        user,
        seq,
        ...(await countedByHand(world, user, seq)),
      });
    }
  }
}

function randomRules(open: Open<LogCountsWorld>): void {
  for (const seed of [1, 2, 3]) {
    test(`[COUNTS-6] after appends and drops at random it is what counting by hand gives (seed ${seed})`, async () => {
      await using world = await open();
      await compareAtRandom(world, seed);
    }, 60_000);
  }
}

function durabilityRules<World extends LogCountsWorld>(open: Open<World>, reopen: Reopen<World>): void {
  test('[COUNTS-7] the counts survive a restart and go on from there', async () => {
    const mixed = (): NewEntry[] => [
      ...makeEntries(70, { sender: BOB }),
      makeEntry({ kind: 'message_edited', sender: BOB }),
      ...makeEntries(70, { sender: ALICE }),
    ];
    await acrossRestart({
      open,
      reopen,
      before: async (world) => {
        await append(world.messages, C, mixed());
        await world.messages.drop(C, 10);
      },
      after: async (world) => {
        expect(await countAfter(world, ALICE, 0)).toEqual({ head: 141, floor: 10, others: 60 });
        await append(world.messages, C, mixed());
        expect(await countAfter(world, ALICE, 0)).toEqual({ head: 282, floor: 10, others: 130 });
        expect(await countAfter(world, BOB, 100)).toEqual({ head: 282, floor: 10, others: 111 });
      },
    });
  });
}

export function testLogCounts<World extends LogCountsWorld>(
  adapter: string,
  open: Open<World>,
  reopen?: Reopen<World>,
): void {
  describe(`${adapter} as LogCounts`, () => {
    countRules(open);
    randomRules(open);
    if (reopen !== undefined) durabilityRules(open, reopen);
  });
}
