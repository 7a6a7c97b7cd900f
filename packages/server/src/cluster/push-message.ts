// Pushes from node to node: a JSON head that says who gets what, then the frames as they are, so that none is parsed.
import * as z from 'zod/mini';
import { userIdSchema, type UserId } from '@parley/protocol/ids';

const VERSION = 1;

const headSchema = z.object({
  v: z.literal(VERSION),
  kind: z.literal('push'),
  /** Sent on by a node that had none of these sessions: it is not sent on again. */
  again: z.optional(z.boolean()),
  pushes: z.array(z.object({ users: z.array(userIdSchema), units: z.int().check(z.gte(0)) })),
});

export interface Push {
  readonly users: readonly UserId[];
  /** An encoded frame; undefined where it was too long: the users' sessions are to look for themselves. */
  readonly frame: string | undefined;
}

export interface PushMessage {
  readonly again: boolean;
  readonly pushes: readonly Push[];
}

export function encodePushes({ again, pushes }: PushMessage): string {
  const rows = pushes.map(({ users, frame }) => ({ users, units: frame?.length ?? 0 }));
  const head = { v: VERSION, kind: 'push', ...(again ? { again } : {}), pushes: rows };
  return `${JSON.stringify(head)}\n${pushes.map(({ frame }) => frame ?? '').join('')}`;
}

/** Undefined for what cannot be read: a node of another version may say other things. */
export function decodePushes(payload: string): PushMessage | undefined {
  const end = payload.indexOf('\n');
  if (end < 0) return undefined;
  const read = headSchema.safeParse(parsed(payload.slice(0, end)));
  if (!read.success) return undefined;
  const pushes: Push[] = [];
  let at = end + 1;
  for (const { users, units } of read.data.pushes) {
    pushes.push({ users, frame: units === 0 ? undefined : payload.slice(at, at + units) });
    at += units;
  }
  return at === payload.length ? { again: read.data.again === true, pushes } : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
