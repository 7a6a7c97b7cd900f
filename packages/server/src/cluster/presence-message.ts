// What nodes say to one another of who is there and who watches: to the node that owns the users in question.
import * as z from 'zod/mini';
import { userIdSchema, type UserId } from '@parley/protocol/ids';
import type { Status } from '@parley/ports/status-cache';

const VERSION = 1;

/** Statuses of users, whom watchers watch among the receiver's users, and whose contacts changed. */
export interface PresenceMessage {
  /** The node that says so. */
  readonly node: string;
  readonly statuses: readonly (readonly [UserId, Status])[];
  readonly lists: readonly (readonly [UserId, readonly UserId[]])[];
  readonly contacts: readonly (readonly [UserId, readonly UserId[]])[];
  /** The node is going as planned. */
  readonly leaving?: boolean | undefined;
}

const statusSchema = z.object({
  state: z.enum(['online', 'away', 'offline']),
  node: z.string(),
  sessionStart: z.number(),
  counter: z.number(),
  lastSeen: z.number(),
});
const usersOfSchema = z.array(z.tuple([userIdSchema, z.array(userIdSchema)]));

const messageSchema = z.object({
  v: z.literal(VERSION),
  kind: z.literal('presence'),
  node: z.string(),
  statuses: z.array(z.tuple([userIdSchema, statusSchema])),
  lists: usersOfSchema,
  contacts: usersOfSchema,
  leaving: z.optional(z.boolean()),
});

export const presenceTopic = (node: string) => `parley.node.${node}.presence`;

export function encodePresence({ node, statuses, lists, contacts, leaving }: PresenceMessage): string {
  const said = { node, statuses, lists, contacts, ...(leaving === true ? { leaving } : {}) };
  return JSON.stringify({ v: VERSION, kind: 'presence', ...said });
}

/** Undefined for what cannot be read: a node of another version may say other things. */
export function decodePresence(payload: string): PresenceMessage | undefined {
  try {
    const read = messageSchema.safeParse(JSON.parse(payload));
    return read.success ? read.data : undefined;
  } catch {
    return undefined;
  }
}
