// The limits of the message service that are no part of the wire.

/** Entries that wait for one conversation's next commits; more are answered with `unavailable`. */
export const OWNER_QUEUE_MAX_COUNT = 16_384;
/** Of these, entries of one user, so that nobody fills the queue alone. */
export const OWNER_QUEUE_PER_SENDER_MAX_COUNT = 4_096;
/** Bytes of all messages of this node that wait to be stored; more are answered with `unavailable`. */
export const PENDING_MAX_BYTES = 268_435_456;
/** Conversations whose state this node keeps in memory. Idle ones beyond it are forgotten and loaded again. */
export const OWNERS_MAX_COUNT = 100_000;
/** When there are that many, so many of those that were used longest ago are looked at, and forgotten where idle. */
export const OWNERS_FORGOTTEN_AT_ONCE_MAX_COUNT = 2_000;
/** A conversation that was not written to for this long is forgotten. */
export const OWNER_IDLE_MAX_MS = 600_000;
/** Claims of one conversation before its load is given up for now. */
export const CLAIM_ATTEMPTS_MAX_COUNT = 8;
/** Tries to settle an append of unknown outcome before the senders are told that it is unknown. */
export const SETTLE_ATTEMPTS_MAX_COUNT = 3;
/** What a client is told to wait after `unavailable`. */
export const RETRY_AFTER_MS = 500;
/** Devices' received marks are stored this often. */
export const MARKS_FLUSH_INTERVAL_MS = 2_000;
/** At this many waiting marks they are stored at once. */
export const MARKS_FLUSH_AT_COUNT = 20_000;
/** Devices whose marks are stored at the same time. */
export const MARKS_FLUSH_AT_ONCE_COUNT = 64;
/** Marks that wait to be stored; more are refused, and their devices will be offered again what they have. */
export const MARKS_PENDING_MAX_COUNT = 200_000;
/** Messages of which this node remembers when it accepted, stored and pushed them: 2 MB. */
export const TIMELINES_KEPT_MAX_COUNT = 65_536;
/** Entries that are read again to tell a former member how messages were at the end. */
export const STATE_REPLAY_ROWS_MAX_COUNT = 20_000;
/** In a large group those who join within this time share an entry. */
export const JOIN_WINDOW_MS = 1_000;
/** Users that one entry lets in; more wait for the next. */
export const JOINS_PER_ENTRY_MAX_COUNT = 200;
/** Members of a group in slow mode of whom it is in memory when they last sent. */
export const SLOW_MODE_SENDERS_MAX_COUNT = 1_000;
/** The members of a large group who do not look at it are told of its head at most this often. */
export const HEADS_INTERVAL_MS = 1_000;
/** Users who are told of a head in one turn of the event loop. */
export const HEADS_PER_TURN_MAX_COUNT = 500;
