// The roles of a group's members, from most to least.
import * as z from 'zod/mini';
import { userIdSchema } from './ids.ts';
import { SLOW_MODE_MAX_S } from './limits.ts';

export const roleSchema = z.enum(['owner', 'admin', 'member']);
export type Role = z.infer<typeof roleSchema>;

export const memberSchema = z.object({ user_id: userIdSchema, role: roleSchema });
export type Member = z.infer<typeof memberSchema>;

/** What a new member of a group may read: all of it, or what came since joining. */
export const historyPolicySchema = z.enum(['all', 'joined']);
export type HistoryPolicy = z.infer<typeof historyPolicySchema>;

/** How a group works besides who is in it. */
export const groupSettingsSchema = z.object({
  /** A channel that anyone may find and join. */
  public: z.boolean(),
  /** Only the owner and admins send. */
  announcements: z.boolean(),
  /** Seconds that a member waits between two messages; 0: none. */
  slow_mode_s: z.int().check(z.gte(0), z.lte(SLOW_MODE_MAX_S)),
});
export type GroupSettings = z.infer<typeof groupSettingsSchema>;

export const NO_SETTINGS: GroupSettings = { public: false, announcements: false, slow_mode_s: 0 };
