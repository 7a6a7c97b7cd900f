// The one place where a body from HTTP becomes a value: JSON, well-formed, and exactly what the schema says.
import type { HonoRequest } from 'hono';
import { faultOf } from '@parley/protocol/codec';
import { fault, type Fault } from '@parley/protocol/error-code';

export type BodyOutcome<Body> =
  | { readonly kind: 'ok'; readonly body: Body }
  | { readonly kind: 'refused'; readonly fault: Fault; readonly status: 400 | 415 };

/** What a schema of the protocol looks like from here. */
interface BodySchema<Body> {
  safeParse(
    value: unknown,
  ):
    | { readonly success: true; readonly data: Body }
    | { readonly success: false; readonly error: { readonly issues: Parameters<typeof faultOf>[0] } };
}

/** `where` names the request in the message of a fault. */
export async function readBody<Body>(
  request: HonoRequest,
  schema: BodySchema<Body>,
  where: string,
): Promise<BodyOutcome<Body>> {
  const [mediaType = ''] = (request.header('Content-Type') ?? '').split(';');
  if (mediaType.trim().toLowerCase() !== 'application/json') {
    return {
      kind: 'refused',
      status: 415,
      fault: fault('malformed', 'The Content-Type must be application/json.'),
    };
  }
  let value: unknown;
  try {
    // Text that is not UTF-8 is refused: two different passwords must never be read as one.
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(await request.arrayBuffer()));
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof TypeError || error instanceof RangeError))
      throw error;
    return refused(fault('malformed', 'The body must be JSON in UTF-8.'));
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return refused(fault('malformed', 'The body must be a JSON object.'));
  }
  const parsed = schema.safeParse(value);
  return parsed.success ? { kind: 'ok', body: parsed.data } : refused(faultOf(parsed.error.issues, where));
}

function refused(found: Fault): { readonly kind: 'refused'; readonly fault: Fault; readonly status: 400 } {
  return { kind: 'refused', fault: found, status: 400 };
}
