// Message store: conditional appends, duplicates, and many calls at the same time.
import { expect, test } from 'bun:test';
import type { ConversationId } from '@parley/protocol/ids';
import {
  APPEND_ENTRIES_MAX_COUNT,
  type AppendOutcome,
  type NewEntry,
  type StoredEntry,
} from '../message-store.ts';
import {
  append,
  BOB,
  bySeq,
  claim,
  clientMsgId,
  conversationId,
  makeEntries,
  makeEntry,
  read,
  rejection,
  stored,
  token,
} from './fixture.ts';
import type { Open, Opened } from './opened.ts';

const C = conversationId(500);
type OpenMessages = Open<Opened<'messages'>>;

/** Compares a `duplicate` refusal without regard to the order of the entries that it names. */
function expectDuplicate(outcome: AppendOutcome, existing: readonly StoredEntry[]): void {
  if (outcome.kind !== 'refused' || outcome.reason.kind !== 'duplicate') {
    throw new Error(`expected a duplicate, got ${JSON.stringify(outcome)}`);
  }
  expect(bySeq(outcome.reason.existing)).toEqual(bySeq(existing));
}

export function appendRules(open: OpenMessages): void {
  test('[STORE-6] entries get the numbers 1, 2, 3 … without gaps, over appends of any size', async () => {
    await using world = await open();
    const all: NewEntry[] = [];
    for (const size of [1, 3, 1, APPEND_ENTRIES_MAX_COUNT, 2]) {
      const entries = makeEntries(size);
      expect(await append(world.messages, C, entries)).toBe(all.length + size);
      all.push(...entries);
    }
    expect(await read(world.messages, C)).toEqual({
      entries: stored(0, all),
      states: [],
      head: all.length,
      floor: 0,
    });
  });

  test('[STORE-7] an append under another head is refused with the state and leaves no trace', async () => {
    await using world = await open();
    await append(world.messages, C, makeEntries(3));
    const before = await read(world.messages, C);
    const state = await world.messages.state(C);
    for (const head of [0, 2, 4, 1_000]) {
      const refused = makeEntry();
      expect(await world.messages.append(C, token(1), head, [refused])).toEqual({
        kind: 'refused',
        reason: { kind: 'fenced', state },
      });
      expect(await world.messages.find(C, refused.sender, [refused.clientMsgId])).toEqual([]);
    }
    expect(await read(world.messages, C)).toEqual(before);
  });

  test('[STORE-8] an append before any claim is refused, and the conversation stays unwritten', async () => {
    await using world = await open();
    const state = { token: undefined, head: 0, floor: 0 };
    expect(await world.messages.append(C, token(1), 0, [makeEntry()])).toEqual({
      kind: 'refused',
      reason: { kind: 'fenced', state },
    });
    expect(await world.messages.state(C)).toEqual(state);
  });

  test('[STORE-9] the same append again, after it landed, is refused as fenced: the head has moved', async () => {
    await using world = await open();
    await claim(world.messages, C, token(1));
    const entries = makeEntries(2);
    expect(await world.messages.append(C, token(1), 0, entries)).toEqual({ kind: 'applied', head: 2 });
    expect(await world.messages.append(C, token(1), 0, entries)).toEqual({
      kind: 'refused',
      reason: { kind: 'fenced', state: { token: token(1), head: 2, floor: 0 } },
    });
    expect((await read(world.messages, C)).entries).toEqual(stored(0, entries));
  });

  test('[STORE-10] an append that the contract forbids throws, and harms no other', async () => {
    await using world = await open();
    await claim(world.messages, C, token(1));
    const other = conversationId(501);
    await claim(world.messages, other, token(1));
    const twice = makeEntry();
    const tooMany = makeEntries(APPEND_ENTRIES_MAX_COUNT + 1);
    const [good] = await Promise.all([
      world.messages.append(other, token(1), 0, makeEntries(2)),
      rejection(() => world.messages.append(C, token(1), 0, [])),
      rejection(() => world.messages.append(C, token(1), 0, tooMany)),
      rejection(() => world.messages.append(C, token(1), 0, [twice, makeEntry(), { ...twice, body: '{}' }])),
    ]);
    expect(good).toEqual({ kind: 'applied', head: 2 });
    expect((await world.messages.state(C)).head).toBe(0);
    expect(await append(world.messages, C, [twice])).toBe(1);
  });
}

