// Message store: how changed messages are now, put in any order and read beside their entries.
import { expect, test } from 'bun:test';
import type { MessageStore, StoredState } from '../message-store.ts';
import { append, claim, conversationId, makeEntries, makeEntry, read, token } from './fixture.ts';
import type { Open, Opened } from './opened.ts';

const C = conversationId(500);
type OpenMessages = Open<Opened<'messages'>>;

/** Its body says where it is from, so that no two are alike. */
const stateOf = (seq: number, asOf: number, of = 'x'): StoredState => ({
  seq,
  asOf,
  body: JSON.stringify({ as_of: asOf, of }),
});

const states = (messages: MessageStore) => messages.states(C, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);

export function stateRules(open: OpenMessages): void {
  test('[STORE-39] a state never replaces one with the same or a higher asOf', async () => {
    await using world = await open();
    await append(world.messages, C, makeEntries(10));
    await world.messages.putStates(C, [stateOf(3, 7)]);
    for (const lower of [stateOf(3, 7, 'other'), stateOf(3, 6), stateOf(3, 3)]) {
      await world.messages.putStates(C, [lower]);
      expect(await states(world.messages)).toEqual([stateOf(3, 7)]);
    }
    await world.messages.putStates(C, [stateOf(3, 8)]);
    expect(await states(world.messages)).toEqual([stateOf(3, 8)]);
    // Within one call as well, in whatever order.
    await world.messages.putStates(C, [stateOf(3, 9), stateOf(3, 10), stateOf(3, 8, 'other')]);
    expect(await states(world.messages)).toEqual([stateOf(3, 10)]);
  });

  test('[STORE-40] states put in any order, again, and at the same time end as the last ones', async () => {
    await using world = await open();
    await append(world.messages, C, makeEntries(10));
    const all = [2, 5, 1].flatMap((seq) => [9, 6, 10, 7, 8].map((asOf) => stateOf(seq, asOf)));
    await Promise.all([...all, ...all.toReversed()].map((state) => world.messages.putStates(C, [state])));
    await world.messages.putStates(C, all);
    expect(await states(world.messages)).toEqual([stateOf(1, 10), stateOf(2, 10), stateOf(5, 10)]);
  });

  test('[STORE-41] states brings those that are there, in seq order, each once, of one conversation', async () => {
    await using world = await open();
    const other = conversationId(501);
    await append(world.messages, C, makeEntries(4));
    await append(world.messages, other, makeEntries(4));
    await world.messages.putStates(C, [stateOf(4, 4), stateOf(2, 3)]);
    await world.messages.putStates(other, [stateOf(1, 2), stateOf(2, 4, 'other')]);
    await world.messages.putStates(C, []);
    expect(await world.messages.states(C, [4, 3, 2, 4, 1, 99])).toEqual([stateOf(2, 3), stateOf(4, 4)]);
    expect(await world.messages.states(C, [1, 3])).toEqual([]);
    expect(await world.messages.states(C, [])).toEqual([]);
    expect(await world.messages.states(other, [2])).toEqual([stateOf(2, 4, 'other')]);
    expect(await world.messages.states(conversationId(502), [1])).toEqual([]);
  });

  test('[STORE-42] putting states moves no head and no fence, and works after another claim', async () => {
    await using world = await open();
    const head = await append(world.messages, C, makeEntries(2));
    await claim(world.messages, C, token(9));
    await world.messages.putStates(C, [stateOf(1, 2)]);
    expect(await world.messages.state(C)).toEqual({ token: token(9), head, floor: 0 });
    expect((await world.messages.append(C, token(9), head, [makeEntry()])).kind).toBe('applied');
  });

  test('[STORE-43] states are dropped with their entries, and do not come back', async () => {
    await using world = await open();
    await append(world.messages, C, makeEntries(10));
    await world.messages.putStates(C, [stateOf(2, 9), stateOf(4, 9), stateOf(5, 9)]);
    await world.messages.drop(C, 4);
    expect(await states(world.messages)).toEqual([stateOf(5, 9)]);
    expect((await read(world.messages, C)).states).toEqual([stateOf(5, 9)]);
    // An owner that did not know of the drop yet.
    await world.messages.putStates(C, [stateOf(4, 10), stateOf(6, 10)]);
    expect(await states(world.messages)).toEqual([stateOf(5, 9), stateOf(6, 10)]);
  });
}

export function pageStateRules(open: OpenMessages): void {
  test('[STORE-44] a read brings the states of exactly the entries of its page, in seq order', async () => {
    await using world = await open();
    const body = `{"t":"${'x'.repeat(92)}"}`;
    await append(world.messages, C, makeEntries(10, { body }));
    for (const seq of [7, 2, 5, 3, 10]) await world.messages.putStates(C, [stateOf(seq, 10)]);
    const seqs = async (range: Parameters<typeof read>[2]) =>
      (await read(world.messages, C, range)).states.map((state) => state.seq);
    expect((await read(world.messages, C)).states).toEqual([2, 3, 5, 7, 10].map((seq) => stateOf(seq, 10)));
    expect(await seqs({ after: 2, to: 5 })).toEqual([3, 5]);
    expect(await seqs({ after: 7, to: 9 })).toEqual([]);
    // Cut by `limit` and by `maxBytes`, before and at a changed message.
    expect(await seqs({ after: 3, limit: 1 })).toEqual([]);
    expect(await seqs({ after: 3, limit: 2 })).toEqual([5]);
    expect(await seqs({ after: 0, maxBytes: 150 })).toEqual([2]);
    expect(await seqs({ after: 0, maxBytes: 250 })).toEqual([2, 3]);
    expect(await seqs({ after: 5, maxBytes: 0 })).toEqual([]);
    expect(await seqs({ after: 10 })).toEqual([]);
  });

  test('[STORE-45] a page of many changed messages has all their states', async () => {
    await using world = await open();
    for (let turn = 0; turn < 3; turn++) await append(world.messages, C, makeEntries(200));
    const all = Array.from({ length: 600 }, (_, index) => stateOf(index + 1, 600));
    await world.messages.putStates(C, all);
    expect((await read(world.messages, C)).states).toEqual(all);
    expect((await read(world.messages, C, { after: 100, limit: 300 })).states).toEqual(all.slice(100, 400));
  });

  test('[STORE-46] a read during changes sees a state no older than what was put before it', async () => {
    await using world = await open();
    const { messages } = world;
    await append(messages, C, makeEntries(1));
    let [done, asOf] = [0, 0];
    const writing = (async () => {
      for (let seq = 2; seq <= 40; seq++) {
        await append(messages, C, [makeEntry()]);
        await messages.putStates(C, [stateOf(1, seq)]);
        done = seq;
      }
    })();
    while (asOf < 40) {
      const known = done;
      const page = await read(messages, C);
      const found = page.states[0]?.asOf ?? 0;
      expect(found).toBeGreaterThanOrEqual(Math.max(known, asOf));
      // From one snapshot: a state is written after the entry that it folds in.
      expect(page.head).toBeGreaterThanOrEqual(found);
      asOf = found;
    }
    await writing;
  });
}
