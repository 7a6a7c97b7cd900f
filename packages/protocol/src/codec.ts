// Text of a WebSocket message <-> frames. The only JSON.parse of socket data, on either side.
import * as z from 'zod/mini';
import { downSchemas, type Down } from './down.ts';
import { fault, type Fault } from './error-code.ts';
import { refSchema } from './ids.ts';
import { MESSAGE_FRAMES_MAX_COUNT } from './limits.ts';
import { upSchemas, type Up } from './up.ts';

export type Decoded<Frame> =
  | { kind: 'frame'; frame: Frame }
  /** A frame that cannot be read; `ref` is the request's where it could be read, `type` the frame's where it is known. */
  | { kind: 'fault'; fault: Fault; ref: number | undefined; type: string | undefined };

type FrameSchema = z.ZodMiniType & { shape: { type: z.ZodMiniLiteral<string> } };

function byType(schemas: readonly FrameSchema[]): ReadonlyMap<string, FrameSchema> {
  return new Map(schemas.map((schema) => [schema.shape.type.def.values[0] as string, schema]));
}

const UP = byType(upSchemas);
const DOWN = byType(downSchemas);

/** Reads what a client sent: frame by frame, so that one bad frame does not spoil its neighbours. */
export function decodeUp(text: string): Decoded<Up>[] {
  return decode<Up>(text, UP);
}

/** Reads what a server sent. A type that is not known comes back as a fault `unknown_frame`, to be skipped. */
export function decodeDown(text: string): Decoded<Down>[] {
  return decode<Down>(text, DOWN);
}

/** One frame, where it is part of something else that was parsed. */
export function readUp(value: unknown): Decoded<Up> {
  return decodeFrame<Up>(value, UP);
}

export function readDown(value: unknown): Decoded<Down> {
  return decodeFrame<Down>(value, DOWN);
}

/** A WebSocket message is a JSON array of frames. */
export function encode(frames: readonly (Up | Down)[]): string {
  return JSON.stringify(frames);
}

function decode<Frame>(text: string, schemas: ReadonlyMap<string, FrameSchema>): Decoded<Frame>[] {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    return [bad(fault('malformed', 'A message must be a JSON array of frames; this is not JSON.'))];
  }
  if (!Array.isArray(message)) {
    return [bad(fault('malformed', 'A message must be a JSON array of frames; this is something else.'))];
  }
  if (message.length > MESSAGE_FRAMES_MAX_COUNT && schemas === UP) {
    return [bad(fault('malformed', `A message holds at most ${MESSAGE_FRAMES_MAX_COUNT} frames.`))];
  }
  return message.map((value: unknown) => decodeFrame<Frame>(value, schemas));
}

function decodeFrame<Frame>(value: unknown, schemas: ReadonlyMap<string, FrameSchema>): Decoded<Frame> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return bad(fault('malformed', 'A frame must be a JSON object.'));
  }
  const { type, ref } = value as { type?: unknown; ref?: unknown };
  if (typeof type !== 'string') {
    return bad(fault('invalid_field', 'A frame needs a type, as a string.', { field: 'type' }), ref);
  }
  const schema = schemas.get(type);
  if (schema === undefined) {
    return bad(fault('unknown_frame', `There is no frame of type ${quote(type)}.`, { field: 'type' }), ref);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return { kind: 'frame', frame: parsed.data as Frame };
  return bad(faultOf(parsed.error.issues, type), ref, type);
}

/** The first thing that is wrong, with the path of the field. */
export function faultOf(issues: readonly z.core.$ZodIssue[], where: string): Fault {
  const issue = deepest(issues[0] as z.core.$ZodIssue);
  const path = issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0] ?? ''] : issue.path;
  const field = path.map(String).join('.').slice(0, 100);
  return fault('invalid_field', `${where}: ${field === '' ? 'the frame' : field} ${explain(issue)}.`, {
    field,
  });
}

function deepest(issue: z.core.$ZodIssue): z.core.$ZodIssue {
  const inner = issue.code === 'invalid_union' ? issue.errors[0]?.[0] : undefined;
  return inner === undefined ? issue : deepest({ ...inner, path: [...issue.path, ...inner.path] });
}

function explain(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `is missing or is not of type ${issue.expected}`;
    case 'too_big':
      return `is too large; at most ${String(issue.maximum)}`;
    case 'too_small':
      return `is too small; at least ${String(issue.minimum)}`;
    case 'unrecognized_keys':
      return 'is not a field of this frame';
    case 'invalid_value':
      return `must be one of ${issue.values.map(String).join(', ')}`;
    case 'invalid_format':
      return issue.message.startsWith('must ') ? issue.message : 'has the wrong form';
    case 'invalid_union':
      return 'is of an unknown kind';
    default:
      return 'is not valid';
  }
}

/** A `ref` that is out of range is not sent back: the client could not read such an answer. */
function bad(found: Fault, ref?: unknown, type?: string): Extract<Decoded<never>, { kind: 'fault' }> {
  const readable = refSchema.safeParse(ref);
  return { kind: 'fault', fault: found, ref: readable.success ? readable.data : undefined, type };
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 40));
}
