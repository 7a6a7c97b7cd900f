// Conversations: opening, listing, and what a client is told of one.
import * as z from 'zod/mini';
import { clientMsgIdSchema, conversationIdSchema, refSchema, seqSchema, userIdSchema } from './ids.ts';
import {
  PAGE_ROWS_MAX_COUNT,
  TITLE_MAX_UNITS,
  USERS_PER_FRAME_MAX_COUNT,
  VIEWED_CONVERSATIONS_MAX_COUNT,
} from './limits.ts';
import { standingViewSchema } from './reading.ts';
import { groupSettingsSchema, historyPolicySchema, roleSchema } from './role.ts';
import { wellFormed } from './well-formed.ts';

const titleSchema = z.string().check(z.minLength(1), z.maxLength(TITLE_MAX_UNITS), wellFormed);

/** Opens the one direct conversation with a user; whoever opens it first, both get the same one. */
export const openDirectSchema = z.strictObject({
  type: z.literal('open_direct'),
  ref: refSchema,
  user_id: userIdSchema,
});
export type OpenDirect = z.infer<typeof openDirectSchema>;

export const createGroupSchema = z.strictObject({
  type: z.literal('create_group'),
  ref: refSchema,
  client_msg_id: clientMsgIdSchema,
  title: titleSchema,
  /** The creator is its owner and need not be named. */
  member_ids: z.array(userIdSchema).check(z.maxLength(USERS_PER_FRAME_MAX_COUNT)),
  history: z.optional(historyPolicySchema),
});
export type CreateGroup = z.infer<typeof createGroupSchema>;

export const renameGroupSchema = z.strictObject({
  type: z.literal('rename_group'),
  ref: refSchema,
  client_msg_id: clientMsgIdSchema,
  conversation_id: conversationIdSchema,
  title: titleSchema,
});
export type RenameGroup = z.infer<typeof renameGroupSchema>;

/** What is absent stays as it is. */
export const setGroupSchema = z.strictObject({
  type: z.literal('set_group'),
  ref: refSchema,
  client_msg_id: clientMsgIdSchema,
  conversation_id: conversationIdSchema,
  ...z.partial(groupSettingsSchema).shape,
});
export type SetGroup = z.infer<typeof setGroupSchema>;

/** What this session has on its screen, instead of what it had: of large groups only that is pushed. No answer. */
export const viewSchema = z.strictObject({
  type: z.literal('view'),
  conversation_ids: z.array(conversationIdSchema).check(z.maxLength(VIEWED_CONVERSATIONS_MAX_COUNT)),
});
export type View = z.infer<typeof viewSchema>;

export const listConversationsSchema = z.strictObject({
  type: z.literal('list_conversations'),
  ref: refSchema,
  /** `next` of the page before. */
  after: z.optional(conversationIdSchema),
  limit: z.optional(z.int().check(z.gte(1), z.lte(PAGE_ROWS_MAX_COUNT))),
});
export type ListConversations = z.infer<typeof listConversationsSchema>;

export const getConversationSchema = z.strictObject({
  type: z.literal('get_conversation'),
  ref: refSchema,
  conversation_id: conversationIdSchema,
});
export type GetConversation = z.infer<typeof getConversationSchema>;

export const conversationViewSchema = z.object({
  conversation_id: conversationIdSchema,
  kind: z.enum(['direct', 'group']),
  /** A group's title. */
  title: z.optional(z.string()),
  /** The other user of a direct conversation. */
  peer: z.optional(z.object({ user_id: userIdSchema, name: z.string() })),
  /** Absent once the user is no member any more. */
  role: z.optional(roleSchema),
  members: z.int(),
  head: seqSchema,
  floor: seqSchema,
  /** How far this device has got. */
  received: seqSchema,
  /** A group's, for members. */
  settings: z.optional(groupSettingsSchema),
  /** What is read and unread; absent for a former member and from a server of version 2. */
  standing: z.optional(standingViewSchema),
});
export type ConversationView = z.infer<typeof conversationViewSchema>;

export const conversationSchema = z.object({
  type: z.literal('conversation'),
  ref: refSchema,
  conversation: conversationViewSchema,
});
export type Conversation = z.infer<typeof conversationSchema>;

export const conversationsSchema = z.object({
  type: z.literal('conversations'),
  ref: refSchema,
  rows: z.array(conversationViewSchema),
  next: z.optional(conversationIdSchema),
});
export type Conversations = z.infer<typeof conversationsSchema>;
