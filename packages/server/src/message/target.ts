// The message that a request is about, and how it is now.
import type { Content, Mentions } from '@parley/protocol/content';
import type { Origin } from '@parley/protocol/entry';
import type { ConversationId, Seq } from '@parley/protocol/ids';
import { unchanged, type MessageState } from '@parley/protocol/message-state';
import type { MessageStore, StoredEntry } from '@parley/ports/message-store';

/** The fields of a message's entry. */
export interface MessageBody {
  readonly content: Content | { readonly kind: 'deleted' };
  readonly reply_to?: Seq;
  readonly thread?: Seq;
  readonly mentions?: Mentions;
  readonly forwarded?: Origin;
}

export interface Target {
  readonly entry: StoredEntry;
  readonly body: MessageBody;
  readonly state: MessageState;
  /** How long ago it was sent, when the request is decided. */
  readonly ageMs: number;
}

/** Undefined where there is no message, or none any more. Rejects as the store does. */
export async function loadTarget(
  messages: MessageStore,
  conversation: ConversationId,
  seq: Seq,
  nowMs: number,
): Promise<Target | undefined> {
  if (seq < 1) return undefined;
  const page = await messages.read({ conversation, after: seq - 1, to: seq, limit: 1, maxBytes: 0 });
  const [entry] = page.entries;
  if (entry === undefined || entry.from !== seq || entry.seq !== seq || entry.kind !== 'message')
    return undefined;
  const [stored] = page.states;
  return {
    entry,
    body: JSON.parse(entry.body) as MessageBody,
    state: stored === undefined ? unchanged(seq) : (JSON.parse(stored.body) as MessageState),
    ageMs: nowMs - entry.at,
  };
}
