// Who is in a group: every change is an entry of its log, asked for under a client_msg_id like a send.
import * as z from 'zod/mini';
import {
  clientMsgIdSchema,
  conversationIdSchema,
  messageIdSchema,
  refSchema,
  seqSchema,
  timeMsSchema,
  userIdSchema,
} from './ids.ts';
import { PAGE_ROWS_MAX_COUNT, USERS_PER_FRAME_MAX_COUNT } from './limits.ts';
import { roleSchema } from './role.ts';

const change = { ref: refSchema, client_msg_id: clientMsgIdSchema, conversation_id: conversationIdSchema };

export const addMembersSchema = z.strictObject({
  type: z.literal('add_members'),
  ...change,
  user_ids: z.array(userIdSchema).check(z.minLength(1), z.maxLength(USERS_PER_FRAME_MAX_COUNT)),
});
export type AddMembers = z.infer<typeof addMembersSchema>;

export const removeMemberSchema = z.strictObject({
  type: z.literal('remove_member'),
  ...change,
  user_id: userIdSchema,
  /** And keeps the user out; also one who left before. */
  ban: z.optional(z.literal(true)),
});
export type RemoveMember = z.infer<typeof removeMemberSchema>;

export const unbanMemberSchema = z.strictObject({
  type: z.literal('unban_member'),
  ...change,
  user_id: userIdSchema,
});
export type UnbanMember = z.infer<typeof unbanMemberSchema>;

export const leaveGroupSchema = z.strictObject({ type: z.literal('leave_group'), ...change });
export type LeaveGroup = z.infer<typeof leaveGroupSchema>;

export const setRoleSchema = z.strictObject({
  type: z.literal('set_role'),
  ...change,
  user_id: userIdSchema,
  role: roleSchema,
});
export type SetRole = z.infer<typeof setRoleSchema>;

/** The answer to a change of a conversation: the entry that records it. */
export const changedSchema = z.object({
  type: z.literal('changed'),
  ref: refSchema,
  conversation_id: conversationIdSchema,
  seq: seqSchema,
  message_id: messageIdSchema,
  at: timeMsSchema,
});
export type Changed = z.infer<typeof changedSchema>;

export const listMembersSchema = z.strictObject({
  type: z.literal('list_members'),
  ref: refSchema,
  conversation_id: conversationIdSchema,
  after: z.optional(userIdSchema),
  limit: z.optional(z.int().check(z.gte(1), z.lte(PAGE_ROWS_MAX_COUNT))),
});
export type ListMembers = z.infer<typeof listMembersSchema>;

export const membersSchema = z.object({
  type: z.literal('members'),
  ref: refSchema,
  conversation_id: conversationIdSchema,
  /** The list is true as of this seq. */
  as_of: seqSchema,
  rows: z.array(
    z.object({ user_id: userIdSchema, name: z.string(), role: roleSchema, joined_seq: seqSchema }),
  ),
  next: z.optional(userIdSchema),
});
export type Members = z.infer<typeof membersSchema>;
