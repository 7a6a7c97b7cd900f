// Who is writing: never stored, never answered, ends by itself.
import * as z from 'zod/mini';
import { conversationIdSchema, userIdSchema } from './ids.ts';

export const typingSchema = z.strictObject({
  type: z.literal('typing'),
  conversation_id: conversationIdSchema,
  /** Nothing is being written any more. */
  stopped: z.optional(z.literal(true)),
});
export type Typing = z.infer<typeof typingSchema>;

export const userTypingSchema = z.object({
  type: z.literal('user_typing'),
  conversation_id: conversationIdSchema,
  user_id: userIdSchema,
  /** For this long, unless it comes again; 0: it has ended. */
  for_ms: z.int(),
});
export type UserTyping = z.infer<typeof userTypingSchema>;
