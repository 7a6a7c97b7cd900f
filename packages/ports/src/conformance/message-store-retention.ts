// Message store: what retention drops, and how it finds what to drop.
import { expect, test } from 'bun:test';
import { append, conversationId, makeEntries, makeEntry, read, stored, token } from './fixture.ts';
import type { Open, Opened } from './opened.ts';

const C = conversationId(500);
type OpenMessages = Open<Opened<'messages'>>;

export function dropRules(open: OpenMessages): void {
  test('[STORE-28] a drop raises the floor, the rows are gone and the rest stays', async () => {
    await using world = await open();
    const entries = makeEntries(6);
    await append(world.messages, C, entries);
    await append(world.messages, conversationId(501), entries);
    await world.messages.drop(C, 4);
    expect(await world.messages.state(C)).toEqual({ token: token(1), head: 6, floor: 4 });
    expect(await read(world.messages, C)).toEqual({
      entries: stored(0, entries).slice(4),
      states: [],
      head: 6,
      floor: 4,
    });
    expect((await read(world.messages, conversationId(501))).floor).toBe(0);
  });

  test('[STORE-29] the numbering goes on after a drop, also of everything', async () => {
    await using world = await open();
    await append(world.messages, C, makeEntries(5));
    await world.messages.drop(C, 5);
    expect(await read(world.messages, C)).toEqual({ entries: [], states: [], head: 5, floor: 5 });
    const entry = makeEntry();
    expect(await append(world.messages, C, [entry])).toBe(6);
    expect(await read(world.messages, C)).toEqual({
      entries: stored(5, [entry]),
      states: [],
      head: 6,
      floor: 5,
    });
  });

  test('[STORE-30] a drop beyond the head drops up to the head, and the floor never moves back', async () => {
    await using world = await open();
    await append(world.messages, C, makeEntries(3));
    await world.messages.drop(C, 1_000_000);
    expect(await world.messages.state(C)).toEqual({ token: token(1), head: 3, floor: 3 });
    await append(world.messages, C, makeEntries(3));
    await world.messages.drop(C, 1);
    expect(await world.messages.state(C)).toEqual({ token: token(1), head: 6, floor: 3 });
    const unwritten = conversationId(501);
    await world.messages.drop(unwritten, 10);
    expect(await world.messages.state(unwritten)).toEqual({ token: undefined, head: 0, floor: 0 });
    expect(await append(world.messages, unwritten, [makeEntry()])).toBe(1);
  });

  test('[STORE-31] a drop at the same time as appends fences none of them', async () => {
    await using world = await open();
    const head = await append(world.messages, C, makeEntries(10));
    const [outcome] = await Promise.all([
      world.messages.append(C, token(1), head, makeEntries(2)),
      world.messages.drop(C, 8),
    ]);
    expect(outcome).toEqual({ kind: 'applied', head: 12 });
    const page = await read(world.messages, C);
    expect([page.floor, page.head, page.entries.length]).toEqual([8, 12, 4]);
  });
}

export function olderThanRules(open: OpenMessages): void {
  test('[STORE-32] olderThan finds the conversations whose oldest kept row is older, at most `limit`', async () => {
    await using world = await open();
    for (let index = 0; index < 5; index++) {
      const entries = [1, 2].map((part) => makeEntry({ at: 1_000 * (index + 1) + 100 * part }));
      await append(world.messages, conversationId(600 + index), entries);
    }
    const older = async (before: number, limit = 100) =>
      [...(await world.messages.olderThan(before, limit))].sort();
    expect(await older(1_100)).toEqual([]);
    expect(await older(1_101)).toEqual([conversationId(600)]);
    expect(await older(3_150)).toEqual([600, 601, 602].map(conversationId));
    expect(await older(9_000, 2)).toHaveLength(2);
    await world.messages.drop(conversationId(600), 1);
    expect(await older(1_150)).toEqual([]);
    expect(await older(1_250)).toEqual([conversationId(600)]);
    await world.messages.drop(conversationId(600), 2);
    expect(await older(9_000)).toEqual([601, 602, 603, 604].map(conversationId));
  });
}
