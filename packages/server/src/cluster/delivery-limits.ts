// The limits of delivery across nodes that are no part of the wire.

/** A node's entries in the registry live this long after their last renewal. */
export const ROUTES_LEASE_MS = 9_000;
/** They are renewed this often, by one call. */
export const ROUTES_RENEWAL_INTERVAL_MS = 3_000;
/** Sessions that are written to the registry, or taken out of it, by one call. */
export const ROUTES_PER_CALL_MAX_COUNT = 500;
/** A new session waits this long for the registry; then its queue is read without, and again once it is registered. */
export const ROUTE_WAIT_MAX_MS = 1_000;
/** A look-up in the registry that takes longer counts as failed: the inbox carries what was to be pushed. */
export const ROUTES_LOOKUP_MAX_MS = 1_000;
/** Pushes that are looked up together. */
export const PUSHES_PER_LOOKUP_MAX_COUNT = 1_000;
/** Pushes that wait for a look-up, in UTF-16 code units; more are dropped, and the inbox carries them. */
export const PUSHES_WAITING_MAX_UNITS = 33_554_432;
/** The same as a count. */
export const PUSHES_WAITING_MAX_COUNT = 50_000;
/** A frame that is longer does not cross the bus: the sessions are told to look for themselves. */
export const BUS_FRAME_MAX_BYTES = 500_000;
/** Of one bus message, what its frames and users take at most: its head and its answer need room too. */
export const BUS_PUSHES_MAX_BYTES = 900_000;
/** What an id takes in the head of a bus message. */
export const BUS_USER_BYTES = 23;
/** Failures of one kind are logged at most this often. */
export const FAILURE_LOG_INTERVAL_MS = 1_000;

/** Who changes something waits this long for the other nodes to know of it. */
export const TELL_WAIT_MAX_MS = 2_000;
/** One try to tell a node. */
export const TELL_TRY_MS = 700;
/** A node that does not answer is told for so long: by then its lease has ended, or it answers. */
export const TELL_TRIES_MAX_COUNT = 20;
/** What is being told to nodes at the same time; more is told once and not waited for. */
export const TELLS_MAX_COUNT = 1_000;
/** What is kept of users' settings is let go this often: a message that says that it changed may be lost. */
export const CACHES_LIFE_MS = 60_000;

/** Entries of a large group that come within this time are announced together. */
export const ANNOUNCE_INTERVAL_MS = 100;
/** Large groups whose members this node knows though it is not their owner. */
export const FOLLOWED_GROUPS_MAX_COUNT = 1_000;
/** All members of these: 50 MB. Those that had no news for the longest are let go. */
export const FOLLOWED_MEMBERS_MAX_COUNT = 300_000;
/** Entries that are read for those who view a group; after a longer gap they are told of the head. */
export const FOLLOWED_ENTRIES_MAX_COUNT = 1_000;
/** Entries of one page. */
export const FOLLOWED_PAGE_MAX_COUNT = 200;
/** Bodies of one page. */
export const FOLLOWED_PAGE_MAX_BYTES = 262_144;

/** No node is given more sessions than so many times the mean. */
export const NODE_LOAD_MAX_FACTOR = 1.25;
