// Message store: reading by range and by client_msg_id, and text that must come back as it went in.
import { expect, test } from 'bun:test';
import {
  ALICE,
  append,
  BOB,
  bySeq,
  claim,
  clientMsgId,
  conversationId,
  LARGEST_ID,
  makeEntries,
  makeEntry,
  messageId,
  read,
  stored,
  token,
  userId,
} from './fixture.ts';
import type { Open, Opened } from './opened.ts';

const C = conversationId(500);
type OpenMessages = Open<Opened<'messages'>>;

/** A JSON object of exactly so many characters. */
const bodyOf = (length: number) => `{"t":"${'x'.repeat(length - 8)}"}`;

export function readRules(open: OpenMessages): void {
  test('[STORE-19] a read sees what was applied before it, and every reader the same', async () => {
    await using world = await open();
    const entries = makeEntries(10);
    for (const [index, entry] of entries.entries()) {
      await append(world.messages, C, [entry]);
      const pages = await Promise.all([read(world.messages, C), read(world.messages, C, { after: index })]);
      expect(pages[0]).toEqual({
        entries: stored(0, entries.slice(0, index + 1)),
        states: [],
        head: index + 1,
        floor: 0,
      });
      expect(pages[1]).toEqual({ entries: stored(index, [entry]), states: [], head: index + 1, floor: 0 });
    }
  });

  test('[STORE-20] reads while appends run see a prefix without holes that ends at the head they name', async () => {
    await using world = await open();
    await claim(world.messages, C, token(1));
    const writing = (async () => {
      for (let turn = 0; turn < 20; turn++) await append(world.messages, C, makeEntries(3));
    })();
    let head = 0;
    while (head < 60) {
      const page = await read(world.messages, C);
      expect(page.entries.map((entry) => entry.seq)).toEqual(
        Array.from({ length: page.head }, (_, at) => at + 1),
      );
      expect(page.head).toBeGreaterThanOrEqual(head);
      expect(page.head % 3).toBe(0);
      head = page.head;
    }
    await writing;
  });
}

export function rangeRules(open: OpenMessages): void {
  test('[STORE-21] a read takes the rows after `after` up to `to`, clamped to floor < seq <= head', async () => {
    await using world = await open();
    await append(world.messages, C, makeEntries(10));
    await world.messages.drop(C, 3);
    const seqs = async (after: number, to: number) => {
      const page = await read(world.messages, C, { after, to });
      expect([page.head, page.floor]).toEqual([10, 3]);
      return page.entries.map((entry) => entry.seq);
    };
    expect(await seqs(0, 1_000)).toEqual([4, 5, 6, 7, 8, 9, 10]);
    expect(await seqs(5, 7)).toEqual([6, 7]);
    expect(await seqs(6, 7)).toEqual([7]);
    expect(await seqs(0, 4)).toEqual([4]);
    expect(await seqs(0, 3)).toEqual([]);
    expect(await seqs(7, 7)).toEqual([]);
    expect(await seqs(8, 6)).toEqual([]);
    expect(await seqs(9, 10)).toEqual([10]);
    expect(await seqs(10, 20)).toEqual([]);
    expect(await seqs(Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)).toEqual([]);
  });

  test('[STORE-22] a read brings at most `limit` rows, the first ones', async () => {
    await using world = await open();
    await append(world.messages, C, makeEntries(10));
    for (const limit of [1, 3, 10, 11]) {
      const page = await read(world.messages, C, { after: 2, limit });
      const expected = [3, 4, 5, 6, 7, 8, 9, 10].slice(0, limit);
      expect(page.entries.map((entry) => entry.seq)).toEqual(expected);
      expect(page.head).toBe(10);
    }
  });

  test('[STORE-23] a read stops after the row that passes `maxBytes`, and brings at least one', async () => {
    await using world = await open();
    const entries = [100, 100, 5_000, 100, 100].map((length) => makeEntry({ body: bodyOf(length) }));
    await append(world.messages, C, entries);
    const seqs = async (after: number, maxBytes: number) =>
      (await read(world.messages, C, { after, maxBytes })).entries.map((entry) => entry.seq);
    expect(await seqs(0, 0)).toEqual([1]);
    expect(await seqs(0, 99)).toEqual([1]);
    expect(await seqs(0, 101)).toEqual([1, 2]);
    expect(await seqs(0, 250)).toEqual([1, 2, 3]);
    expect(await seqs(2, 10)).toEqual([3]);
    expect(await seqs(3, 150)).toEqual([4, 5]);
    expect(await seqs(0, 5_399)).toEqual([1, 2, 3, 4, 5]);
    expect(await seqs(0, 5_401)).toEqual([1, 2, 3, 4, 5]);
  });
}