export function duplicateRules(open: OpenMessages): void {
  test('[STORE-11] a duplicate is refused with the entry that is there, whatever its body', async () => {
    await using world = await open();
    const first = makeEntry();
    await append(world.messages, C, [first, makeEntry()]);
    for (const again of [first, makeEntry({ clientMsgId: first.clientMsgId, body: '{"other":1}' })]) {
      expectDuplicate(await world.messages.append(C, token(1), 2, [again]), stored(0, [first]));
    }
    expect((await world.messages.state(C)).head).toBe(2);
  });

  test('[STORE-12] one duplicate in the middle refuses the whole append, which leaves no trace', async () => {
    await using world = await open();
    const known = makeEntries(3);
    await append(world.messages, C, known);
    const fresh = makeEntries(4);
    const mixed = [fresh[0], fresh[1], known[1], fresh[2], fresh[3]] as NewEntry[];
    expectDuplicate(await world.messages.append(C, token(1), 3, mixed), stored(0, known).slice(1, 2));
    const ids = fresh.map((entry) => entry.clientMsgId);
    expect(await world.messages.find(C, fresh[0]!.sender, ids)).toEqual([]);
    expect(await read(world.messages, C)).toEqual({
      entries: stored(0, known),
      states: [],
      head: 3,
      floor: 0,
    });
    expect(await append(world.messages, C, fresh)).toBe(7);
  });

  test('[STORE-13] every duplicate of an append is named', async () => {
    await using world = await open();
    const known = [makeEntry(), makeEntry({ sender: BOB }), makeEntry()];
    await append(world.messages, C, known);
    const outcome = await world.messages.append(C, token(1), 3, [known[2]!, makeEntry(), known[1]!]);
    expectDuplicate(outcome, stored(0, known).slice(1));
  });

  test('[STORE-14] the same client_msg_id of another sender or in another conversation is no duplicate', async () => {
    await using world = await open();
    const shared = clientMsgId('shared');
    await append(world.messages, C, [makeEntry({ clientMsgId: shared })]);
    expect(await append(world.messages, C, [makeEntry({ clientMsgId: shared, sender: BOB })])).toBe(2);
    expect(await append(world.messages, conversationId(501), [makeEntry({ clientMsgId: shared })])).toBe(1);
    const upper = makeEntry({ clientMsgId: clientMsgId('SHARED') });
    expect(await append(world.messages, C, [upper])).toBe(3);
  });

  test('[STORE-15] a duplicate is known after retention dropped other rows and after another claim', async () => {
    await using world = await open();
    const entries = makeEntries(4);
    await append(world.messages, C, entries);
    await world.messages.drop(C, 2);
    await claim(world.messages, C, token(9));
    expectDuplicate(
      await world.messages.append(C, token(9), 4, [entries[2]!]),
      stored(0, entries).slice(2, 3),
    );
  });
}

/** Appends to a conversation one entry after another, each after the one before was applied. */
async function appendInTurn(
  world: Opened<'messages'>,
  conversation: ConversationId,
  count: number,
): Promise<NewEntry[]> {
  const entries = makeEntries(count);
  for (const entry of entries) await append(world.messages, conversation, [entry]);
  return entries;
}

export function raceRules(open: OpenMessages): void {
  test('[STORE-16] of appends at the same time on one head exactly one is applied', async () => {
    await using world = await open();
    await claim(world.messages, C, token(1));
    const entries = makeEntries(20);
    const outcomes = await Promise.all(
      entries.map((entry) => world.messages.append(C, token(1), 0, [entry])),
    );
    const winners = entries.filter((_, index) => outcomes[index]?.kind === 'applied');
    expect(winners).toHaveLength(1);
    for (const outcome of outcomes.filter((each) => each.kind !== 'applied')) {
      expect(outcome).toEqual({
        kind: 'refused',
        reason: { kind: 'fenced', state: { token: token(1), head: 1, floor: 0 } },
      });
    }
    expect(await read(world.messages, C)).toEqual({
      entries: stored(0, winners),
      states: [],
      head: 1,
      floor: 0,
    });
  });

  test('[STORE-17] refused appends leave those that were issued at the same time alone', async () => {
    await using world = await open();
    const known = makeEntry();
    await append(world.messages, C, [known]);
    const others = Array.from({ length: 12 }, (_, index) => conversationId(600 + index));
    for (const other of others) await claim(world.messages, other, token(1));
    const good = others.map(() => makeEntries(5));
    const calls = others.flatMap((other, index) => [
      world.messages.append(other, token(1), 0, good[index]!),
      world.messages.append(C, token(1), 1, [makeEntry(), makeEntry(), known, makeEntry()]),
      world.messages.append(C, token(7), 1, [makeEntry()]),
    ]);
    const outcomes = await Promise.all(calls);
    expect(outcomes.map((outcome) => outcome.kind)).toEqual(
      others.flatMap(() => ['applied', 'refused', 'refused']),
    );
    for (const [index, other] of others.entries()) {
      expect((await read(world.messages, other)).entries).toEqual(stored(0, good[index]!));
    }
    expect((await world.messages.state(C)).head).toBe(1);
  });

  test('[STORE-18] many conversations written at the same time are each dense and in their own order', async () => {
    await using world = await open();
    const conversations = Array.from({ length: 25 }, (_, index) => conversationId(2n ** 40n + BigInt(index)));
    const written = await Promise.all(conversations.map((each) => appendInTurn(world, each, 8)));
    for (const [index, conversation] of conversations.entries()) {
      const page = await read(world.messages, conversation);
      expect(page).toEqual({ entries: stored(0, written[index]!), states: [], head: 8, floor: 0 });
    }
  });
}
