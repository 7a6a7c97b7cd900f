// The roles of a group's members, from most to least.
import * as z from 'zod/mini';
import { userIdSchema } from './ids.ts';

export const roleSchema = z.enum(['owner', 'admin', 'member']);
export type Role = z.infer<typeof roleSchema>;

export const memberSchema = z.object({ user_id: userIdSchema, role: roleSchema });
export type Member = z.infer<typeof memberSchema>;

/** What a new member of a group may read: all of it, or what came since joining. */
export const historyPolicySchema = z.enum(['all', 'joined']);
export type HistoryPolicy = z.infer<typeof historyPolicySchema>;
