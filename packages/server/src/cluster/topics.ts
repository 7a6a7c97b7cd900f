// The names of what nodes say to one another on the bus.

/** Requests of clients that another node is to carry out. */
export const framesTopic = (node: string) => `parley.node.${node}.frames`;
/** Shards were given up that are this node's now. */
export const shardsTopic = (node: string) => `parley.node.${node}.shards`;
/** Frames for users' sessions that this node holds. */
export const pushesTopic = (node: string) => `parley.node.${node}.pushes`;
/** What a node must know of, since it may hold it in memory: answered. */
export const changesTopic = (node: string) => `parley.node.${node}.changes`;
/** To all nodes: a large group has new entries. */
export const LARGE_GROUPS_TOPIC = 'parley.large-groups';
