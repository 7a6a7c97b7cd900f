// Sending: one or more messages to one conversation, answered one by one.
import * as z from 'zod/mini';
import { contentSchema, mentionsSchema } from './content.ts';
import { faultSchema } from './error-code.ts';
import {
  clientMsgIdSchema,
  conversationIdSchema,
  messageIdSchema,
  refSchema,
  seqSchema,
  timeMsSchema,
} from './ids.ts';
import { SEND_MESSAGES_MAX_COUNT } from './limits.ts';

/** One message to be stored: with content of its own, or forwarded from where the sender may read it. */
export const outgoingSchema = z.strictObject({
  client_msg_id: clientMsgIdSchema,
  content: z.optional(contentSchema),
  forward: z.optional(z.strictObject({ conversation_id: conversationIdSchema, seq: seqSchema })),
  reply_to: z.optional(seqSchema),
  thread: z.optional(seqSchema),
  mentions: z.optional(mentionsSchema),
});
export type Outgoing = z.infer<typeof outgoingSchema>;

export const sendSchema = z.strictObject({
  type: z.literal('send'),
  ref: refSchema,
  conversation_id: conversationIdSchema,
  messages: z.array(outgoingSchema).check(z.minLength(1), z.maxLength(SEND_MESSAGES_MAX_COUNT)),
});
export type Send = z.infer<typeof sendSchema>;

export const storedResultSchema = z.object({
  client_msg_id: clientMsgIdSchema,
  seq: seqSchema,
  message_id: messageIdSchema,
  at: timeMsSchema,
});
export const refusedResultSchema = z.object({ client_msg_id: clientMsgIdSchema, error: faultSchema });

export const sentSchema = z.object({
  type: z.literal('sent'),
  ref: refSchema,
  conversation_id: conversationIdSchema,
  /** In the order of the request's messages. */
  results: z.array(z.union([storedResultSchema, refusedResultSchema])),
});
export type Sent = z.infer<typeof sentSchema>;
export type SendResult = Sent['results'][number];
