// The handshake: hello, answered by welcome or by an error and a close.
import * as z from 'zod/mini';
import { deviceIdSchema, sessionIdSchema, timeMsSchema, userIdSchema } from './ids.ts';
import { DEVICE_NAME_MAX_UNITS, TOKEN_MAX_CHARS } from './limits.ts';
import { wellFormed } from './well-formed.ts';

export const helloSchema = z.strictObject({
  type: z.literal('hello'),
  /** The highest protocol version that the client speaks, and the lowest. */
  version: z.int().check(z.gte(1), z.lte(1_000_000)),
  min_version: z.optional(z.int().check(z.gte(1), z.lte(1_000_000))),
  /** A token from register or login, or a JWT that the app's own back end signed. */
  token: z.string().check(z.minLength(1), z.maxLength(TOKEN_MAX_CHARS)),
  /** With a JWT: names this installation, so that its queue is found again. A Parley token knows its device. */
  device_key: z.optional(z.string().check(z.regex(/^[A-Za-z0-9_.:-]{1,64}$/))),
  /** With a JWT: what people call this device. */
  device_name: z.optional(z.string().check(z.minLength(1), z.maxLength(DEVICE_NAME_MAX_UNITS), wellFormed)),
  /** Name and version of the client's software, for the operator's logs. */
  client: z.optional(z.string().check(z.maxLength(100))),
});
export type Hello = z.infer<typeof helloSchema>;

export const welcomeSchema = z.object({
  type: z.literal('welcome'),
  version: z.int(),
  session_id: sessionIdSchema,
  user_id: userIdSchema,
  name: z.string(),
  device_id: deviceIdSchema,
  server_time: timeMsSchema,
  heartbeat_interval_ms: z.int(),
  beat_interval_ms: z.int(),
  /** Names one life of the logs; a client that sees another one forgets its cursors. */
  log_id: z.string(),
});
export type Welcome = z.infer<typeof welcomeSchema>;
