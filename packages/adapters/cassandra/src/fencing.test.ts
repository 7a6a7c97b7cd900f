// The fence on the real engine: two owners, late batches, bucket edges [DESIGN 3b]. Each rule was broken once to see it.
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import {
  ALICE,
  append,
  BOB,
  claim,
  conversationId,
  makeEntries,
  makeEntry,
  read,
  stored,
  token,
} from '@parley/ports/conformance/fixture';
import { describeWithEngine } from '@parley/ports/conformance/engine';
import type { MessageStore, NewEntry, Token } from '@parley/ports/message-store';
import { storeOn } from './testing/store-on.ts';
import { REAL_RANDOMNESS, TestKeyspace } from './testing/test-keyspace.ts';
import { type Mischief, MischiefSession } from './testing/test-sessions.ts';

setDefaultTimeout(60_000);

const ROUNDS_COUNT = 300;
const HOUR_MS = 3_600_000;

let conversations = 700;
const newConversation = () => conversationId((conversations += 1));
const randomToken = () => REAL_RANDOMNESS.bytes(8).toHex() as Token;
const below = (count: number) => Math.floor(REAL_RANDOMNESS.fraction() * count);

/** An owner that goes on until it made all its rounds; what it is told goes into `acked` and `refused`. */
async function own(
  messages: MessageStore,
  conversation: ReturnType<typeof newConversation>,
  told: { readonly acked: Map<number, NewEntry>; readonly refused: NewEntry[] },
): Promise<void> {
  let mine: { token: Token; head: number } | undefined;
  for (let round = 0; round < ROUNDS_COUNT; round += 1) {
    if (mine === undefined) {
      const as = randomToken();
      const outcome = await messages.claim(conversation, as);
      if (outcome.kind === 'claimed') mine = { token: as, head: outcome.head };
      continue;
    }
    const { token: as, head } = mine;
    const entries = Array.from({ length: 1 + below(3) }, () =>
      makeEntry({
        sender: below(2) === 0 ? ALICE : BOB,
        kind: below(4) === 0 ? 'reaction_added' : 'message',
      }),
    );
    const outcome = await messages.append(conversation, as, head, entries);
    if (outcome.kind === 'applied') {
      entries.forEach((entry, index) => told.acked.set(head + 1 + index, entry));
      mine = { token: as, head: outcome.head };
    } else {
      if (outcome.kind === 'refused') told.refused.push(...entries);
      mine = undefined;
    }
  }
}

