// What a message says. A client shows a kind that it does not know as "unsupported".
import * as z from 'zod/mini';
import { TEXT_MAX_UNITS } from './limits.ts';

export const textContentSchema = z.strictObject({
  kind: z.literal('text'),
  text: z.string().check(z.minLength(1), z.maxLength(TEXT_MAX_UNITS)),
});

/** Content that a client may send. */
export const contentSchema = z.discriminatedUnion('kind', [textContentSchema]);
export type Content = z.infer<typeof contentSchema>;

/** Content as a client reads it: later kinds and fields are carried along. */
export const receivedContentSchema = z.looseObject({ kind: z.string(), text: z.optional(z.string()) });
export type ReceivedContent = z.infer<typeof receivedContentSchema>;
