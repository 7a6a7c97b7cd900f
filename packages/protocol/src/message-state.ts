// How a message is now: the fold of the entries that changed it. Server and clients fold with the same function.
import * as z from 'zod/mini';
import { mentionsSchema, receivedContentSchema } from './content.ts';
import type { Entry } from './entry.ts';
import { seqSchema, userIdSchema, type Seq, type UserId } from './ids.ts';

export const messageStateSchema = z.object({
  /** The message. */
  seq: seqSchema,
  /** The last entry that is folded in; one at or below it changes nothing any more. */
  as_of: seqSchema,
  /** The seq of the last edit, or of the message itself. An edit names it. */
  version: seqSchema,
  /** Its content since the last edit; absent when it was never edited, or is deleted. */
  content: z.optional(receivedContentSchema),
  mentions: z.optional(mentionsSchema),
  deleted: z.optional(z.literal(true)),
  pinned: z.optional(z.literal(true)),
  /** Who reacted, by emoji, in the order of the first of each. */
  reactions: z.array(z.object({ emoji: z.string(), users: z.array(userIdSchema) })),
  /** The seqs of its edits, oldest first. */
  edits: z.array(seqSchema),
  /** Messages in its thread, and the last of them. */
  replies: z.int(),
  last_reply: z.optional(seqSchema),
});
export type MessageState = z.infer<typeof messageStateSchema>;

/** The seq of the message that an entry changes; undefined for an entry that changes none. */
export function targetOf(entry: Entry): Seq | undefined {
  switch (entry.kind) {
    case 'message':
      return entry.thread;
    case 'message_edited':
    case 'message_deleted':
    case 'reaction_added':
    case 'reaction_removed':
    case 'message_pinned':
    case 'message_unpinned':
      return entry.target;
    case 'group_created':
    case 'group_renamed':
    case 'members_added':
    case 'members_joined':
    case 'member_removed':
    case 'member_unbanned':
    case 'group_set':
    case 'member_left':
    case 'role_changed':
      return undefined;
  }
}

export function unchanged(seq: Seq): MessageState {
  return { seq, as_of: seq, version: seq, reactions: [], edits: [], replies: 0 };
}

/** Folds one entry into the state of its target. Entries come in seq order; one that is folded already does nothing. */
export function changed(state: MessageState, entry: Entry): MessageState {
  if (entry.seq <= state.as_of || targetOf(entry) !== state.seq) return state;
  const next = { ...state, as_of: entry.seq };
  if (entry.kind === 'message') return { ...next, replies: state.replies + 1, last_reply: entry.seq };
  if (state.deleted) return next;
  switch (entry.kind) {
    case 'message_edited': {
      const { mentions: _, ...rest } = next;
      const mentions = entry.mentions === undefined ? {} : { mentions: entry.mentions };
      const edits = [...state.edits, entry.seq];
      return { ...rest, ...mentions, version: entry.seq, content: entry.content, edits };
    }
    case 'message_deleted':
      return deletedState(next);
    case 'reaction_added':
      return { ...next, reactions: withReaction(state.reactions, entry.emoji, entry.sender) };
    case 'reaction_removed':
      return { ...next, reactions: withoutReaction(state.reactions, entry.emoji, entry.sender) };
    case 'message_pinned':
      return { ...next, pinned: true };
    case 'message_unpinned': {
      const { pinned: _, ...rest } = next;
      return rest;
    }
    default:
      return next;
  }
}

/** Only what is needed to keep its place remains. */
function deletedState({ seq, as_of, replies, last_reply }: MessageState): MessageState {
  const last = last_reply === undefined ? {} : { last_reply };
  return { seq, as_of, version: as_of, deleted: true, reactions: [], edits: [], replies, ...last };
}

type Reactions = MessageState['reactions'];

function withReaction(reactions: Reactions, emoji: string, user: UserId): Reactions {
  const present = reactions.find((reaction) => reaction.emoji === emoji);
  if (present === undefined) return [...reactions, { emoji, users: [user] }];
  if (present.users.includes(user)) return reactions;
  return reactions.map((reaction) =>
    reaction === present ? { emoji, users: [...present.users, user] } : reaction,
  );
}

function withoutReaction(reactions: Reactions, emoji: string, user: UserId): Reactions {
  return reactions
    .map((reaction) => {
      if (reaction.emoji !== emoji) return reaction;
      return { emoji, users: reaction.users.filter((other) => other !== user) };
    })
    .filter((reaction) => reaction.users.length > 0);
}
