// Message store: closing it, and what a restart must keep.
import { expect, test } from 'bun:test';
import { ERASED_BODY } from '../message-store.ts';
import {
  append,
  claim,
  conversationId,
  LARGEST_ID,
  makeEntries,
  makeEntry,
  read,
  rejection,
  stored,
  token,
} from './fixture.ts';
import { acrossRestart, type Open, type Opened, type Reopen } from './opened.ts';

const C = conversationId(LARGEST_ID);

export function closingRules(open: Open<Opened<'messages'>>): void {
  test('[STORE-33] closing settles every call that was made, and an append afterwards is refused', async () => {
    const world = await open();
    const conversations = Array.from({ length: 10 }, (_, index) => conversationId(600 + index));
    for (const conversation of conversations) await claim(world.messages, conversation, token(1));
    const calls = conversations.map((each) => world.messages.append(each, token(1), 0, [makeEntry()]));
    const [outcomes] = await Promise.all([Promise.all(calls), world[Symbol.asyncDispose]()]);
    expect(outcomes).toHaveLength(10);
    expect(await world.messages.append(conversations[0]!, token(1), 1, [makeEntry()])).toEqual({
      kind: 'refused',
      reason: { kind: 'unavailable' },
    });
    await rejection(() => read(world.messages, conversations[0]!));
  });
}

export function durabilityRules<World extends Opened<'messages'>>(
  open: Open<World>,
  reopen: Reopen<World>,
): void {
  test('[STORE-34] entries, head, floor, token and log id survive a restart', async () => {
    const entries = makeEntries(6);
    let logId = '';
    await acrossRestart({
      open,
      reopen,
      before: async ({ messages }) => {
        logId = messages.logId;
        await append(messages, C, entries);
        await messages.drop(C, 2);
        await claim(messages, C, token(7));
      },
      after: async ({ messages }) => {
        expect(messages.logId).toBe(logId);
        expect(await messages.state(C)).toEqual({ token: token(7), head: 6, floor: 2 });
        expect(await read(messages, C)).toEqual({
          entries: stored(0, entries).slice(2),
          states: [],
          head: 6,
          floor: 2,
        });
        expect(await messages.append(C, token(7), 6, [makeEntry()])).toEqual({ kind: 'applied', head: 7 });
      },
    });
  });

  test('[STORE-35] duplicates, find and olderThan work on what was written before a restart', async () => {
    const entries = makeEntries(3);
    await acrossRestart({
      open,
      reopen,
      before: async ({ messages }) => {
        await append(messages, C, entries);
      },
      after: async ({ messages }) => {
        const known = stored(0, entries).slice(1, 2);
        expect(await messages.append(C, token(1), 3, [makeEntry(), entries[1]!])).toEqual({
          kind: 'refused',
          reason: { kind: 'duplicate', existing: known },
        });
        expect(await messages.find(C, entries[1]!.sender, [entries[1]!.clientMsgId])).toEqual(known);
        expect(await messages.olderThan(entries[0]!.at + 1, 10)).toEqual([C]);
      },
    });
  });

  test('[STORE-36] a drop of everything survives: the numbering never starts again', async () => {
    await acrossRestart({
      open,
      reopen,
      before: async ({ messages }) => {
        await append(messages, C, makeEntries(5));
        await messages.drop(C, 5);
      },
      after: async ({ messages }) => {
        expect(await messages.claim(C, token(2))).toEqual({ kind: 'claimed', head: 5, floor: 5 });
        expect(await append(messages, C, [makeEntry()])).toBe(6);
      },
    });
  });

  test('[STORE-37] what was answered before a close is there afterwards, and nothing that was refused', async () => {
    const conversations = Array.from({ length: 20 }, (_, index) => conversationId(600 + index));
    const applied = new Map<string, number>();
    await acrossRestart({
      open,
      reopen,
      before: async ({ messages }) => {
        for (const each of conversations) await claim(messages, each, token(1));
        const calls = conversations.flatMap((each) =>
          [0, 0, 1].map(async (head) => {
            const outcome = await messages.append(each, token(1), head, [makeEntry()]);
            if (outcome.kind === 'applied') applied.set(each, Math.max(outcome.head, applied.get(each) ?? 0));
          }),
        );
        await Promise.all(calls);
      },
      after: async ({ messages }) => {
        for (const each of conversations) {
          const page = await read(messages, each);
          expect(page.head).toBe(applied.get(each) ?? 0);
          expect(page.entries.map((entry) => entry.seq)).toEqual([1, 2].slice(0, page.head));
        }
      },
    });
  });

  test('[STORE-48] states and erased entries survive a restart', async () => {
    const entries = makeEntries(5);
    const state = (seq: number, asOf: number) => ({ seq, asOf, body: `{"as_of":${asOf}}` });
    await acrossRestart({
      open,
      reopen,
      before: async ({ messages }) => {
        await append(messages, C, entries);
        await messages.putStates(C, [state(1, 3), state(2, 4), state(4, 5)]);
        await messages.putStates(C, [state(2, 5)]);
        await messages.erase(C, [2, 4], ERASED_BODY);
        await messages.drop(C, 1);
      },
      after: async ({ messages }) => {
        const kept = stored(0, entries).slice(1);
        const erased = kept.map((row) => (row.seq % 2 === 0 ? { ...row, body: ERASED_BODY } : row));
        const states = [state(2, 5), state(4, 5)];
        expect(await read(messages, C)).toEqual({ entries: erased, states, head: 5, floor: 1 });
        await messages.putStates(C, [state(2, 5), state(4, 4)]);
        expect(await messages.states(C, [1, 2, 3, 4])).toEqual(states);
      },
    });
  });
}
