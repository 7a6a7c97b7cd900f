// Claims a conversation and brings its state into memory: the token, the head, the roster; redoes the last effects.
import type { ConversationId } from '@parley/protocol/ids';
import {
  APPEND_ENTRIES_MAX_COUNT,
  type ClaimOutcome,
  type StoredEntry,
  type Token,
} from '@parley/ports/message-store';
import { Roster } from '../group/roster.ts';
import type { Loaded } from './conversation-owner.ts';
import { doPersonalEffects } from '../reading/personal-effects.ts';
import { CLAIM_ATTEMPTS_MAX_COUNT } from './limits.ts';
import { doMessageEffects } from './message-effects.ts';
import { isLarge } from './news.ts';
import type { OwnerContext } from './owner-context.ts';

const CLAIM_PAUSE_MAX_MS = 50;

/** Undefined when it cannot be claimed now: the senders are told to try again. */
export async function loadConversation(
  conversation: ConversationId,
  context: OwnerContext,
): Promise<Loaded | undefined> {
  const record = await context.members.conversation(conversation);
  if (record === undefined) return undefined;
  const claimed = await claim(conversation, context);
  if (claimed === undefined) return undefined;
  const members = record.kind === 'direct' ? undefined : await context.members.members(conversation);
  const roster = new Roster(record, members);
  const blocked = await context.blockedSenders(record);
  const recent = await lastBatch(conversation, claimed.head, context);
  // The effects of the last batch may be missing after a crash, and they are complete before anything new is issued.
  const before = roster.active;
  const changes = recent.flatMap((entry) => roster.apply(entry) ?? []);
  if (changes.length > 0) await context.members.apply(conversation, changes);
  const { messages, personal } = context;
  await doPersonalEffects({ messages, personal, conversation, entries: recent });
  await doMessageEffects({ messages, conversation, entries: recent });
  // Also those who were removed: their devices learn of it by their inbox.
  const changed = changes.flatMap((change) => change.memberships.map((row) => row.user));
  const large = isLarge(roster, context.largeGroupMembers);
  const told = large ? changed : [...new Set([...before, ...changed])];
  if (claimed.head > 0) await context.queue.advance(conversation, claimed.head, told);
  // It may have been committed without being announced: whoever misses it, or what is before it, pulls.
  const last = recent.at(-1);
  if (last !== undefined) context.announce({ conversation, entries: [last], roster, changed: [] });
  return { kind: 'ready', token: claimed.token, head: claimed.head, lastAt: last?.at ?? 0, roster, blocked };
}

async function claim(
  conversation: ConversationId,
  context: OwnerContext,
): Promise<{ token: Token; head: number } | undefined> {
  for (let attempt = 0; attempt < CLAIM_ATTEMPTS_MAX_COUNT; attempt += 1) {
    const token = newToken(context.randomness.bytes(8));
    const outcome: ClaimOutcome = await context.messages.claim(conversation, token);
    if (outcome.kind === 'claimed') return { token, head: outcome.head };
    if (outcome.kind === 'unknown') {
      const state = await context.messages.state(conversation);
      if (state.token === token) return { token, head: state.head };
    }
    await pause(context);
  }
  return undefined;
}

function pause(context: OwnerContext): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  context.timers.after(Math.ceil(context.randomness.fraction() * CLAIM_PAUSE_MAX_MS), resolve);
  return promise;
}

async function lastBatch(
  conversation: ConversationId,
  head: number,
  context: OwnerContext,
): Promise<readonly StoredEntry[]> {
  if (head === 0) return [];
  const after = Math.max(0, head - APPEND_ENTRIES_MAX_COUNT);
  const range = {
    conversation,
    after,
    to: head,
    limit: APPEND_ENTRIES_MAX_COUNT,
    maxBytes: Number.MAX_SAFE_INTEGER,
  };
  return (await context.messages.read(range)).entries;
}

export function newToken(bytes: Uint8Array): Token {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('') as Token;
}
