// What the nodes of one installation agree on: which of them live, which one is to number a shard's conversations, and
// which timestamps each may make Snowflake ids of.

/** Shards are 0 … 1,023: every conversation is of one, by hash. */
export const SHARDS_COUNT = 1_024;
/** Worker ids are 0 … 1,023: what a Snowflake id has room for. */
export const WORKERS_COUNT = 1_024;

export interface NodeRow {
  /** Its name, which nobody else has. */
  readonly node: string;
  /** Where other nodes and clients reach it. */
  readonly url: string;
  readonly startedAt: number;
  readonly sessions: number;
}

/**
 * The lease of one worker id for ids of timestamps in [start, until): no two of one worker overlap. `worker` and `start`
 * tell it from all others.
 */
export interface WorkerLease {
  readonly worker: number;
  readonly start: number;
  readonly until: number;
}

export type WorkerOutcome =
  | { readonly kind: 'leased'; readonly lease: WorkerLease }
  /** Every worker id is leased beyond the asked time; the first is free from `freeFrom` on. */
  | { readonly kind: 'all_taken'; readonly freeFrom: number };

/**
 * Nodes and shards are leased for a number of ms from the call on, by the store's own clock: no node's clock matters.
 * Their leases are hints, whatever a node believes of them: what must be safe is fenced elsewhere. Worker ids are not a
 * hint: their intervals are of timestamps, and hold whatever any clock says, across crashes and restarts.
 * Durable when a call resolves. A call whose answer was lost may be made again.
 */
export interface LeaseStore extends AsyncDisposable {
  /** The node lives for so long, or for longer where an earlier call said so. */
  renew(row: NodeRow, forMs: number): Promise<void>;
  /** A node that stopped is not listed any more. */
  leave(node: string): Promise<void>;
  /** Those that live, by name. */
  nodes(): Promise<readonly NodeRow[]>;
  /**
   * Takes, or keeps, those that are free, ended or this node's already, and tells which these are, in order. A node that
   * counts their time from before the call never takes them for its own longer than the store does.
   */
  take(node: string, shards: readonly number[], forMs: number): Promise<readonly number[]>;
  /** Gives up those that are this node's. */
  release(node: string, shards: readonly number[]): Promise<void>;
  /** The node of each shard that is leased now. */
  owners(): Promise<ReadonlyMap<number, string>>;
  /**
   * Leases a worker id for timestamps from `from` on: one never used, else that which has been free for the longest.
   * Where the answer was lost, what it had leased is used by nobody until its end; so is what a crash left.
   */
  leaseWorker(node: string, from: number, forMs: number): Promise<WorkerOutcome>;
  /**
   * The lease with this end, or with a later one that it has already. Undefined where somebody got the worker id after
   * it: then its interval stays as it was.
   */
  extendWorker(lease: WorkerLease, until: number): Promise<WorkerLease | undefined>;
}

/** Throws RangeError for what no store could keep apart: an empty interval, or times that are no whole ms. */
export function checkInterval(start: number, until: number): void {
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(until) || until <= start) {
    throw new RangeError(`there are no timestamps from ${start} until ${until}`);
  }
}
