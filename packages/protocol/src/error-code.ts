// Every error that the server may answer, a closed set. Each says whether the same request may be tried again.
import * as z from 'zod/mini';

/** `no`: it will never succeed as it is. `later`: the same request, with the same client_msg_id, after a pause. */
export type Retry = 'no' | 'later';

export const ERRORS = {
  malformed: { retry: 'no', means: 'the message is not a JSON array of frames' },
  unknown_frame: { retry: 'no', means: 'no frame of this type exists in this version' },
  invalid_field: {
    retry: 'no',
    means: 'a field is missing, unknown, of the wrong type or out of range; `field` names it',
  },
  hello_expected: { retry: 'no', means: 'the first frame must be hello, and only the first' },
  version_unsupported: { retry: 'no', means: 'no protocol version that both sides speak' },
  invalid_credentials: { retry: 'no', means: 'the name and password, or the token, are not valid' },
  token_expired: { retry: 'no', means: 'the token was valid once; sign in again' },
  name_taken: { retry: 'no', means: 'another user has this name' },
  registration_closed: { retry: 'no', means: 'this server does not let people register by themselves' },
  not_found: { retry: 'no', means: 'no such thing, or none that you may see' },
  not_member: { retry: 'no', means: 'you are not a member of this conversation' },
  forbidden: { retry: 'no', means: 'your role does not allow this' },
  blocked: { retry: 'no', means: 'this user does not take that from you' },
  banned: { retry: 'no', means: 'this user was banned from the group' },
  id_reused: { retry: 'no', means: 'this client_msg_id was used for something else' },
  stale_version: { retry: 'no', means: 'the message has changed meanwhile; `version` is the present one' },
  too_late: { retry: 'no', means: 'the time in which this may be done is over' },
  deleted: { retry: 'no', means: 'the message was deleted, and nothing about it changes any more' },
  not_a_group: { retry: 'no', means: 'a direct conversation has no members or title to change' },
  limit_reached: { retry: 'no', means: 'a limit would be passed; the message names it' },
  rate_limited: { retry: 'later', means: 'too many at once; try again after retry_after_ms' },
  outcome_unknown: {
    retry: 'later',
    means: 'it may have happened or not; asking again under the same client_msg_id decides it',
  },
  unavailable: { retry: 'later', means: 'the server cannot do this now; nothing was stored' },
  storage_full: { retry: 'later', means: 'the disk of the server is full; nothing was stored' },
  shutting_down: { retry: 'later', means: 'this server is going away; reconnect and ask again' },
} as const satisfies Record<string, { retry: Retry; means: string }>;

export type ErrorCode = keyof typeof ERRORS;

export const ERROR_CODES = Object.keys(ERRORS) as readonly ErrorCode[];

/** A client may be older than the server: it reads a code it does not know as `unavailable`, and keeps `retry`. */
export const faultSchema = z.object({
  code: z.string(),
  message: z.string(),
  retry: z.enum(['no', 'later']),
  field: z.optional(z.string()),
  retry_after_ms: z.optional(z.int()),
  /** With stale_version: the version that the message has now. */
  version: z.optional(z.int()),
});

/** What went wrong, as it stands on the wire. */
export type Fault = {
  code: ErrorCode;
  message: string;
  retry: Retry;
  field?: string;
  retry_after_ms?: number;
  version?: number;
};

export function fault(
  code: ErrorCode,
  message: string,
  more: Pick<Fault, 'field' | 'retry_after_ms' | 'version'> = {},
): Fault {
  return { code, message, retry: ERRORS[code].retry, ...more };
}

export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERRORS, code);
}
