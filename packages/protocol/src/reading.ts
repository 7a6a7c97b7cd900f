// How far people have got: read marks, unread counts, and what members see of one another's receipts.
import * as z from 'zod/mini';
import { conversationIdSchema, refSchema, seqSchema, timeMsSchema, userIdSchema } from './ids.ts';
import { pageLimitSchema } from './page.ts';

const about = { ref: refSchema, conversation_id: conversationIdSchema };

/** Everything up to `seq` is read. Refused when it is beyond the head or behind an earlier one. */
export const readSchema = z.strictObject({ type: z.literal('read'), ...about, seq: seqSchema });
export type Read = z.infer<typeof readSchema>;

/** `seq` and what follows count as unread again, for this user alone: what others see never moves back. */
export const markUnreadSchema = z.strictObject({ type: z.literal('mark_unread'), ...about, seq: seqSchema });
export type MarkUnread = z.infer<typeof markUnreadSchema>;

/** What a conversation is to one user; the same on every device. */
export const standingViewSchema = z.object({
  conversation_id: conversationIdSchema,
  /** Read up to here; what follows, but for the user's own messages, is unread. */
  read: seqSchema,
  /** Messages of others after `read`, deleted ones included. */
  unread: z.int().check(z.gte(0)),
  /** Of these messages, those that mention the user. */
  mentions: z.int().check(z.gte(0)),
  /** The head when it was counted: what comes after it is not in the counts. A client adds that itself. */
  as_of: seqSchema,
  /** No notifications before this time. */
  muted_until: z.optional(timeMsSchema),
  archived: z.optional(z.literal(true)),
  pinned: z.optional(z.literal(true)),
});
export type StandingView = z.infer<typeof standingViewSchema>;

/** The answer to what changes it, and, without `ref`, a push to the user's other sessions. */
export const standingSchema = z.object({
  type: z.literal('standing'),
  ref: z.optional(refSchema),
  standing: standingViewSchema,
});
export type StandingFrame = z.infer<typeof standingSchema>;

export const getUnreadSchema = z.strictObject({
  type: z.literal('get_unread'),
  ref: refSchema,
  after: z.optional(conversationIdSchema),
  limit: pageLimitSchema,
});
export type GetUnread = z.infer<typeof getUnreadSchema>;

/** Conversations with something unread, in order of id. */
export const unreadSchema = z.object({
  type: z.literal('unread'),
  ref: refSchema,
  rows: z.array(standingViewSchema),
  /** Over all conversations of the user, whatever the page. */
  total: z.object({ unread: z.int(), mentions: z.int() }),
  next: z.optional(conversationIdSchema),
});
export type Unread = z.infer<typeof unreadSchema>;

/** Whom one message reached, and who read it, by user id. */
export const getReceiptsSchema = z.strictObject({
  type: z.literal('get_receipts'),
  ...about,
  seq: seqSchema,
  after: z.optional(userIdSchema),
  limit: pageLimitSchema,
});
export type GetReceipts = z.infer<typeof getReceiptsSchema>;

/** `at` is absent where only that it happened is known: in large groups, times are those of the last step alone. */
const stepSchema = z.object({ at: z.optional(timeMsSchema) });

export const messageReceiptsSchema = z.object({
  type: z.literal('message_receipts'),
  ref: refSchema,
  conversation_id: conversationIdSchema,
  seq: seqSchema,
  /** Members but for the author: how many there are, have it, have read it. */
  members: z.int(),
  delivered: z.int(),
  read: z.int(),
  /** Those who have it. */
  rows: z.array(
    z.object({ user_id: userIdSchema, delivered: z.optional(stepSchema), read: z.optional(stepSchema) }),
  ),
  next: z.optional(userIdSchema),
});
export type MessageReceipts = z.infer<typeof messageReceiptsSchema>;

export const watermarkSchema = z.object({
  user_id: userIdSchema,
  /** A device of the user has everything up to here. */
  received: seqSchema,
  read: seqSchema,
});
export type Watermark = z.infer<typeof watermarkSchema>;

export const getWatermarksSchema = z.strictObject({
  type: z.literal('get_watermarks'),
  ...about,
  after: z.optional(userIdSchema),
  limit: pageLimitSchema,
});
export type GetWatermarks = z.infer<typeof getWatermarksSchema>;

/** How far each member has got, by user id. */
export const watermarksSchema = z.object({
  type: z.literal('watermarks'),
  ref: refSchema,
  conversation_id: conversationIdSchema,
  rows: z.array(watermarkSchema),
  next: z.optional(userIdSchema),
});
export type Watermarks = z.infer<typeof watermarksSchema>;

/** A push, batched: these members have got further. A hint; `get_watermarks` has the truth. */
export const receiptsSchema = z.object({
  type: z.literal('receipts'),
  conversation_id: conversationIdSchema,
  rows: z.array(watermarkSchema),
});
export type Receipts = z.infer<typeof receiptsSchema>;
