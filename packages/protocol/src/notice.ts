// What the server says of a request it could not do, and of itself.
import * as z from 'zod/mini';
import { faultSchema } from './error-code.ts';
import { refSchema } from './ids.ts';

/** Without `ref` when the request had none that could be read. */
export const errorSchema = z.extend(faultSchema, { type: z.literal('error'), ref: z.optional(refSchema) });
export type ErrorFrame = z.infer<typeof errorSchema>;

/** The answer to a request that changes something and has nothing to tell. */
export const doneSchema = z.object({ type: z.literal('done'), ref: refSchema });
export type Done = z.infer<typeof doneSchema>;

/** The server is going away: finish, then reconnect after this long; another node may answer. */
export const drainingSchema = z.object({ type: z.literal('draining'), retry_after_ms: z.int() });
export type Draining = z.infer<typeof drainingSchema>;
