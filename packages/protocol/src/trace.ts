// The timeline of one message: from the server's hands to people's eyes.
import * as z from 'zod/mini';
import {
  conversationIdSchema,
  deviceIdSchema,
  messageIdSchema,
  refSchema,
  seqSchema,
  timeMsSchema,
  userIdSchema,
} from './ids.ts';

/** For members. Answered by `timeline`. */
export const getTimelineSchema = z.strictObject({
  type: z.literal('get_timeline'),
  ref: refSchema,
  message_id: messageIdSchema,
});
export type GetTimeline = z.infer<typeof getTimelineSchema>;

export const timelineSchema = z.object({
  type: z.literal('timeline'),
  ref: refSchema,
  message_id: messageIdSchema,
  conversation_id: conversationIdSchema,
  seq: seqSchema,
  sender: userIdSchema,
  /** The time of the entry. */
  at: timeMsSchema,
  /** The server took it, it was on the disk, it was handed to the sessions: known while the server remembers. */
  accepted_at: z.optional(timeMsSchema),
  durable_at: z.optional(timeMsSchema),
  fanned_out_at: z.optional(timeMsSchema),
  /** At most TIMELINE_ROWS_MAX_COUNT each, by user. */
  delivered: z.array(
    z.object({ user_id: userIdSchema, device_id: deviceIdSchema, at: z.optional(timeMsSchema) }),
  ),
  read: z.array(z.object({ user_id: userIdSchema, at: z.optional(timeMsSchema) })),
});
export type Timeline = z.infer<typeof timelineSchema>;
