// What a user lets others see, and whom the user keeps away.
import * as z from 'zod/mini';
import { refSchema, userIdSchema } from './ids.ts';
import { pageLimitSchema } from './page.ts';

/** Who sees a user's presence; `contacts` are those whom the user watches. */
export const visibilitySchema = z.enum(['everyone', 'contacts', 'nobody']);
export type Visibility = z.infer<typeof visibilitySchema>;

/** Answered by `settings`. What is absent stays as it is. */
export const setSettingsSchema = z.strictObject({
  type: z.literal('set_settings'),
  ref: refSchema,
  /** Off, others do not see what the user has read, and the user does not see what others have. */
  read_receipts: z.optional(z.boolean()),
  visibility: z.optional(visibilitySchema),
});
export type SetSettings = z.infer<typeof setSettingsSchema>;

export const getSettingsSchema = z.strictObject({ type: z.literal('get_settings'), ref: refSchema });
export type GetSettings = z.infer<typeof getSettingsSchema>;

/** An answer, or without `ref` a push to the user's other sessions. */
export const settingsSchema = z.object({
  type: z.literal('settings'),
  ref: z.optional(refSchema),
  read_receipts: z.boolean(),
  visibility: visibilitySchema,
});
export type SettingsFrame = z.infer<typeof settingsSchema>;

/** Answered by `done`. */
export const blockUserSchema = z.strictObject({
  type: z.literal('block_user'),
  ref: refSchema,
  user_id: userIdSchema,
});
export type BlockUser = z.infer<typeof blockUserSchema>;

export const unblockUserSchema = z.strictObject({
  type: z.literal('unblock_user'),
  ref: refSchema,
  user_id: userIdSchema,
});
export type UnblockUser = z.infer<typeof unblockUserSchema>;

/** A push to the user's other sessions. */
export const userBlockedSchema = z.object({
  type: z.literal('user_blocked'),
  user_id: userIdSchema,
  blocked: z.boolean(),
});
export type UserBlocked = z.infer<typeof userBlockedSchema>;

export const listBlockedSchema = z.strictObject({
  type: z.literal('list_blocked'),
  ref: refSchema,
  after: z.optional(userIdSchema),
  limit: pageLimitSchema,
});
export type ListBlocked = z.infer<typeof listBlockedSchema>;

export const blockedSchema = z.object({
  type: z.literal('blocked'),
  ref: refSchema,
  rows: z.array(z.object({ user_id: userIdSchema, name: z.string() })),
  next: z.optional(userIdSchema),
});
export type Blocked = z.infer<typeof blockedSchema>;
