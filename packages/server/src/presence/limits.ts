// The limits of presence, typing and settings that are no part of the wire.

/** Users whose settings and blocks are kept in memory, and users whom they block; of others they are read again. */
export const SETTINGS_KEPT_MAX_COUNT = 100_000;
/** Users who vanished are looked through this often, while there are any. */
export const VANISHED_LOOK_INTERVAL_MS = 500;
/** Users who become offline in one turn of the event loop. */
export const OFFLINE_PER_TURN_MAX_COUNT = 500;
/** Changes wait this long for others, so that a watcher gets one frame for many. */
export const PRESENCE_BATCH_MS = 200;
/** Changes that could not be told, since the store did not say to whom, are tried again after this time. */
export const PRESENCE_RETRY_MS = 1_000;
/** Rows that are handed to watchers in one turn of the event loop. */
export const PRESENCE_ROWS_PER_TURN_MAX_COUNT = 1_000;
/** A node that did not renew its statuses for this long is taken for dead. */
export const STATUS_LEASE_MS = 10_000;
/** All statuses of a node are renewed this often, by one call. */
export const STATUS_RENEWAL_INTERVAL_MS = 3_000;
/** That a user went offline is remembered for this long, so that an older transition which comes late is known as such. */
export const OFFLINE_KEPT_MS = 60_000;
/** Rows of one snapshot frame. */
export const SNAPSHOT_ROWS_MAX_COUNT = 200;
/** A snapshot that the store could not serve is tried again after this time. */
export const SNAPSHOT_RETRY_MS = 5_000;
/** Tries to find out what a user may see while settings change all the time. */
export const VISIBILITY_TRIES_MAX_COUNT = 3;
/** Times of last being there wait this long to be stored together. */
export const LAST_SEEN_FLUSH_MS = 2_000;
/** Of these, in one call of the store. */
export const LAST_SEEN_ROWS_MAX_COUNT = 500;
/** Of these, waiting for a store that fails; more push the oldest out. */
export const LAST_SEEN_PENDING_MAX_COUNT = 100_000;
/** Users that are known to be writing, one for each conversation; what more of them say is ignored. */
export const TYPING_KEPT_MAX_COUNT = 20_000;
/** Of these, of one user: nobody writes in more at once, and nobody takes the room of all. */
export const TYPING_PER_USER_MAX_COUNT = 8;
/** Conversations that are not in memory and are looked up for a typing signal at the same time; more are ignored. */
export const TYPING_LOOKUPS_MAX_COUNT = 64;
