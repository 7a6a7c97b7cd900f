// Reading the log: what the server pushes, what a client pulls, and how far a conversation has gone.
import * as z from 'zod/mini';
import { entrySchema } from './entry.ts';
import { conversationIdSchema, refSchema, seqSchema, timeMsSchema } from './ids.ts';
import { messageStateSchema } from './message-state.ts';
import { PULL_ENTRIES_MAX_COUNT, RECEIVED_MARKS_MAX_COUNT } from './limits.ts';

/** Asks for entries after a seq, oldest first. */
export const pullSchema = z.strictObject({
  type: z.literal('pull'),
  ref: refSchema,
  conversation_id: conversationIdSchema,
  /** Where absent: after what this device received, as far as the server knows. */
  after: z.optional(seqSchema),
  limit: z.optional(z.int().check(z.gte(1), z.lte(PULL_ENTRIES_MAX_COUNT))),
});
export type Pull = z.infer<typeof pullSchema>;

export const pulledSchema = z.object({
  type: z.literal('pulled'),
  ref: refSchema,
  conversation_id: conversationIdSchema,
  /** The request's, or where it had none, how far this device has got. */
  after: seqSchema,
  entries: z.array(entrySchema),
  /**
   * How those messages among the entries that were changed are now, whatever of it is in the entries as well. A server
   * of version 1 has none.
   */
  states: z._default(z.array(messageStateSchema), []),
  /** Of these entries, messages that this user hid. */
  hidden: z.optional(z.array(seqSchema)),
  /** This answer covers every seq up to here that the asker may still read. */
  through: seqSchema,
  /** The last seq that the asker may read; more is to be had while through < head. */
  head: seqSchema,
  /** Seqs at or below it are gone, or never were the asker's to read. */
  floor: seqSchema,
});
export type Pulled = z.infer<typeof pulledSchema>;

/** A push: the entries continue one another. A client applies what continues its cursor and pulls for the rest. */
export const entriesSchema = z.object({
  type: z.literal('entries'),
  conversation_id: conversationIdSchema,
  entries: z.array(entrySchema),
});
export type Entries = z.infer<typeof entriesSchema>;

/** Messages that waited longer than the server's retention: no longer streamed, perhaps still to be had by pull. */
export const expiredSchema = z.object({
  /** First and last seq that are not streamed any more. */
  from: seqSchema,
  to: seqSchema,
  /** They were older than this when the device came back. */
  before: timeMsSchema,
});
export type Expired = z.infer<typeof expiredSchema>;

export const headRowSchema = z.object({
  conversation_id: conversationIdSchema,
  /** The last seq that this user may read. */
  head: seqSchema,
  floor: seqSchema,
  /** How far this device has got, as far as the server knows. */
  received: seqSchema,
  /** The user is no member any more; head is the entry that ended it. */
  removed: z.optional(z.literal(true)),
  expired: z.optional(expiredSchema),
});
export type HeadRow = z.infer<typeof headRowSchema>;

/** Conversations that have gone beyond what this device received. */
export const headsSchema = z.object({ type: z.literal('heads'), rows: z.array(headRowSchema) });
export type Heads = z.infer<typeof headsSchema>;

/** The device has received everything that waited for it when it connected. */
export const queueEmptySchema = z.object({ type: z.literal('queue_empty') });
export type QueueEmpty = z.infer<typeof queueEmptySchema>;

/** How far this device has got: every entry up to seq was handed to the app. Never answered but by an error. */
export const receivedSchema = z.strictObject({
  type: z.literal('received'),
  marks: z
    .array(z.strictObject({ conversation_id: conversationIdSchema, seq: seqSchema }))
    .check(z.minLength(1), z.maxLength(RECEIVED_MARKS_MAX_COUNT)),
});
export type Received = z.infer<typeof receivedSchema>;
