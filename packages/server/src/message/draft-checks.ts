// What is checked of messages before they are stored, beyond membership: the earlier messages that they name.
import { fault, type Fault } from '@parley/protocol/error-code';
import type { ConversationId, Seq } from '@parley/protocol/ids';
import type { MessageStore, StoredEntry } from '@parley/ports/message-store';
import type { Loaded } from './conversation-owner.ts';
import {
  failed,
  ID_REUSED,
  isRetry,
  stored,
  UNAVAILABLE,
  type Draft,
  type Messages,
  type Outcome,
} from './submission.ts';
import { loadTarget, type Target } from './target.ts';

/** Roots of threads, each looked up once a batch. */
export class Roots {
  readonly #messages: MessageStore;
  readonly #conversation: ConversationId;
  readonly #found = new Map<Seq, Promise<Target | undefined>>();

  constructor(messages: MessageStore, conversation: ConversationId) {
    this.#messages = messages;
    this.#conversation = conversation;
  }

  /** Why no message may be added to the thread. Never rejects. */
  async refusal(root: Seq, field: string): Promise<Fault | undefined> {
    const looked = this.#found.get(root) ?? loadTarget(this.#messages, this.#conversation, root, 0);
    this.#found.set(root, looked);
    try {
      const target = await looked;
      if (target === undefined) return invalid(field, 'There is no such message.');
      if (target.state.deleted) return fault('deleted', 'The message was deleted.', { field });
      return target.body.thread === undefined
        ? undefined
        : invalid(field, 'A message of a thread begins no thread of its own.');
    } catch {
      return UNAVAILABLE;
    }
  }
}

/** By draft: why it may not be stored. Nearly always empty. Never rejects. */
export async function refusalsOf(
  { sender, drafts }: Messages,
  loaded: Loaded,
  roots: Roots,
): Promise<ReadonlyMap<Draft, Fault>> {
  const refusals = new Map<Draft, Fault>();
  const visibleAfter = loaded.roster.get(sender)?.visibleAfter ?? 0;
  const isVisible = (seq: Seq | undefined) => seq === undefined || (seq > visibleAfter && seq <= loaded.head);
  for (const [index, draft] of drafts.entries()) {
    const { replyTo, thread } = draft;
    const field = `messages.${index}`;
    const refusal =
      draft.refusal ??
      (isVisible(replyTo) ? undefined : invalid(`${field}.reply_to`, 'There is no such message.')) ??
      (isVisible(thread) ? undefined : invalid(`${field}.thread`, 'There is no such message.')) ??
      (thread === undefined ? undefined : await roots.refusal(thread, `${field}.thread`));
    if (refusal !== undefined) refusals.set(draft, refusal);
  }
  return refusals;
}

/**
 * The drafts that end here: a refusal must leave no trace, so what was stored under the id is answered as stored. What
 * follows a refusal with `later` ends as well [SEND-5]. Never rejects.
 */
export async function endRefused(
  { sender, drafts }: Messages,
  refusals: ReadonlyMap<Draft, Fault>,
  messages: MessageStore,
  conversation: ConversationId,
): Promise<ReadonlyMap<Draft, Outcome>> {
  const ids = drafts.map((draft) => draft.clientMsgId);
  const existing: readonly StoredEntry[] | undefined = await messages
    .find(conversation, sender, ids)
    .catch(() => undefined);
  const byId = new Map(existing?.map((entry) => [entry.clientMsgId, entry]));
  const outcomes = new Map<Draft, Outcome>();
  let later: Fault | undefined;
  for (const draft of drafts) {
    const entry = byId.get(draft.clientMsgId);
    const refusal = refusals.get(draft);
    if (entry !== undefined) {
      const isSame = entry.kind === 'message' && isRetry(draft, entry.body);
      outcomes.set(draft, isSame ? stored(entry) : failed(ID_REUSED));
    } else if (refusal !== undefined) {
      const reason = existing === undefined ? UNAVAILABLE : refusal;
      if (reason.retry === 'later') later ??= reason;
      outcomes.set(draft, failed(reason));
    } else if (later !== undefined) {
      outcomes.set(draft, failed(later));
    }
  }
  return outcomes;
}

function invalid(field: string, message: string): Fault {
  return fault('invalid_field', message, { field });
}
