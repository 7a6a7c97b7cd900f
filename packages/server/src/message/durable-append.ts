// Drives one append to a decided outcome. The rule of DESIGN 3b: after an unknown, look before anything else is done.
import type { ConversationId, Seq } from '@parley/protocol/ids';
import type {
  AppendOutcome,
  LogState,
  MessageStore,
  NewEntry,
  Refusal,
  StoredEntry,
  Token,
} from '@parley/ports/message-store';
import { SETTLE_ATTEMPTS_MAX_COUNT } from './limits.ts';

export type Decided =
  | { readonly kind: 'applied' }
  | { readonly kind: 'duplicate'; readonly existing: readonly StoredEntry[] }
  /** Nothing was stored, and the owner may go on. */
  | { readonly kind: 'refused'; readonly reason: 'storage_full' | 'unavailable' }
  /** Somebody else owns the conversation now; nothing of this append was stored. */
  | { readonly kind: 'fenced' }
  /** Not decided, and the store does not answer: forget the conversation; a retry decides. */
  | { readonly kind: 'unknown' };

export interface Append {
  readonly store: MessageStore;
  readonly conversation: ConversationId;
  readonly token: Token;
  readonly head: Seq;
  readonly entries: readonly NewEntry[];
}

export async function appendDurably(append: Append): Promise<Decided> {
  let undecided = false;
  for (let attempt = 0; attempt < SETTLE_ATTEMPTS_MAX_COUNT; attempt += 1) {
    // An append is tried again byte for byte, on the same condition: it cannot land twice.
    const outcome = await tried(append);
    if (outcome.kind === 'applied') return { kind: 'applied' };
    const refused =
      outcome.kind === 'refused' && outcome.reason.kind !== 'fenced' ? decide(outcome.reason) : undefined;
    if (refused !== undefined && !undecided) return refused;
    undecided ||= outcome.kind === 'unknown';
    const look = await settled(append);
    if (look === 'landed') return { kind: 'applied' };
    if (look === 'fenced') return { kind: 'fenced' };
    if (look === 'unreadable') return { kind: 'unknown' };
    if (refused !== undefined) return refused;
  }
  return { kind: 'unknown' };
}

function decide(reason: Exclude<Refusal, { kind: 'fenced' }>): Decided {
  if (reason.kind === 'duplicate') return { kind: 'duplicate', existing: reason.existing };
  return { kind: 'refused', reason: reason.kind };
}

async function tried({ store, conversation, token, head, entries }: Append): Promise<AppendOutcome> {
  try {
    return await store.append(conversation, token, head, entries);
  } catch {
    return { kind: 'unknown' };
  }
}

/** "Not applied" after a second try may mean that the first one landed, so the row after the head decides. */
async function settled(append: Append): Promise<'landed' | 'again' | 'fenced' | 'unreadable'> {
  const { store, conversation, token, head, entries } = append;
  const last = head + entries.length;
  let state: LogState;
  let first: StoredEntry | undefined;
  try {
    state = await store.state(conversation);
    const page = await store.read({ conversation, after: head, to: head + 1, limit: 1, maxBytes: 0 });
    first = page.entries[0];
  } catch {
    return 'unreadable';
  }
  if (state.head >= last && first?.messageId === entries[0]?.messageId) return 'landed';
  return state.head === head && state.token === token ? 'again' : 'fenced';
}
