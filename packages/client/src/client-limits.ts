// Every limit of the SDK, by name, with its unit last. The protocol's own limits are in @parley/protocol/limits.

/** Sends without a final answer, over all conversations; one more is refused with `limit_reached`. */
export const PENDING_SENDS_MAX_COUNT = 10_000;
/** Text of one `send` frame, so that it fits into one WebSocket message with room to spare. */
export const SEND_FRAME_MAX_BYTES = 48 * 1_024;
/** Bytes of one WebSocket message, and so of one request; the server allows a little more. */
export const BATCH_MAX_BYTES = 60_000;
/** Requests that wait for an answer at one time; the others queue up in the client. */
export const REQUESTS_IN_FLIGHT_MAX_COUNT = 256;
/** Calls other than `send` that wait for an answer; one more is refused with `limit_reached`. */
export const CALLS_MAX_COUNT = 1_000;
/** Pulls that wait for an answer at one time. */
export const PULLS_IN_FLIGHT_MAX_COUNT = 32;
/** Entries that one pull asks for. */
export const PULL_WINDOW_MAX_COUNT = 200;
/** Entries of one conversation that wait for the app; later ones are pulled again when it has caught up. */
export const BUFFERED_ENTRIES_MAX_COUNT = 1_000;
/** Entries of all conversations that wait for the app. */
export const BUFFERED_ENTRIES_TOTAL_MAX_COUNT = 10_000;
/** Changes of messages that a MessageFold was not given; it keeps so many of the last for when they come. */
export const FOLD_EARLY_MAX_COUNT = 1_000;
/** User names that `nameOf` remembers. */
export const NAMES_CACHED_MAX_COUNT = 10_000;
/** Conversations of which `typing` remembers when it was last said. */
export const TYPING_REMEMBERED_MAX_COUNT = 100;
/** Messages of one conversation that an UnreadCounter keeps by seq; older ones it only counts. */
export const UNREAD_RECENT_MAX_COUNT = 1_000;

/** A token function that has not answered by then is given up, and asked again as after any other failure. */
export const TOKEN_WITHIN_MS = 30_000;
/** The socket must be open and welcomed within this time. */
export const CONNECT_WITHIN_MS = 10_000;
/** Requests are out and for this long none was answered: the connection is closed and made anew. */
export const UNANSWERED_MAX_MS = 10_000;
/** The same for one request while others are answered. */
export const UNANSWERED_ONE_MAX_MS = 60_000;
/** `received` marks of conversations that are not caught up go out this often. */
export const MARKS_INTERVAL_MS = 1_000;
/** So many of the marks that went out last are sent once more where the server says that it could not take one. */
export const MARKS_REMEMBERED_MAX_COUNT = 1_000;
/** `close` waits this long for handlers under way and for the socket. */
export const CLOSE_WITHIN_MS = 1_000;
/** The first bound of the random wait before a reconnect or a retry, and the last. */
export const BACK_OFF_MIN_MS = 500;
export const BACK_OFF_MAX_MS = 30_000;
/** A session that lived this long lets the back-off start over. */
export const SESSION_SETTLED_MS = 5_000;
/** No `retry_after_ms` is waited for any longer than this. */
export const RETRY_AFTER_MAX_MS = 600_000;

/** The limits that an app (or a test) may set for one client. */
export type ClientLimits = {
  pendingSendsMaxCount: number;
  bufferedEntriesMaxCount: number;
  bufferedEntriesTotalMaxCount: number;
  pullWindowMaxCount: number;
  pullsInFlightMaxCount: number;
};

export const DEFAULT_LIMITS: ClientLimits = {
  pendingSendsMaxCount: PENDING_SENDS_MAX_COUNT,
  bufferedEntriesMaxCount: BUFFERED_ENTRIES_MAX_COUNT,
  bufferedEntriesTotalMaxCount: BUFFERED_ENTRIES_TOTAL_MAX_COUNT,
  pullWindowMaxCount: PULL_WINDOW_MAX_COUNT,
  pullsInFlightMaxCount: PULLS_IN_FLIGHT_MAX_COUNT,
};
