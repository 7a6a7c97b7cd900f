// Changing a message that was sent: each change is an entry of the log, asked for under a client_msg_id like a send.
import * as z from 'zod/mini';
import { contentSchema, mentionsSchema } from './content.ts';
import { messageEditedEntrySchema, messageEntrySchema } from './entry.ts';
import { clientMsgIdSchema, conversationIdSchema, refSchema, seqSchema } from './ids.ts';
import { EMOJI_MAX_UNITS } from './limits.ts';

const change = {
  ref: refSchema,
  client_msg_id: clientMsgIdSchema,
  conversation_id: conversationIdSchema,
  /** The seq of the message. */
  target: seqSchema,
};

export const editMessageSchema = z.strictObject({
  type: z.literal('edit_message'),
  ...change,
  /** The version that the editor saw; where it is not the present one, the edit is refused with `stale_version`. */
  version: seqSchema,
  content: contentSchema,
  mentions: z.optional(mentionsSchema),
});
export type EditMessage = z.infer<typeof editMessageSchema>;

/** For everyone, and for good. */
export const deleteMessageSchema = z.strictObject({ type: z.literal('delete_message'), ...change });
export type DeleteMessage = z.infer<typeof deleteMessageSchema>;

export const reactSchema = z.strictObject({
  type: z.literal('react'),
  ...change,
  /** The joiner and the tags, which are format characters, make one emoji of several: families, flags. */
  emoji: z
    .string()
    .check(
      z.minLength(1),
      z.maxLength(EMOJI_MAX_UNITS),
      z.regex(/^(?:[^\s\p{C}]|[\u200d\u{e0020}-\u{e007f}])+$/u),
    ),
  remove: z.optional(z.literal(true)),
});
export type React = z.infer<typeof reactSchema>;

export const pinMessageSchema = z.strictObject({
  type: z.literal('pin_message'),
  ...change,
  remove: z.optional(z.literal(true)),
});
export type PinMessage = z.infer<typeof pinMessageSchema>;

/** What a message said before each of its edits. */
export const getVersionsSchema = z.strictObject({
  type: z.literal('get_versions'),
  ref: refSchema,
  conversation_id: conversationIdSchema,
  target: seqSchema,
});
export type GetVersions = z.infer<typeof getVersionsSchema>;

export const versionsSchema = z.object({
  type: z.literal('versions'),
  ref: refSchema,
  conversation_id: conversationIdSchema,
  target: seqSchema,
  /** The message, then its edits, oldest first; the last one is what it says now. Deleted: the message alone. */
  entries: z.array(z.union([messageEntrySchema, messageEditedEntrySchema])),
});
export type Versions = z.infer<typeof versionsSchema>;
