// What a user keeps about conversations: muted, archived, pinned, messages hidden, threads followed.
import * as z from 'zod/mini';
import { conversationIdSchema, refSchema, seqSchema, timeMsSchema } from './ids.ts';
import { pageLimitSchema } from './page.ts';

const about = { ref: refSchema, conversation_id: conversationIdSchema };

/** Answered by `standing`. What is absent stays as it is. */
export const setConversationSchema = z.strictObject({
  type: z.literal('set_conversation'),
  ...about,
  /** 0 ends it. */
  muted_until: z.optional(timeMsSchema),
  archived: z.optional(z.boolean()),
  pinned: z.optional(z.boolean()),
});
export type SetConversation = z.infer<typeof setConversationSchema>;

/** "Delete for me": the message is not shown to this user any more, on no device. Answered by `hidden`. */
export const hideMessageSchema = z.strictObject({
  type: z.literal('hide_message'),
  ...about,
  target: seqSchema,
});
export type HideMessage = z.infer<typeof hideMessageSchema>;

/** What was hidden after the `number` that the client knows, oldest first. */
export const listHiddenSchema = z.strictObject({
  type: z.literal('list_hidden'),
  ref: refSchema,
  after: z.optional(seqSchema),
  limit: pageLimitSchema,
});
export type ListHidden = z.infer<typeof listHiddenSchema>;

export const hiddenRowSchema = z.object({
  /** Counts this user's hidden messages 1, 2, 3 …: a client that sees a gap lists what it missed. */
  number: seqSchema,
  conversation_id: conversationIdSchema,
  seq: seqSchema,
});
export type HiddenRow = z.infer<typeof hiddenRowSchema>;

/** An answer, or without `ref` a push to the user's other sessions. */
export const hiddenSchema = z.object({
  type: z.literal('hidden'),
  ref: z.optional(refSchema),
  rows: z.array(hiddenRowSchema),
  /** There is more after this number. */
  next: z.optional(seqSchema),
});
export type Hidden = z.infer<typeof hiddenSchema>;

/** Replies in a thread that one follows count as mentions. Answered by `done`. */
export const followThreadSchema = z.strictObject({
  type: z.literal('follow_thread'),
  ...about,
  /** The seq of its first message. */
  thread: seqSchema,
  follow: z.boolean(),
});
export type FollowThread = z.infer<typeof followThreadSchema>;

const threadKeySchema = z.strictObject({ conversation_id: conversationIdSchema, thread: seqSchema });

export const listThreadsSchema = z.strictObject({
  type: z.literal('list_threads'),
  ref: refSchema,
  after: z.optional(threadKeySchema),
  limit: pageLimitSchema,
});
export type ListThreads = z.infer<typeof listThreadsSchema>;

/** The threads that the user follows, by conversation and seq. */
export const threadsSchema = z.object({
  type: z.literal('threads'),
  ref: refSchema,
  rows: z.array(
    z.object({
      conversation_id: conversationIdSchema,
      thread: seqSchema,
      replies: z.int(),
      last_reply: z.optional(seqSchema),
    }),
  ),
  next: z.optional(z.object({ conversation_id: conversationIdSchema, thread: seqSchema })),
});
export type Threads = z.infer<typeof threadsSchema>;
