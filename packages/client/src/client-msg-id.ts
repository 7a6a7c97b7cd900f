// Ids that make a durable change idempotent: UUIDv7, because ids ordered by time are cheap to index.
import { clientMsgIdSchema, type ClientMsgId } from '@parley/protocol/ids';
import { v7 } from 'uuid';
import type { Environment } from './environment.ts';
import { localError } from './parley-error.ts';

export function newClientMsgId({ clock, randomness }: Environment): ClientMsgId {
  return clientMsgIdSchema.parse(v7({ msecs: clock.now(), random: randomness.bytes(16) }));
}

/** The app's own id, checked, or a new one. Throws a ParleyError `invalid_field`. */
export function clientMsgIdOr(given: string | undefined, environment: Environment): ClientMsgId {
  if (given === undefined) return newClientMsgId(environment);
  const parsed = clientMsgIdSchema.safeParse(given);
  if (parsed.success) return parsed.data;
  const message = 'A client_msg_id has 1 to 64 of A-Z a-z 0-9 _ . : -';
  throw localError('invalid_field', message, { field: 'client_msg_id' });
}
