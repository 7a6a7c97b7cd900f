// Ids, entries and small helpers that the suites share.
import { expect } from 'bun:test';
import type {
  ClientMsgId,
  ConversationId,
  DeviceId,
  MessageId,
  SessionId,
  UserId,
} from '@parley/protocol/ids';
import type { MessageStore, NewEntry, Page, ReadRange, StoredEntry, Token } from '../message-store.ts';

export const conversationId = (id: number | bigint | string) => String(id) as ConversationId;
export const userId = (id: number | bigint | string) => String(id) as UserId;
export const deviceId = (id: number | bigint | string) => String(id) as DeviceId;
export const sessionId = (id: number | bigint | string) => String(id) as SessionId;
export const messageId = (id: number | bigint | string) => String(id) as MessageId;
export const clientMsgId = (id: string) => id as ClientMsgId;
export const token = (id: number) => id.toString(16).padStart(16, '0') as Token;

export const ALICE = userId(11);
export const BOB = userId(12);
export const CAROL = userId(13);

/** The largest id: its digits are lost by anything that takes it for a JavaScript number. */
export const LARGEST_ID = 2n ** 63n - 1n;

let made = 0;

/** An entry that no other is like, but for what the fields say. */
export function makeEntry(fields: Partial<NewEntry> = {}): NewEntry {
  made += 1;
  return {
    kind: 'message',
    messageId: messageId(1_000_000 + made),
    sender: ALICE,
    clientMsgId: clientMsgId(`c-${made}`),
    at: 1_700_000_000_000 + made,
    body: JSON.stringify({ content: { kind: 'text', text: `text ${made}` } }),
    ...fields,
  };
}

export const makeEntries = (count: number, fields: Partial<NewEntry> = {}): NewEntry[] =>
  Array.from({ length: count }, () => makeEntry(fields));

/** The entries as they are stored after a head. */
export const stored = (head: number, entries: readonly NewEntry[]): StoredEntry[] =>
  entries.map((entry, index) => ({ ...entry, from: head + 1 + index, seq: head + 1 + index }));

export const bySeq = (entries: readonly StoredEntry[]): StoredEntry[] =>
  [...entries].sort((one, other) => one.seq - other.seq);

/** Claims the conversation and fails the test if that was not granted. */
export async function claim(
  messages: MessageStore,
  conversation: ConversationId,
  as: Token,
): Promise<number> {
  const outcome = await messages.claim(conversation, as);
  if (outcome.kind !== 'claimed') throw new Error(`claim of ${conversation}: ${outcome.kind}`);
  return outcome.head;
}

/** Appends at the head that the state names, and fails the test if that was not applied. */
export async function append(
  messages: MessageStore,
  conversation: ConversationId,
  entries: readonly NewEntry[],
): Promise<number> {
  const state = await messages.state(conversation);
  const as = state.token ?? token(1);
  if (state.token === undefined) await claim(messages, conversation, as);
  expect(await messages.append(conversation, as, state.head, entries)).toEqual({
    kind: 'applied',
    head: state.head + entries.length,
  });
  return state.head + entries.length;
}

/** Reads with no bound but those that are given. */
export function read(
  messages: MessageStore,
  conversation: ConversationId,
  range: Partial<Omit<ReadRange, 'conversation'>> = {},
): Promise<Page> {
  return messages.read({
    conversation,
    after: 0,
    to: Number.MAX_SAFE_INTEGER,
    limit: 10_000,
    maxBytes: Number.MAX_SAFE_INTEGER,
    ...range,
  });
}

/** The error that a promise ends with; fails the test if it ends with a value. */
export async function rejection(call: () => Promise<unknown>): Promise<unknown> {
  try {
    await call();
  } catch (error) {
    return error;
  }
  throw new Error('it should have thrown');
}

/** Lets time pass until something holds, within a bound. */
export async function until(holds: () => boolean, pass: (ms: number) => Promise<void>): Promise<void> {
  for (let turn = 0; turn < UNTIL_MAX_TURNS; turn++) {
    if (holds()) return;
    await pass(5);
  }
  throw new Error('it did not come to hold');
}

const UNTIL_MAX_TURNS = 1_000;