describeWithEngine('cassandra', (url) => {
  let keyspace: TestKeyspace;
  beforeAll(async () => {
    keyspace = await TestKeyspace.make(url);
  });
  afterAll(() => keyspace[Symbol.asyncDispose]());
  const store = (size: number, now?: () => number) =>
    storeOn(new MischiefSession(keyspace.client), size, now);

  test('[INV 2] [INV 3] [INV 9] two owners racing over bucket edges: no seq twice, no hole, no false ack, no false refusal', async () => {
    const conversation = newConversation();
    const told = { acked: new Map<number, NewEntry>(), refused: [] as NewEntry[] };
    await Promise.all([own(store(8), conversation, told), own(store(8), conversation, told)]);
    const page = await read(store(8), conversation);
    expect(page.entries.map((entry) => entry.seq)).toEqual(
      Array.from({ length: page.head }, (_, at) => at + 1),
    );
    expect(told.acked.size).toBeGreaterThan(50);
    expect(told.refused.length).toBeGreaterThan(5);
    const [byId, refused] = [new Set<string>(), new Set(told.refused.map((entry) => entry.messageId))];
    for (const { from, seq, ...entry } of page.entries) {
      expect([from, byId.has(entry.messageId), refused.has(entry.messageId)]).toEqual([seq, false, false]);
      byId.add(entry.messageId);
      expect(told.acked.get(seq) ?? entry).toEqual(entry);
    }
    expect(Math.max(...told.acked.keys())).toBeLessThanOrEqual(page.head);
    // The counts are made by the owners' memory of the log.
    for (const seq of [0, 1, page.head >> 1, page.head - 1]) {
      const { others } = (await store(8).othersAfter(ALICE, [{ conversation, seq }])).get(conversation)!;
      const counted = page.entries.filter(
        (entry) => entry.seq > seq && entry.sender === BOB && entry.kind === 'message',
      );
      expect(others).toBe(counted.length);
    }
  });

  test('[DESIGN 3b] a claim ends in a bucket that is not full: an append that began before it is refused', async () => {
    const conversation = newConversation();
    const [session, other] = [new MischiefSession(keyspace.client), store(4)];
    const stale = storeOn(session, 4);
    await claim(stale, conversation, token(1));
    const first = makeEntries(3);
    expect((await stale.append(conversation, token(1), 0, first)).kind).toBe('applied');
    // The bucket is full, and its owner has looked and is about to open the next one.
    session.next.push(async (issue) => {
      expect(await other.claim(conversation, token(2))).toEqual({ kind: 'claimed', head: 3, floor: 0 });
      return issue();
    });
    expect((await stale.append(conversation, token(1), 3, makeEntries(1))).kind).toBe('refused');
    const [mine] = makeEntries(1);
    expect(await other.append(conversation, token(2), 3, [mine!])).toEqual({ kind: 'applied', head: 4 });
    expect((await read(other, conversation)).entries).toEqual(stored(0, [...first, mine!]));
  });

  test('[DESIGN 3b] only the owner of a full bucket opens the next one by an append', async () => {
    const conversation = newConversation();
    const messages = store(4);
    await claim(messages, conversation, token(1));
    await messages.append(conversation, token(1), 0, makeEntries(2));
    await claim(messages, conversation, token(2));
    expect((await messages.append(conversation, token(2), 2, makeEntries(1))).kind).toBe('applied');
    for (const stale of [messages, store(4)])
      expect((await stale.append(conversation, token(1), 3, makeEntries(1))).kind).toBe('refused');
    expect(await messages.append(conversation, token(2), 3, makeEntries(1))).toEqual({
      kind: 'applied',
      head: 4,
    });
  });

  test('[INV 6] [DESIGN 3b] duplicates are found in every bucket that was written to in the last 25 h', async () => {
    const conversation = newConversation();
    let now = 1_700_000_000_000;
    const before = store(4, () => now);
    const entries = makeEntries(2);
    await append(before, conversation, entries);
    now += 30 * HOUR_MS;
    // Bucket 0 was opened long ago, and is written to now for the last time.
    entries.push(...makeEntries(1));
    await append(before, conversation, entries.slice(2));
    for (const count of [4, 4]) await append(before, conversation, makeEntries(count));
    now += HOUR_MS;
    for (const messages of [before, store(4, () => now)]) {
      expect(await messages.append(conversation, token(1), 11, [makeEntry(), entries[2]!])).toEqual({
        kind: 'refused',
        reason: { kind: 'duplicate', existing: stored(0, entries).slice(2) },
      });
      expect(await messages.find(conversation, entries[2]!.sender, [entries[2]!.clientMsgId])).toEqual(
        stored(0, entries).slice(2),
      );
    }
  });

  /** Answers `unknown`, and lets the batch take effect while the adapter waits to issue it again. */
  const late: Mischief[] = [
    async () => 'unknown',
    async (issue) => {
      expect(await issue()).toBe('applied');
      return issue();
    },
  ];
  const unknowns: readonly (readonly [string, readonly Mischief[], number])[] = [
    ['landed', [async (issue) => ((await issue()) === 'applied' ? 'unknown' : 'refused')], 1],
    ['did not land: it is issued again, byte for byte', [async () => 'unknown'], 2],
    ['was not there when looked for, and landed before it was issued again', late, 2],
  ];
  for (const [name, next, issues] of unknowns) {
    for (const count of [1, 3]) {
      test(`[INV 9] [DESIGN 3b] an append of ${count} whose outcome is unknown ${name}: it is there once, and said so`, async () => {
        const conversation = newConversation();
        const session = new MischiefSession(keyspace.client);
        const messages = storeOn(session, 4);
        await claim(messages, conversation, token(1));
        const before = makeEntries(3);
        // Also where the append opens a bucket.
        const all = count === 1 ? [] : before;
        if (all.length > 0) await messages.append(conversation, token(1), 0, all);
        const entries = makeEntries(count);
        session.asked.length = 0;
        session.next.push(...next);
        expect(await messages.append(conversation, token(1), all.length, entries)).toEqual({
          kind: 'applied',
          head: all.length + count,
        });
        expect(session.asked).toHaveLength(issues);
        expect(new Set(session.asked).size).toBe(1);
        expect((await read(messages, conversation)).entries).toEqual(stored(0, [...all, ...entries]));
      });
    }
  }

  test('[INV 9] [DESIGN 3b] an append that was overtaken while its outcome was unknown is refused, and never lands', async () => {
    const conversation = newConversation();
    const session = new MischiefSession(keyspace.client);
    const [messages, other] = [storeOn(session, 4), store(4)];
    await claim(messages, conversation, token(1));
    let late = () => Promise.resolve<unknown>(undefined);
    session.next.push(async (issue) => {
      late = issue;
      await claim(other, conversation, token(2));
      return 'unknown';
    });
    expect(await messages.append(conversation, token(1), 0, makeEntries(2))).toEqual({
      kind: 'refused',
      reason: { kind: 'fenced', state: { token: token(2), head: 0, floor: 0 } },
    });
    expect(await late()).toBe('refused');
    expect((await read(other, conversation)).entries).toEqual([]);
  });

  test('[INV 9] an append that stays unknown is answered so, and not as refused', async () => {
    const conversation = newConversation();
    const session = new MischiefSession(keyspace.client);
    const messages = storeOn(session, 4);
    await claim(messages, conversation, token(1));
    for (let issue = 0; issue < 1_000; issue += 1) session.next.push(async () => 'unknown');
    expect(await messages.append(conversation, token(1), 0, makeEntries(2))).toEqual({ kind: 'unknown' });
  });

  test('a claim whose outcome is unknown is decided by its token', async () => {
    const conversation = newConversation();
    const session = new MischiefSession(keyspace.client);
    const messages = storeOn(session, 4);
    session.next.push(async (issue) => ((await issue()) === 'applied' ? 'unknown' : 'refused'));
    expect(await messages.claim(conversation, token(1))).toEqual({ kind: 'claimed', head: 0, floor: 0 });
    session.next.push(async () => 'unknown');
    expect(await messages.claim(conversation, token(2))).toEqual({ kind: 'unknown' });
    expect((await messages.state(conversation)).token).toBe(token(1));
  });
});
