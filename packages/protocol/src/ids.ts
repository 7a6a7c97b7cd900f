// The ids of the wire. 64-bit ids travel as decimal strings, because JSON numbers end at 2^53.
import * as z from 'zod/mini';

const snowflake = z.string().check(z.regex(/^[1-9][0-9]{0,18}$/, 'must be a decimal 64-bit id'));

export const userIdSchema = snowflake.brand<'UserId'>();
export const deviceIdSchema = snowflake.brand<'DeviceId'>();
export const sessionIdSchema = snowflake.brand<'SessionId'>();
export const conversationIdSchema = snowflake.brand<'ConversationId'>();
export const messageIdSchema = snowflake.brand<'MessageId'>();

/** Chosen by the sender; makes a durable change idempotent. UUIDv7 is best: time-ordered ids are cheap to index. */
export const clientMsgIdSchema = z
  .string()
  .check(z.regex(/^[A-Za-z0-9_.:-]{1,64}$/, 'must be 1 to 64 of A-Z a-z 0-9 _ . : -'))
  .brand<'ClientMsgId'>();

export type UserId = z.infer<typeof userIdSchema>;
export type DeviceId = z.infer<typeof deviceIdSchema>;
export type SessionId = z.infer<typeof sessionIdSchema>;
export type ConversationId = z.infer<typeof conversationIdSchema>;
export type MessageId = z.infer<typeof messageIdSchema>;
export type ClientMsgId = z.infer<typeof clientMsgIdSchema>;

/** A conversation's dense number, 1, 2, 3 …; 0 means "before the first". */
export type Seq = number;

/** A seq or a watermark: an integer from 0 to 2^53 - 1. */
export const seqSchema = z.int().check(z.gte(0), z.lte(Number.MAX_SAFE_INTEGER));

/** Correlates an answer with its request: chosen by the client, echoed by the server. */
export const refSchema = z.int().check(z.gte(0), z.lte(2 ** 31 - 1));

/** Milliseconds since the Unix epoch, by the server's clock. */
export const timeMsSchema = z.int().check(z.gte(0));
