// Finding users by exact name or by id.
import * as z from 'zod/mini';
import { refSchema, userIdSchema } from './ids.ts';
import { USER_NAME_MAX_CHARS, USERS_PER_FRAME_MAX_COUNT } from './limits.ts';

const NAME_PATTERN = /^[a-z0-9][a-z0-9._-]*$/;

/** A name is lower case, so that no two names look alike. */
export const userNameSchema = z
  .string()
  .check(
    z.regex(NAME_PATTERN, 'must be a-z 0-9 . _ - and begin with a letter or digit'),
    z.maxLength(USER_NAME_MAX_CHARS),
  );

export const findUsersSchema = z.strictObject({
  type: z.literal('find_users'),
  ref: refSchema,
  names: z.optional(z.array(userNameSchema).check(z.maxLength(USERS_PER_FRAME_MAX_COUNT))),
  ids: z.optional(z.array(userIdSchema).check(z.maxLength(USERS_PER_FRAME_MAX_COUNT))),
});
export type FindUsers = z.infer<typeof findUsersSchema>;

export const userViewSchema = z.object({ user_id: userIdSchema, name: z.string() });
export type UserView = z.infer<typeof userViewSchema>;

/** Those that exist, in no particular order. */
export const usersSchema = z.object({
  type: z.literal('users'),
  ref: refSchema,
  users: z.array(userViewSchema),
});
export type Users = z.infer<typeof usersSchema>;
