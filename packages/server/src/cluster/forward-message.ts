// What nodes say to one another about requests of clients, as text on the bus.
import * as z from 'zod/mini';
import { readDown, readUp } from '@parley/protocol/codec';
import { faultSchema, isErrorCode, type Fault } from '@parley/protocol/error-code';
import { deviceIdSchema, userIdSchema, type DeviceId, type UserId } from '@parley/protocol/ids';
import type { Up } from '@parley/protocol/up';
import type { Answer } from '../request/request.ts';

const VERSION = 1;

const askedSchema = z.object({
  v: z.literal(VERSION),
  user: userIdSchema,
  device: deviceIdSchema,
  frame: z.unknown(),
});

const answeredSchema = z.discriminatedUnion('kind', [
  z.object({ v: z.literal(VERSION), kind: z.literal('done'), frame: z.unknown() }),
  z.object({ v: z.literal(VERSION), kind: z.literal('refused'), fault: faultSchema }),
  /** It does not number the conversation, and nothing was stored by this. */
  z.object({ v: z.literal(VERSION), kind: z.literal('not_here') }),
]);

export interface Asked {
  readonly user: UserId;
  readonly device: DeviceId;
  readonly frame: Up;
}

export const NOT_HERE = JSON.stringify({ v: VERSION, kind: 'not_here' });

export function encodeAsked({ user, device, frame }: Asked): string {
  return JSON.stringify({ v: VERSION, user, device, frame });
}

/** A fault for a frame that this node does not know; undefined for what cannot be read at all. */
export function decodeAsked(payload: string): Asked | { readonly fault: Fault } | undefined {
  const read = askedSchema.safeParse(parsed(payload));
  if (!read.success) return undefined;
  const { user, device, frame } = read.data;
  const decoded = readUp(frame);
  return decoded.kind === 'fault' ? { fault: decoded.fault } : { user, device, frame: decoded.frame };
}

export function encodeAnswered(answer: Answer): string {
  return JSON.stringify(
    'fault' in answer
      ? { v: VERSION, kind: 'refused', fault: answer.fault }
      : { v: VERSION, kind: 'done', frame: answer },
  );
}

/** Undefined for what cannot be read: then it is not known what became of the request. */
export function decodeAnswered(payload: string): Answer | 'not_here' | undefined {
  const read = answeredSchema.safeParse(parsed(payload));
  if (!read.success) return undefined;
  switch (read.data.kind) {
    case 'not_here':
      return 'not_here';
    case 'refused': {
      const { code } = read.data.fault;
      // A node of a newer version may have codes that this one does not know.
      return { fault: { ...read.data.fault, code: isErrorCode(code) ? code : 'unavailable' } as Fault };
    }
    case 'done': {
      const decoded = readDown(read.data.frame);
      return decoded.kind === 'fault' ? undefined : decoded.frame;
    }
  }
}

function parsed(payload: string): unknown {
  try {
    return JSON.parse(payload);
  } catch {
    return undefined;
  }
}
