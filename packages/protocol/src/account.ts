// Accounts, over HTTP: POST /v1/register, /v1/login and /v1/logout.
import * as z from 'zod/mini';
import { faultSchema } from './error-code.ts';
import { deviceIdSchema, userIdSchema } from './ids.ts';
import { DEVICE_NAME_MAX_UNITS, PASSWORD_MAX_UNITS, PASSWORD_MIN_UNITS } from './limits.ts';
import { userNameSchema } from './user.ts';
import { wellFormed } from './well-formed.ts';

const deviceName = z.optional(
  z.string().check(z.minLength(1), z.maxLength(DEVICE_NAME_MAX_UNITS), wellFormed),
);

export const registerRequestSchema = z.strictObject({
  name: userNameSchema,
  password: z.string().check(z.minLength(PASSWORD_MIN_UNITS), z.maxLength(PASSWORD_MAX_UNITS)),
  device_name: deviceName,
});
export type RegisterRequest = z.infer<typeof registerRequestSchema>;

/** Any text is tried, so that an answer never tells a badly formed name from an unknown one. */
export const loginRequestSchema = z.strictObject({
  name: z.string().check(z.maxLength(PASSWORD_MAX_UNITS)),
  password: z.string().check(z.maxLength(PASSWORD_MAX_UNITS)),
  device_name: deviceName,
});
export type LoginRequest = z.infer<typeof loginRequestSchema>;

export const credentialsSchema = z.object({
  user_id: userIdSchema,
  name: z.string(),
  device_id: deviceIdSchema,
  token: z.string(),
});
export type Credentials = z.infer<typeof credentialsSchema>;

/** The body of every answer that is not 2xx. */
export const httpErrorSchema = z.object({ error: faultSchema });
export type HttpError = z.infer<typeof httpErrorSchema>;
