// The limits of what nodes do with one another: leases, hand-over, forwarding.

/** A node, and what it owns, is given up for dead when it did not say for so long that it lives. */
export const NODE_LEASE_MS = 9_000;
/** Each node says that it lives and looks for the others this often. */
export const NODES_LOOK_INTERVAL_MS = 2_000;
/** A look that somebody asks for early comes at least so long after the last one. */
export const NODES_LOOK_EARLY_MS = 250;
/** After a change of the nodes it is read who holds which shard for so long; then all are where they belong. */
export const SHARDS_MOVE_MAX_MS = 15_000;
/** Of a planned hand-over: what is not stored by then is settled by whoever takes over. */
export const HAND_OVER_MAX_MS = 5_000;
/** How often a hand-over looks whether everything is stored. */
export const HAND_OVER_LOOK_MS = 10;
/** For so long a request is held while its conversation has no owner that answers. */
export const HOLD_MAX_MS = 2_000;
/** Of one try; then the request is made again under the same client_msg_id. */
export const FORWARD_ANSWER_MAX_MS = 1_000;
/** Between two tries. */
export const FORWARD_PAUSE_MS = 50;
/** Requests of other nodes that a node carries out at a time; more are told to come again. */
export const FORWARDED_MAX_COUNT = 10_000;
/** What is left of it when a node ends is used by nobody: of 1,024 worker ids, so many starts an hour would use up all. */
export const WORKER_LEASE_MS = 3_600_000;
/** Extended when less is left: the store may be away for that long before ids run out. */
export const WORKER_RENEW_BEFORE_MS = 1_800_000;
export const WORKER_LOOK_INTERVAL_MS = 60_000;
/** What is to be said of presence to other nodes waits this long, so that much goes together. */
export const PRESENCE_SEND_MS = 50;
/** Users named in one message. */
export const PRESENCE_USERS_PER_MESSAGE_MAX_COUNT = 5_000;
/** All that is known of presence is said again this often. */
export const PRESENCE_AGAIN_INTERVAL_MS = 30_000;
/** Users of whom it is said again in one turn of the event loop. */
export const PRESENCE_AGAIN_PER_TURN_MAX_COUNT = 1_000;
/** What was not said again for so long is not so any more. */
export const PRESENCE_KEPT_MS = 75_000;
/** After a change of the nodes all have said again what they know: of whom nobody said anything is offline. */
export const PRESENCE_UNHEARD_MS = 2_500;
/** The users of a node that goes as planned have so long to come back on another. */
export const PRESENCE_LEAVING_MS = 14_000;
