// A message as it is now: its entry, and all that happened to it since.
import type { Mentions, ReceivedContent } from '@parley/protocol/content';
import type { Entry, Origin, UnknownEntry } from '@parley/protocol/entry';
import type { ClientMsgId, ConversationId, MessageId, Seq, UserId } from '@parley/protocol/ids';
import { unchanged, type MessageState } from '@parley/protocol/message-state';

/** The entry of a message. */
export type MessageEntry = Extract<Entry, { kind: 'message' }>;

export type Message = {
  conversation_id: ConversationId;
  seq: Seq;
  message_id: MessageId;
  client_msg_id: ClientMsgId;
  sender: UserId;
  at: number;
  /** What it says now; of a deleted one `{"kind":"deleted"}`. */
  content: ReceivedContent;
  /** The last entry that is folded in; one at or below it changes nothing any more. */
  as_of: Seq;
  /** The seq of its last edit, or its own: what an edit names. */
  version: Seq;
  deleted: boolean;
  pinned: boolean;
  /** Who reacted, by emoji, in the order of the first of each. */
  reactions: { emoji: string; users: UserId[] }[];
  /** The seqs of its edits, oldest first. */
  edits: Seq[];
  /** Messages in its thread, and the last of them. */
  replies: number;
  last_reply?: Seq;
  reply_to?: Seq;
  thread?: Seq;
  mentions?: Mentions;
  forwarded?: Origin;
};

export function isMessageEntry(entry: Entry | UnknownEntry): entry is MessageEntry {
  return entry.kind === 'message';
}

/** An entry with a state of it; without one, nothing happened to it. */
export function messageOf(
  entry: MessageEntry & { conversation_id: ConversationId },
  state: MessageState = unchanged(entry.seq),
): Message {
  const { conversation_id, seq, message_id, client_msg_id, sender, at } = entry;
  const { as_of, version, pinned, reactions, edits, replies, last_reply } = state;
  const deleted = state.deleted === true || entry.content.kind === 'deleted';
  const { thread, ...more } = carried(entry, state);
  return {
    conversation_id,
    seq,
    message_id,
    client_msg_id,
    sender,
    at,
    content: deleted ? { kind: 'deleted' } : (state.content ?? entry.content),
    as_of,
    version,
    deleted,
    pinned: pinned === true,
    reactions,
    edits,
    replies,
    ...(last_reply === undefined ? {} : { last_reply }),
    ...(thread === undefined ? {} : { thread }),
    ...(deleted ? {} : more),
  };
}

/** The other way round: an entry and a state that together make this message. */
export function partsOf(message: Message): {
  entry: MessageEntry & { conversation_id: ConversationId };
  state: MessageState;
} {
  const { as_of, version, deleted, pinned, reactions, edits, replies, last_reply, ...entry } = message;
  const { seq, content, mentions } = entry;
  const state: MessageState = {
    seq,
    as_of,
    version,
    ...(deleted ? { deleted } : {}),
    ...(pinned ? { pinned } : {}),
    ...(edits.length === 0 ? {} : { content, ...(mentions === undefined ? {} : { mentions }) }),
    reactions,
    edits,
    replies,
    ...(last_reply === undefined ? {} : { last_reply }),
  };
  return { entry: { ...entry, kind: 'message' }, state };
}

type Carried = Pick<Message, 'reply_to' | 'thread' | 'mentions' | 'forwarded'>;

/** An edit sets the mentions anew, also to none. */
function carried({ reply_to, thread, mentions, forwarded }: MessageEntry, state: MessageState): Carried {
  const present = state.content === undefined ? mentions : state.mentions;
  return {
    ...(reply_to === undefined ? {} : { reply_to }),
    ...(thread === undefined ? {} : { thread }),
    ...(present === undefined ? {} : { mentions: present }),
    ...(forwarded === undefined ? {} : { forwarded }),
  };
}
