// One append, driven to an outcome that can be told: after an unknown, the row after the head decides.
import { expect, test } from 'bun:test';
import type {
  AppendOutcome,
  LogState,
  MessageStore,
  NewEntry,
  Page,
  StoredEntry,
  Token,
} from '@parley/ports/message-store';
import type { ConversationId } from '@parley/protocol/ids';
import { appendDurably, type Decided } from './durable-append.ts';
import { SETTLE_ATTEMPTS_MAX_COUNT } from './limits.ts';

const TOKEN = 'mine' as Token;
const conversation = '70' as ConversationId;

function entry(messageId: string): NewEntry {
  return {
    kind: 'message',
    messageId,
    sender: '1',
    clientMsgId: `c-${messageId}`,
    at: 1,
    body: '{}',
  } as NewEntry;
}

const ENTRIES = [entry('11'), entry('12')];
const refused = (kind: 'storage_full' | 'unavailable'): AppendOutcome => ({
  kind: 'refused',
  reason: { kind },
});
const UNKNOWN: AppendOutcome = { kind: 'unknown' };

/** Each append takes the next outcome; `landsAt` says after which of them the entries are in the log. */
class Store implements Pick<MessageStore, 'append' | 'state' | 'read'> {
  appends = 0;
  readonly #outcomes: readonly AppendOutcome[];
  readonly #looks: (look: number) => LogState & { readonly first?: NewEntry };
  #look = 0;

  constructor(
    outcomes: readonly AppendOutcome[],
    looks: (look: number) => LogState & { readonly first?: NewEntry },
  ) {
    this.#outcomes = outcomes;
    this.#looks = looks;
  }

  append(
    _conversation: ConversationId,
    token: Token,
    head: number,
    entries: readonly NewEntry[],
  ): Promise<AppendOutcome> {
    expect([token, head, entries]).toEqual([TOKEN, 5, ENTRIES]);
    return Promise.resolve(this.#outcomes[this.appends++] ?? UNKNOWN);
  }

  state(): Promise<LogState> {
    return Promise.resolve(this.#looks((this.#look += 1)));
  }

  read(): Promise<Page> {
    const { first, head, floor } = this.#looks(this.#look);
    const entries: StoredEntry[] = first === undefined ? [] : [{ ...first, from: 6, seq: 6 }];
    return Promise.resolve({ entries, states: [], head, floor });
  }
}

function decide(store: Store): Promise<Decided> {
  return appendDurably({
    store: store as MessageStore & Store,
    conversation,
    token: TOKEN,
    head: 5,
    entries: ENTRIES,
  });
}

const before = { token: TOKEN, head: 5, floor: 0 };
const landed = { token: TOKEN, head: 7, floor: 0, first: ENTRIES[0] as NewEntry };

test('[INV 9] a refusal without an unknown before it is the outcome, and nothing is looked up', async () => {
  const never = () => {
    throw new Error('looked');
  };
  for (const kind of ['storage_full', 'unavailable'] as const) {
    expect(await decide(new Store([refused(kind)], never))).toEqual({ kind: 'refused', reason: kind });
  }
});

test('[INV 9] a refusal of the second try does not hide that the first one landed', async () => {
  for (const second of [
    refused('unavailable'),
    { kind: 'refused', reason: { kind: 'fenced', state: landed } } as const,
  ]) {
    const store = new Store([UNKNOWN, second], (look) => (look === 1 ? before : landed));
    expect(await decide(store)).toEqual({ kind: 'applied' });
  }
});

test('[INV 9] a refusal of the second try stands when the first one is looked up and did not land', async () => {
  const store = new Store([UNKNOWN, refused('storage_full')], () => before);
  expect(await decide(store)).toEqual({ kind: 'refused', reason: 'storage_full' });
});

test('[INV 2] entries of somebody else after the head, or a token that changed: fenced', async () => {
  const other = { token: 'other' as Token, head: 7, floor: 0, first: entry('99') };
  expect(await decide(new Store([UNKNOWN], () => other))).toEqual({ kind: 'fenced' });
  expect(await decide(new Store([UNKNOWN], () => ({ ...before, token: 'other' as Token })))).toEqual({
    kind: 'fenced',
  });
  // Landed, and then somebody took over: it is stored all the same.
  const after = { token: 'other' as Token, head: 9, floor: 0, first: ENTRIES[0] as NewEntry };
  expect(await decide(new Store([UNKNOWN], () => after))).toEqual({ kind: 'applied' });
});

test('[INV 9] what stays unknown is given up as unknown after a bounded number of tries', async () => {
  const store = new Store([], () => before);
  expect(await decide(store)).toEqual({ kind: 'unknown' });
  expect(store.appends).toBe(SETTLE_ATTEMPTS_MAX_COUNT);
});