const TEXTS: Readonly<Record<string, string>> = {
  'emoji, combining marks and right-to-left': 'שלום 👩‍👩‍👧‍👦 e\u0301 🇪🇺 \u202Eabc\u202C',
  'a lone surrogate': 'a\ud83dz\udc00',
  'U+0000 and other controls': 'a\u0000b\u0001\u001f\u007f\u2028\u2029\ufeff',
  'quotes and what looks like SQL': `'"\`); DROP TABLE entries; -- ?1 :a $b \\`,
  '64 KB': '€'.repeat(21_845),
  'non-characters and the last code point': '\ufffe\uffff\u{10ffff}',
};

export function textRules(open: OpenMessages): void {
  for (const [name, text] of Object.entries(TEXTS)) {
    test(`[STORE-24] a body comes back byte for byte: ${name}`, async () => {
      await using world = await open();
      const entry = makeEntry({ body: JSON.stringify({ content: { kind: 'text', text } }) });
      await append(world.messages, C, [makeEntry(), entry]);
      const page = await read(world.messages, C, { after: 1 });
      expect(page.entries).toEqual(stored(1, [entry]));
      const content: unknown = JSON.parse(page.entries[0]!.body);
      expect(content).toEqual({ content: { kind: 'text', text } });
      expect(await world.messages.find(C, ALICE, [entry.clientMsgId])).toEqual(stored(1, [entry]));
    });
  }

  test('[STORE-25] ids up to 2^63 - 1 keep all their digits, and neighbours are not mixed up', async () => {
    await using world = await open();
    const near = [LARGEST_ID, LARGEST_ID - 1n, LARGEST_ID - 2n, 2n ** 53n, 2n ** 53n + 1n];
    const written = near.map((id) =>
      makeEntry({
        messageId: messageId(id),
        sender: userId(id),
        clientMsgId: clientMsgId('one-and-the-same'),
      }),
    );
    for (const id of near) await append(world.messages, conversationId(id), written);
    for (const id of near) {
      expect((await read(world.messages, conversationId(id))).entries).toEqual(stored(0, written));
      const found = await world.messages.find(conversationId(id), userId(LARGEST_ID - 1n), [
        clientMsgId('one-and-the-same'),
      ]);
      expect(found).toEqual(stored(0, written).slice(1, 2));
    }
  });

  test('[STORE-26] every field comes back: kind, times far away, the longest and oddest client_msg_id', async () => {
    await using world = await open();
    const entries = [
      makeEntry({ kind: 'a_kind_of_a_later_version', at: 0 }),
      makeEntry({ at: Number.MAX_SAFE_INTEGER, body: '{}' }),
      makeEntry({ clientMsgId: clientMsgId('Z'.repeat(64)) }),
      makeEntry({ clientMsgId: clientMsgId('0') }),
      makeEntry({ clientMsgId: clientMsgId('00') }),
      makeEntry({ clientMsgId: clientMsgId('_.:-') }),
    ];
    await append(world.messages, C, entries);
    expect((await read(world.messages, C)).entries).toEqual(stored(0, entries));
  });
}

export function findRules(open: OpenMessages): void {
  test('[STORE-27] find brings the kept entries of one sender in one conversation, and only those asked for', async () => {
    await using world = await open();
    const entries = [makeEntry(), makeEntry({ sender: BOB }), makeEntry(), makeEntry()];
    await append(world.messages, C, entries);
    await append(world.messages, conversationId(501), [makeEntry()]);
    const ids = entries.map((entry) => entry.clientMsgId);
    const all = stored(0, entries);
    const find = async (...asked: Parameters<typeof world.messages.find>) =>
      bySeq(await world.messages.find(...asked));
    expect(await find(C, ALICE, ids)).toEqual([all[0]!, all[2]!, all[3]!]);
    expect(await find(C, BOB, ids)).toEqual([all[1]!]);
    expect(await find(C, ALICE, [clientMsgId('unknown'), ids[3]!])).toEqual([all[3]!]);
    expect(await find(conversationId(501), ALICE, ids)).toEqual([]);
    expect(await find(C, ALICE, [])).toEqual([]);
    await world.messages.drop(C, 3);
    expect(await find(C, ALICE, ids)).toEqual([all[3]!]);
  });
}
