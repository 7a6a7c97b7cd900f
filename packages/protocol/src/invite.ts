// Ways into a group: invitation links and public channels.
import * as z from 'zod/mini';
import { conversationIdSchema, refSchema, timeMsSchema, userIdSchema } from './ids.ts';
import { INVITE_LIFETIME_MAX_S, INVITE_USES_MAX_COUNT, TITLE_MAX_UNITS } from './limits.ts';
import { pageLimitSchema } from './page.ts';

const codeSchema = z.string().check(z.regex(/^[A-Za-z0-9_-]{22}$/, 'must be an invitation code'));

export const createInviteSchema = z.strictObject({
  type: z.literal('create_invite'),
  ref: refSchema,
  conversation_id: conversationIdSchema,
  /** Seven days where absent. */
  expires_in_s: z.optional(z.int().check(z.gte(1), z.lte(INVITE_LIFETIME_MAX_S))),
  /** How many users may come by it; any number where absent. */
  uses_max: z.optional(z.int().check(z.gte(1), z.lte(INVITE_USES_MAX_COUNT))),
});
export type CreateInvite = z.infer<typeof createInviteSchema>;

export const inviteViewSchema = z.object({
  code: z.string(),
  conversation_id: conversationIdSchema,
  created_by: userIdSchema,
  expires_at: timeMsSchema,
  uses_max: z.optional(z.int()),
  /** Users who came by it. */
  uses: z.int(),
});
export type InviteView = z.infer<typeof inviteViewSchema>;

export const inviteSchema = z.object({ type: z.literal('invite'), ref: refSchema, invite: inviteViewSchema });
export type Invite = z.infer<typeof inviteSchema>;

/** Those of a group that still let somebody in. */
export const listInvitesSchema = z.strictObject({
  type: z.literal('list_invites'),
  ref: refSchema,
  conversation_id: conversationIdSchema,
});
export type ListInvites = z.infer<typeof listInvitesSchema>;

export const invitesSchema = z.object({
  type: z.literal('invites'),
  ref: refSchema,
  rows: z.array(inviteViewSchema),
});
export type Invites = z.infer<typeof invitesSchema>;

/** Answered by `done`. */
export const revokeInviteSchema = z.strictObject({
  type: z.literal('revoke_invite'),
  ref: refSchema,
  conversation_id: conversationIdSchema,
  code: codeSchema,
});
export type RevokeInvite = z.infer<typeof revokeInviteSchema>;

/** By an invitation, or into a public channel: exactly one of the two. Answered by `conversation`, also for a member. */
export const joinSchema = z.strictObject({
  type: z.literal('join'),
  ref: refSchema,
  code: z.optional(codeSchema),
  conversation_id: z.optional(conversationIdSchema),
});
export type Join = z.infer<typeof joinSchema>;

/** Public channels whose title begins with `text`, whatever the case; by id. */
export const findChannelsSchema = z.strictObject({
  type: z.literal('find_channels'),
  ref: refSchema,
  text: z.optional(z.string().check(z.maxLength(TITLE_MAX_UNITS))),
  after: z.optional(conversationIdSchema),
  limit: pageLimitSchema,
});
export type FindChannels = z.infer<typeof findChannelsSchema>;

export const channelsSchema = z.object({
  type: z.literal('channels'),
  ref: refSchema,
  rows: z.array(z.object({ conversation_id: conversationIdSchema, title: z.string(), members: z.int() })),
  next: z.optional(conversationIdSchema),
});
export type Channels = z.infer<typeof channelsSchema>;
