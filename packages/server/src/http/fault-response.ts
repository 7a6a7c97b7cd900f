// A fault as an HTTP answer: {error: Fault}, the status that fits, and when to come back.
import type { Context } from 'hono';
import type { ErrorCode, Fault } from '@parley/protocol/error-code';

type FaultStatus = 400 | 401 | 403 | 404 | 409 | 413 | 415 | 429 | 503;

const STATUS: Readonly<Record<ErrorCode, FaultStatus>> = {
  malformed: 400,
  unknown_frame: 400,
  invalid_field: 400,
  hello_expected: 400,
  version_unsupported: 400,
  invalid_credentials: 401,
  token_expired: 401,
  name_taken: 409,
  registration_closed: 403,
  not_found: 404,
  not_member: 403,
  forbidden: 403,
  blocked: 403,
  banned: 403,
  id_reused: 409,
  stale_version: 409,
  too_late: 403,
  deleted: 409,
  not_a_group: 409,
  limit_reached: 409,
  rate_limited: 429,
  outcome_unknown: 503,
  unavailable: 503,
  storage_full: 503,
  shutting_down: 503,
};

/** The status follows from the code, unless HTTP has a better one (413, 415). */
export function faultResponse(
  context: Context,
  fault: Fault,
  status: FaultStatus = STATUS[fault.code],
): Response {
  if (fault.retry_after_ms !== undefined)
    context.header('Retry-After', String(Math.ceil(fault.retry_after_ms / 1_000)));
  if (status === 401) context.header('WWW-Authenticate', 'Bearer');
  return context.json({ error: fault }, status);
}
