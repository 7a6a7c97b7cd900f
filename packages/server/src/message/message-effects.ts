// What must follow an entry that changes a message: the message's state beside the log, and what is deleted is erased.
import type { Entry } from '@parley/protocol/entry';
import type { ConversationId, Seq } from '@parley/protocol/ids';
import { changed, targetOf, unchanged, type MessageState } from '@parley/protocol/message-state';
import type { MessageStore, StoredEntry } from '@parley/ports/message-store';
import { erasedBody } from './erased.ts';
import { loadTarget } from './target.ts';

export interface MessageEffects {
  readonly messages: MessageStore;
  readonly conversation: ConversationId;
  /** In seq order. What is in the states already is left alone: they may come again after a crash. */
  readonly entries: readonly StoredEntry[];
}

interface Deletion {
  readonly target: Seq;
  /** Of those that the state names; none when the deletion is in the state already. */
  readonly edits: readonly Seq[];
}

/** Rejects as the store does; then they are to be done again before anything new is stored. */
export async function doMessageEffects({ messages, conversation, entries }: MessageEffects): Promise<void> {
  const changes = entries.flatMap((entry) => changeOf(entry) ?? []);
  if (changes.length === 0) return;
  const targets = [...new Set(changes.map(({ target }) => target))];
  const before = new Map<Seq, MessageState>(targets.map((seq) => [seq, unchanged(seq)]));
  for (const { seq, body } of await messages.states(conversation, targets))
    before.set(seq, JSON.parse(body) as MessageState);
  const after = new Map(before);
  const deletions: Deletion[] = [];
  for (const { target, entry } of changes) {
    const state = after.get(target) ?? unchanged(target);
    if (entry.kind === 'message_deleted') deletions.push({ target, edits: state.edits });
    after.set(target, changed(state, entry));
  }
  // First the edits, while a state names them; last the message again, so that the store also clears what the state
  // was before, which had the content of the last edit.
  for (const deletion of deletions) await erase(messages, conversation, deletion);
  const rows = [...after.values()].filter((state) => state !== before.get(state.seq)).map(storedState);
  if (rows.length > 0) await messages.putStates(conversation, rows);
  for (const { target } of deletions) await erase(messages, conversation, { target, edits: [] });
}

async function erase(
  messages: MessageStore,
  conversation: ConversationId,
  deletion: Deletion,
): Promise<void> {
  const { target, edits } = deletion;
  if (edits.length > 0) await messages.erase(conversation, edits, erasedBody({ target }));
  const found = await loadTarget(messages, conversation, target, 0);
  // Retention may have dropped it.
  if (found === undefined) return;
  const { thread } = found.body;
  await messages.erase(conversation, [target], erasedBody(thread === undefined ? {} : { thread }));
}

function storedState(state: MessageState) {
  return { seq: state.seq, asOf: state.as_of, body: JSON.stringify(state) };
}

const CHANGES: ReadonlySet<string> = new Set<Entry['kind']>([
  'message_edited',
  'message_deleted',
  'reaction_added',
  'reaction_removed',
  'message_pinned',
  'message_unpinned',
]);

/** The message that an entry changes. Most are messages of no thread: their bodies are not parsed. Within a text, quotes are escaped. */
export function changeOf(stored: StoredEntry): { target: Seq; entry: Entry } | undefined {
  const changes = stored.kind === 'message' ? stored.body.includes('"thread":') : CHANGES.has(stored.kind);
  if (!changes) return undefined;
  const entry = entryOf(stored);
  const target = targetOf(entry);
  return target === undefined ? undefined : { target, entry };
}

/** A stored entry as it is on the wire. */
export function entryOf(stored: StoredEntry): Entry {
  const { seq, kind, messageId: message_id, sender, clientMsgId: client_msg_id, at, body } = stored;
  return { seq, kind, message_id, sender, client_msg_id, at, ...JSON.parse(body) } as Entry;
}
