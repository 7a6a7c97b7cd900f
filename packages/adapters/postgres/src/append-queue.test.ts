// Appends that wait share a commit, and nothing else.
import { expect, spyOn, test } from 'bun:test';
import { describeWithEngine } from '@parley/ports/conformance/engine';
import {
  claim,
  conversationId,
  makeEntries,
  makeEntry,
  read,
  rejection,
  stored,
  token,
} from '@parley/ports/conformance/fixture';
import type { NewEntry } from '@parley/ports/message-store';
import { AppendQueue, LANES_MAX_COUNT, QUEUED_MAX_BYTES } from './append-queue.ts';
import { Database } from './database.ts';
import { STATEMENT_TIMEOUT_MS } from './open-postgres.ts';
import { testWorlds, type World } from './test-worlds.ts';

const conversations = Array.from({ length: 40 }, (_, index) => conversationId(500 + index * 7));
const UNAVAILABLE = { kind: 'refused', reason: { kind: 'unavailable' } };

async function openQueue(world: World) {
  const database = new Database({ ...world.options, statementTimeoutMs: STATEMENT_TIMEOUT_MS });
  const writes = spyOn(database, 'write');
  const queue = new AppendQueue(database);
  for (const each of conversations) await claim(world.messages, each, token(1));
  const append = (index: number, expectedHead: number, entries: readonly NewEntry[]) =>
    queue.append({
      conversation: conversations[index] ?? conversationId(1),
      token: token(1),
      expectedHead,
      entries,
    });
  return { queue, writes, append, [Symbol.asyncDispose]: () => database[Symbol.asyncDispose]() };
}

describeWithEngine('postgres', (url) => {
  const { open } = testWorlds(url);

  test('appends of one turn are one statement, and those that come meanwhile are the next', async () => {
    await using world = await open();
    await using opened = await openQueue(world);
    const { append, writes } = opened;
    const first = conversations.map((_, index) => append(index, 0, [makeEntry()]));
    expect((await Promise.all(first)).every(({ kind }) => kind === 'applied')).toBe(true);
    expect(writes).toHaveBeenCalledTimes(1);
    const second = conversations.toReversed().map((_, index) => append(39 - index, 1, makeEntries(2)));
    expect((await Promise.all(second)).every(({ kind }) => kind === 'applied')).toBe(true);
    expect(writes).toHaveBeenCalledTimes(2);
  });

  test('an append that the engine cannot take throws, and those beside it are applied', async () => {
    await using world = await open();
    await using opened = await openQueue(world);
    const good = conversations.map(() => makeEntry());
    const bad = rejection(() => opened.append(7, 0, [makeEntry({ body: '"\0"' })]));
    const outcomes = await Promise.all(good.map((entry, index) => opened.append(index, 0, [entry])));
    expect(String(await bad)).toContain('invalid byte sequence');
    expect(outcomes).toEqual(good.map(() => ({ kind: 'applied', head: 1 })));
    for (const [index, entry] of good.entries()) {
      expect((await read(world.messages, conversations[index]!)).entries).toEqual(stored(0, [entry]));
    }
  });

  test('batches at the same time that name the same conversations in other orders never block each other', async () => {
    await using world = await open();
    await using one = await openQueue(world);
    await using other = await openQueue(world);
    for (let head = 0; head < 10; head += 1) {
      const outcomes = await Promise.all([
        ...conversations.map((_, index) => one.append(index, head, [makeEntry()])),
        ...conversations.map((_, index) => other.append(39 - index, head, [makeEntry()])),
      ]);
      const applied = outcomes.filter(({ kind }) => kind === 'applied');
      const fenced = outcomes.filter((each) => each.kind === 'refused' && each.reason.kind === 'fenced');
      expect([applied.length, fenced.length]).toEqual([40, 40]);
    }
  });

  test('what is beyond the bound is refused as unavailable; what was taken is written, also after closing', async () => {
    await using world = await open();
    await using opened = await openQueue(world);
    const { queue, append } = opened;
    const body = `"${'x'.repeat(QUEUED_MAX_BYTES / 32)}"`;
    const taken = conversations.slice(0, 32).map((_, index) => append(index, 0, [makeEntry({ body })]));
    expect<unknown>(await append(33, 0, [makeEntry()])).toEqual(UNAVAILABLE);
    const closed = queue.close();
    expect<unknown>(await append(34, 0, [makeEntry()])).toEqual(UNAVAILABLE);
    expect((await Promise.all(taken)).every(({ kind }) => kind === 'applied')).toBe(true);
    await closed;
    expect(opened.writes.mock.calls.length).toBeGreaterThan(LANES_MAX_COUNT);
  }, 30_000);
});
