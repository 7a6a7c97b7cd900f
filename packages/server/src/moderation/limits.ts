// The limits of reports that are no part of the wire.

/** Reports of one user at once; more are answered with `rate_limited`. */
export const REPORTS_AT_ONCE_MAX_COUNT = 20;
/** And from then on, one in this time. */
export const REPORT_REFILL_MS = 30_000;
/** An answer to `list_reports` ends early past this size; `next` says where it goes on. */
export const REPORTS_ANSWER_MAX_BYTES = 262_144;
/** Reports that are read from the store at once: each may be some MB, a whole page of them too much. */
export const REPORTS_READ_AT_ONCE_COUNT = 4;
