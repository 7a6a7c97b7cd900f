// The limits of the caches on Redis.

/** A first connection that was not made after this time is waited for in the background. */
export const OPEN_WAIT_MS = 5_000;
export const CONNECT_TIMEOUT_MS = 5_000;
/** Between attempts, plus up to as much again by chance, so that not all nodes come back at once. */
export const RECONNECT_WAIT_MS = 200;
/** A master that is away this long is looked for elsewhere: another may have taken its place. */
export const TOPOLOGY_REFRESH_MS = 1_000;
/** An answer that takes longer is not waited for. */
export const ANSWER_TIMEOUT_MS = 1_000;
/** A connection that leaves a command unanswered for this long is taken for dead, and made anew. */
export const SILENCE_MAX_MS = 4_000;
/** Commands without an answer yet, over all calls; what comes beyond is refused. */
export const COMMANDS_IN_FLIGHT_MAX_COUNT = 50_000;
/** Of one call at the same time; more go one batch after the other. */
export const BATCH_MAX_COUNT = 1_000;

/** No lease is longer. */
export const LEASE_MAX_MS = 3_600_000;
/** The table of leases ends this long after the last renewal by any node. */
export const LEASE_TABLE_LIFE_MS = 86_400_000;
/** Ended generations that are remembered, so that the table is not read for them again. */
export const ENDED_GENERATIONS_MAX_COUNT = 10_000;
/** Not for ever: another master's clock may have the lease live on after all. */
export const ENDED_REMEMBERED_MS = 10_000;
export const GENERATION_BYTES = 8;

/** A user's routes end this long after the last of them was registered. */
export const ROUTES_LIFE_MS = 86_400_000;
/** A status under a lease is kept this long after it was written, though it counts only while that lease lives. */
export const STATUS_LIFE_MS = 86_400_000;
/** So long before their end what lives on is written again. */
export const REWRITE_AFTER_MS = 43_200_000;
/** Statuses of this node that are written again when Redis lost them; more of them are then missing. */
export const OWN_STATUSES_MAX_COUNT = 500_000;
/** An entry that blocks a newer status although its lease has ended is replaced; by others, so often at most. */
export const REPLACE_MAX_TRIES = 3;
