// The limits of the bus on NATS.

/** A first connection that was not made after this time is waited for in the background. */
export const OPEN_WAIT_MS = 5_000;
/** One attempt to connect. */
export const CONNECT_TIMEOUT_MS = 5_000;
/** Between attempts, plus up to as much again by chance, so that not all nodes come back at once. */
export const RECONNECT_WAIT_MS = 500;
/** A server that is asked this often and leaves more than so many unanswered is taken for dead. */
export const PING_INTERVAL_MS = 5_000;
export const PINGS_UNANSWERED_MAX_COUNT = 2;
/** Sent, and not yet known to have reached the server; what is published beyond that is dropped. */
export const UNCONFIRMED_MAX_BYTES = 33_554_432;
/** The server is asked after so much whether it has it. */
export const CONFIRMED_EACH_BYTES = 65_536;
/** Requests of this node that wait for an answer; one more is unanswered at once. */
export const REQUESTS_MAX_COUNT = 10_000;
/** Answers that this node is working on; one more request is refused, which is as if it was unanswered. */
export const ANSWERS_MAX_COUNT = 1_024;
/** The longest that the library's timers can wait. */
export const REQUEST_MAX_MS = 2_147_483_647;
/** At the end, for the answers that are being worked on, and then once more for what is written. */
export const DRAIN_MAX_MS = 1_000;
/** Of a topic as a subject: a server refuses lines of more than 4,096. */
export const SUBJECT_MAX_BYTES = 1_024;
