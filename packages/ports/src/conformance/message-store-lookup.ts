// Message store: an entry by its message id, and when somebody last wrote.
import { expect, test } from 'bun:test';
import {
  ALICE,
  append,
  BOB,
  CAROL,
  conversationId,
  LARGEST_ID,
  makeEntries,
  makeEntry,
  messageId,
  stored,
  token,
} from './fixture.ts';
import type { Open, Opened } from './opened.ts';

const C = conversationId(500);
const D = conversationId(LARGEST_ID);
type OpenMessages = Open<Opened<'messages'>>;

export function lookupRules(open: OpenMessages): void {
  test('[STORE-52] an entry is found by its message id in whatever conversation it is, while it is kept', async () => {
    await using world = await open();
    const { messages } = world;
    const [first, second] = [makeEntries(3), makeEntries(2)];
    const largest = makeEntry({ messageId: messageId(LARGEST_ID), kind: 'group_renamed' });
    await append(messages, C, first);
    await append(messages, D, [...second, largest]);
    const located = async (id: string) => messages.locate(messageId(id));
    for (const entry of stored(0, first)) {
      expect(await located(entry.messageId)).toEqual({ conversation: C, entry });
    }
    for (const entry of stored(0, [...second, largest])) {
      expect(await located(entry.messageId)).toEqual({ conversation: D, entry });
    }
    expect(await messages.locate(messageId(LARGEST_ID - 1n))).toBeUndefined();
    await messages.drop(C, 2);
    const ids = first.map((entry) => messages.locate(entry.messageId));
    expect((await Promise.all(ids)).map((found) => found?.entry.seq)).toEqual([undefined, undefined, 3]);
  });

  test('[STORE-53] lastSentAt is the time of the last message that a user wrote here, of no change and of no other', async () => {
    await using world = await open();
    const { messages } = world;
    const last = (sender = ALICE, conversation = C) => messages.lastSentAt(conversation, sender);
    expect(await last()).toBeUndefined();
    await append(messages, C, [makeEntry({ at: 10 }), makeEntry({ at: 20, sender: BOB })]);
    await append(messages, C, [makeEntry({ at: 30 }), makeEntry({ at: 40, kind: 'message_edited' })]);
    await append(messages, D, [makeEntry({ at: 50 })]);
    expect([await last(), await last(BOB), await last(CAROL)]).toEqual([30, 20, undefined]);
    expect([await last(ALICE, D), await last(BOB, D)]).toEqual([50, undefined]);
    // By the log's order, whatever the clocks of the nodes said.
    await append(messages, C, [makeEntry({ at: 25 })]);
    expect(await last()).toBe(25);
  });

  test('[STORE-54] lastSentAt knows no time where none of the messages is kept, and counts no append that was refused', async () => {
    await using world = await open();
    const { messages } = world;
    const last = (sender = ALICE) => messages.lastSentAt(C, sender);
    const written = makeEntry({ at: 10 });
    await append(messages, C, [written, makeEntry({ at: 20, sender: BOB })]);
    const again = await messages.append(C, token(1), 2, [makeEntry({ at: 30 }), written]);
    expect(again).toMatchObject({ kind: 'refused', reason: { kind: 'duplicate' } });
    expect((await messages.append(C, token(9), 2, [makeEntry({ at: 40 })])).kind).toBe('refused');
    expect(await last()).toBe(10);
    await messages.drop(C, 1);
    expect([await last(), await last(BOB)]).toEqual([undefined, 20]);
    await append(messages, C, makeEntries(1, { at: 50 }));
    expect(await last()).toBe(50);
  });
}
