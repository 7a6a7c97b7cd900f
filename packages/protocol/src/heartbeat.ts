// Signs of life. A heartbeat is never answered; a beat is sent only when the server had nothing else to say.
import * as z from 'zod/mini';

export const heartbeatSchema = z.strictObject({ type: z.literal('heartbeat') });
export type Heartbeat = z.infer<typeof heartbeatSchema>;

export const beatSchema = z.object({ type: z.literal('beat') });
export type Beat = z.infer<typeof beatSchema>;
