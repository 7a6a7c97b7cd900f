// The limits of the gateway that are no part of the wire.

/** Past this many bytes waiting for a session, pushes to it stop: it is behind and will catch up by pull. */
export const PUSH_BUFFER_MAX_BYTES = 262_144;
/** Past this many bytes, the session is closed as a slow consumer. */
export const OUTBOX_MAX_BYTES = 8_388_608;
/** A congested session of which nothing could be written for this long is closed as a slow consumer. */
export const CONGESTED_MAX_MS = 10_000;
/** A slow consumer has this long to read what waits and be closed; then it is cut off, and what waits is let go. */
export const SLOW_CLOSE_GRACE_MS = 1_000;
/** Frames are joined into WebSocket messages of about this size. */
export const COALESCED_MESSAGE_BYTES = 65_536;
/** Outboxes that are flushed in one turn of the event loop, so that one large group never blocks it. */
export const FLUSHES_PER_TURN_MAX_COUNT = 500;
/** Bytes of one session's requests that are not answered yet; more closes the socket. */
export const REQUESTS_IN_FLIGHT_MAX_BYTES = 4_194_304;
/**
 * Pulls of one session that are read at the same time; the others wait for their turn. An answer has up to 262,144
 * units of bodies, three bytes each at most, and 1,000 envelopes: as many as this fit an outbox all at once.
 */
export const PULLS_ACTIVE_MAX_COUNT = 6;
/** Requests of one session, other than pulls and sends, that are carried out at the same time; the others wait. */
export const REQUESTS_ACTIVE_MAX_COUNT = 4;
/** Frames that cannot be read before the socket is closed. */
export const BAD_FRAMES_MAX_COUNT = 20;
/** Sockets without a hello; more are refused at the handshake. */
export const UNAUTHENTICATED_MAX_COUNT = 10_000;
/** Sessions of one user on this node. */
export const SESSIONS_PER_USER_MAX_COUNT = 64;
/** Every session is looked after at least this often. */
export const VISIT_INTERVAL_MAX_MS = 4_000;
/** Requests that the store could not serve are logged at most this often: an outage must not fill the disk. */
export const UNAVAILABLE_LOG_INTERVAL_MS = 1_000;
/** The timing wheel's slot. */
export const WHEEL_SLOT_MS = 500;
/** A connected session's queue is looked at this often, give or take a quarter. */
export const POLL_INTERVAL_MS = 60_000;
/** When all queues are to be looked at, since pushes may have been lost, the looks begin spread over this time. */
export const LOOK_SPREAD_MS = 6_000;
/** A stopping server waits this long for what is under way. */
export const DRAIN_MAX_MS = 5_000;
/** Clients of a stopping server are told to come back spread over this time. */
export const DRAIN_SPREAD_MS = 2_000;
