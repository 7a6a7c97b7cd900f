// Who is there, for those who watch them.
import * as z from 'zod/mini';
import { refSchema, timeMsSchema, userIdSchema } from './ids.ts';
import { USERS_PER_FRAME_MAX_COUNT } from './limits.ts';
import { pageLimitSchema } from './page.ts';

const someUsers = z.array(userIdSchema).check(z.minLength(1), z.maxLength(USERS_PER_FRAME_MAX_COUNT));

/** Makes these users contacts, for good and for all devices: their presence is pushed. Answered by `presence`. */
export const watchSchema = z.strictObject({ type: z.literal('watch'), ref: refSchema, user_ids: someUsers });
export type Watch = z.infer<typeof watchSchema>;

/** Answered by `done`. */
export const unwatchSchema = z.strictObject({
  type: z.literal('unwatch'),
  ref: refSchema,
  user_ids: someUsers,
});
export type Unwatch = z.infer<typeof unwatchSchema>;

/** Once, without watching. Answered by `presence`. */
export const getPresenceSchema = z.strictObject({
  type: z.literal('get_presence'),
  ref: refSchema,
  user_ids: someUsers,
});
export type GetPresence = z.infer<typeof getPresenceSchema>;

/** Of this session; a user is as present as the most present session. Answered by `done`. */
export const setPresenceSchema = z.strictObject({
  type: z.literal('set_presence'),
  ref: refSchema,
  state: z.enum(['online', 'away']),
});
export type SetPresence = z.infer<typeof setPresenceSchema>;

export const listContactsSchema = z.strictObject({
  type: z.literal('list_contacts'),
  ref: refSchema,
  after: z.optional(userIdSchema),
  limit: pageLimitSchema,
});
export type ListContacts = z.infer<typeof listContactsSchema>;

export const contactsSchema = z.object({
  type: z.literal('contacts'),
  ref: refSchema,
  rows: z.array(z.object({ user_id: userIdSchema, name: z.string() })),
  next: z.optional(userIdSchema),
});
export type Contacts = z.infer<typeof contactsSchema>;

export const presenceStateSchema = z.enum(['online', 'away', 'offline']);
export type PresenceState = z.infer<typeof presenceStateSchema>;

export const presenceRowSchema = z.object({
  user_id: userIdSchema,
  state: presenceStateSchema,
  /** When an offline user was last there, where the server knows and the user lets it be seen. */
  last_seen: z.optional(timeMsSchema),
});
export type PresenceRow = z.infer<typeof presenceRowSchema>;

/** An answer; or a push: all contacts after the welcome (`snapshot`), changes from then on. */
export const presenceSchema = z.object({
  type: z.literal('presence'),
  ref: z.optional(refSchema),
  snapshot: z.optional(z.literal(true)),
  rows: z.array(presenceRowSchema),
});
export type Presence = z.infer<typeof presenceSchema>;
