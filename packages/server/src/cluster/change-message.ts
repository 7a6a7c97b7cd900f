// What other nodes must know of at once, since they hold it in memory: settings, blocks, hidden messages, sign-outs.
import * as z from 'zod/mini';
import { conversationIdSchema, deviceIdSchema, userIdSchema } from '@parley/protocol/ids';
import { visibilitySchema } from '@parley/protocol/settings';

const VERSION = 1;

const settings = z.object({
  readReceipts: z.boolean(),
  visibility: visibilitySchema,
});

const changeSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('settings'), user: userIdSchema, before: settings, after: settings }),
  z.object({ kind: z.literal('block'), user: userIdSchema, other: userIdSchema, blocked: z.boolean() }),
  /** Whoever owns their direct conversation lets the sender write no more, or again. */
  z.object({
    kind: z.literal('direct_block'),
    conversation: conversationIdSchema,
    sender: userIdSchema,
    blocked: z.boolean(),
  }),
  z.object({ kind: z.literal('hidden'), user: userIdSchema }),
  z.object({ kind: z.literal('revoked'), user: userIdSchema, device: deviceIdSchema }),
]);
export type SharedChange = z.infer<typeof changeSchema>;

const messageSchema = z.object({ v: z.literal(VERSION), change: changeSchema });

export function encodeChange(change: SharedChange): string {
  return JSON.stringify({ v: VERSION, change });
}

/** Undefined for what cannot be read: a node of another version may say other things. */
export function decodeChange(payload: string): SharedChange | undefined {
  try {
    const read = messageSchema.safeParse(JSON.parse(payload));
    return read.success ? read.data.change : undefined;
  } catch {
    return undefined;
  }
}
