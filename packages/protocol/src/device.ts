// A user's devices: seeing them, signing one out.
import * as z from 'zod/mini';
import { deviceIdSchema, refSchema, timeMsSchema } from './ids.ts';

export const listDevicesSchema = z.strictObject({ type: z.literal('list_devices'), ref: refSchema });
export type ListDevices = z.infer<typeof listDevicesSchema>;

export const devicesSchema = z.object({
  type: z.literal('devices'),
  ref: refSchema,
  rows: z.array(
    z.object({
      device_id: deviceIdSchema,
      name: z.string(),
      created_at: timeMsSchema,
      /** It has a session now. */
      connected: z.boolean(),
      /** It is the one that asks. */
      current: z.optional(z.literal(true)),
    }),
  ),
});
export type Devices = z.infer<typeof devicesSchema>;

/** Signs a device of one's own out, for good. Answered by `done`. */
export const revokeDeviceSchema = z.strictObject({
  type: z.literal('revoke_device'),
  ref: refSchema,
  device_id: deviceIdSchema,
});
export type RevokeDevice = z.infer<typeof revokeDeviceSchema>;
