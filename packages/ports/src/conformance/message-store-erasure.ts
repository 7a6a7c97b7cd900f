// Message store: erasing bodies for good, while the rows keep their place and their names.
import { expect, test } from 'bun:test';
import { ERASED_BODY, type StoredEntry } from '../message-store.ts';
import {
  ALICE,
  append,
  claim,
  conversationId,
  makeEntries,
  makeEntry,
  read,
  stored,
  token,
} from './fixture.ts';
import type { Open, Opened } from './opened.ts';

const C = conversationId(500);

const erased = (rows: readonly StoredEntry[], seqs: readonly number[], body = ERASED_BODY): StoredEntry[] =>
  rows.map((row) => (seqs.includes(row.seq) ? { ...row, body } : row));

export function erasureRules(open: Open<Opened<'messages'>>): void {
  test('[STORE-47] erase replaces the bodies of these entries and nothing else', async () => {
    await using world = await open();
    const { messages } = world;
    const entries = [makeEntry(), makeEntry({ body: `{"t":"${'x'.repeat(20_000)}"}` }), ...makeEntries(4)];
    entries.push(makeEntry({ kind: 'message_edited' }));
    const other = conversationId(501);
    for (const each of [C, other]) await append(messages, each, entries);
    const ofEdit = '{"content":{"kind":"deleted"},"target":2}';
    const state = { seq: 2, asOf: 7, body: '{"deleted":true}' };
    await messages.putStates(C, [state]);
    await messages.erase(C, [4, 2, 2], ERASED_BODY);
    await messages.erase(C, [7], ofEdit);
    const expected = erased(erased(stored(0, entries), [2, 4]), [7], ofEdit);
    expect(await read(messages, C)).toEqual({ entries: expected, states: [state], head: 7, floor: 0 });
    expect(await messages.state(C)).toEqual({ token: token(1), head: 7, floor: 0 });
    expect((await read(messages, other)).entries).toEqual(stored(0, entries));
    expect((await messages.append(C, token(1), 7, [makeEntry()])).kind).toBe('applied');
  });

  test('[STORE-49] erase is idempotent, and ignores seqs that are unknown or dropped', async () => {
    await using world = await open();
    const { messages } = world;
    const entries = makeEntries(4);
    await append(messages, C, entries);
    await messages.drop(C, 1);
    await Promise.all([messages.erase(C, [1, 3, 99], ERASED_BODY), messages.erase(C, [3], ERASED_BODY)]);
    await messages.erase(C, [3], ERASED_BODY);
    await messages.erase(C, [], ERASED_BODY);
    await messages.erase(conversationId(502), [1], ERASED_BODY);
    const expected = erased(stored(0, entries), [3]).slice(1);
    expect(await read(messages, C)).toEqual({ entries: expected, states: [], head: 4, floor: 1 });
    expect(await messages.state(conversationId(502))).toEqual({ token: undefined, head: 0, floor: 0 });
  });

  test('[STORE-50] an erased entry is still found and still a duplicate, with the erased body', async () => {
    await using world = await open();
    const { messages } = world;
    const entries = makeEntries(3);
    await append(messages, C, entries);
    await messages.erase(C, [2], ERASED_BODY);
    await claim(messages, C, token(2));
    const [found] = erased(stored(0, entries), [2]).slice(1);
    expect(await messages.find(C, ALICE, [entries[1]!.clientMsgId])).toEqual([found!]);
    expect(await messages.append(C, token(2), 3, [entries[1]!])).toEqual({
      kind: 'refused',
      reason: { kind: 'duplicate', existing: [found!] },
    });
  });

  test('[STORE-51] erased and changed entries are dropped like any other', async () => {
    await using world = await open();
    const { messages } = world;
    await append(messages, C, makeEntries(3));
    await messages.putStates(C, [{ seq: 2, asOf: 3, body: '{}' }]);
    await messages.erase(C, [1, 2], ERASED_BODY);
    await messages.drop(C, 3);
    expect(await read(messages, C)).toEqual({ entries: [], states: [], head: 3, floor: 3 });
    expect(await append(messages, C, makeEntries(1))).toBe(4);
  });
}
