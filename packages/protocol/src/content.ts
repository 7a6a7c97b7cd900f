// What a message says. A client shows a kind that it does not know as "unsupported".
import * as z from 'zod/mini';
import { userIdSchema } from './ids.ts';
import {
  ATTACHMENT_NAME_MAX_UNITS,
  ATTACHMENTS_MAX_COUNT,
  MEDIA_TYPE_MAX_CHARS,
  MENTIONS_MAX_COUNT,
  TEXT_MAX_UNITS,
} from './limits.ts';

/** What is attached, as metadata: where the bytes are is the app's to say. */
export const attachmentSchema = z.strictObject({
  name: z.string().check(z.minLength(1), z.maxLength(ATTACHMENT_NAME_MAX_UNITS)),
  media_type: z
    .string()
    .check(z.regex(/^[a-z0-9!#$&^_.+-]+\/[a-z0-9!#$&^_.+-]+$/), z.maxLength(MEDIA_TYPE_MAX_CHARS)),
  size_bytes: z.int().check(z.gte(0)),
  /** SHA-256 of the bytes, as lower-case hex. */
  sha256: z.optional(z.string().check(z.regex(/^[0-9a-f]{64}$/))),
  width: z.optional(z.int().check(z.gte(1), z.lte(100_000))),
  height: z.optional(z.int().check(z.gte(1), z.lte(100_000))),
});
export type Attachment = z.infer<typeof attachmentSchema>;

/** `markdown`: the subset of PROTOCOL.md, section 9; everything else in it is shown as it is written. */
export const textContentSchema = z.strictObject({
  kind: z.literal('text'),
  text: z.string().check(z.minLength(1), z.maxLength(TEXT_MAX_UNITS)),
  format: z.optional(z.literal('markdown')),
  attachments: z.optional(
    z.array(attachmentSchema).check(z.minLength(1), z.maxLength(ATTACHMENTS_MAX_COUNT)),
  ),
});

/** Whom a message is meant for, as data: nobody searches texts for names. */
export const mentionsSchema = z.strictObject({
  users: z.optional(z.array(userIdSchema).check(z.minLength(1), z.maxLength(MENTIONS_MAX_COUNT))),
  /** `all`: every member. `here`: every member who is connected. */
  everyone: z.optional(z.enum(['all', 'here'])),
});
export type Mentions = z.infer<typeof mentionsSchema>;

/** Content that a client may send. */
export const contentSchema = z.discriminatedUnion('kind', [textContentSchema]);
export type Content = z.infer<typeof contentSchema>;

/** Content as a client reads it: later kinds and fields are carried along. */
export const receivedContentSchema = z.looseObject({
  kind: z.string(),
  text: z.optional(z.string()),
});
export type ReceivedContent = z.infer<typeof receivedContentSchema>;
