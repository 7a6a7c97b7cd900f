// Leases on PostgreSQL. Nodes and shards are leased by this server's clock, so that no node's clock matters.
import {
  checkInterval,
  type LeaseStore,
  type NodeRow,
  type WorkerLease,
  type WorkerOutcome,
  WORKERS_COUNT,
} from '@parley/ports/lease-store';
import type { Database } from './database.ts';
import { statement } from './statement.ts';
import { writeAlone } from './write-alone.ts';

// A time that is judged after waiting for a row is the time then: that of the statement's beginning would be too early.
const NOW = 'clock_timestamp()';

const RENEW = statement(
  'node_renew',
  `INSERT INTO nodes AS n (node, url, started_at, sessions, until)
     VALUES ($1, $2, $3, $4, ${NOW} + $5 * interval '1 ms')
   ON CONFLICT (node) DO UPDATE SET url = excluded.url, started_at = excluded.started_at,
     sessions = excluded.sessions, until = greatest(n.until, excluded.until)`,
);
const LEAVE = statement('node_leave', 'DELETE FROM nodes WHERE node = $1');
const NODES = statement<{ node: string; url: string; started_at: string; sessions: string }>(
  'nodes_live',
  `SELECT node, url, started_at, sessions FROM nodes WHERE until > ${NOW} ORDER BY node`,
);

// All who take do so in the order of the shards: two never wait for each other.
const TAKE = statement<{ shard: number }>(
  'shards_take',
  `WITH taken AS (
     INSERT INTO shard_leases AS l (shard, node, until)
       SELECT DISTINCT n.shard, $1, ${NOW} + $3 * interval '1 ms' FROM unnest($2::integer[]) AS n (shard)
       ORDER BY n.shard
     ON CONFLICT (shard) DO UPDATE SET node = excluded.node, until = greatest(l.until, excluded.until)
       WHERE l.node = excluded.node OR l.until <= ${NOW}
     RETURNING shard
   )
   SELECT shard FROM taken ORDER BY shard`,
);
const RELEASE = statement(
  'shards_release',
  `DELETE FROM shard_leases WHERE shard IN (
     SELECT shard FROM shard_leases WHERE node = $1 AND shard = ANY ($2::integer[]) ORDER BY shard FOR UPDATE)`,
);
const OWNERS = statement<{ shard: number; node: string }>(
  'shards_owners',
  `SELECT shard, node FROM shard_leases WHERE until > ${NOW} ORDER BY shard`,
);

// Run alone: two would choose the same one. Extensions go on meanwhile: FOR UPDATE waits for one that is under way, looks
// at the row again and goes on to the next one if it was extended.
const LEASE = statement<{ worker: number }>(
  'worker_lease',
  `WITH unused AS (
     SELECT n.worker FROM generate_series(0, ${WORKERS_COUNT - 1}) AS n (worker)
     WHERE NOT EXISTS (SELECT FROM worker_leases l WHERE l.worker = n.worker) ORDER BY n.worker LIMIT 1
   ), ended AS (
     SELECT l.worker FROM worker_leases l WHERE l.until_ms <= $2 AND NOT EXISTS (SELECT FROM unused)
     ORDER BY l.until_ms, l.worker LIMIT 1 FOR UPDATE OF l
   )
   INSERT INTO worker_leases (worker, node, start_ms, until_ms)
     SELECT worker, $1, $2, $3 FROM (SELECT worker FROM unused UNION ALL SELECT worker FROM ended) AS one
   ON CONFLICT (worker) DO UPDATE
     SET node = excluded.node, start_ms = excluded.start_ms, until_ms = excluded.until_ms
   RETURNING worker`,
);
const FREE_FROM = statement<{ until: string }>(
  'workers_free_from',
  'SELECT min(until_ms) AS until FROM worker_leases',
);
const EXTEND = statement<{ until: string }>(
  'worker_extend',
  `UPDATE worker_leases SET until_ms = greatest(until_ms, $3) WHERE worker = $1 AND start_ms = $2
   RETURNING until_ms AS until`,
);

export class PostgresLeaseStore implements LeaseStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async renew({ node, url, startedAt, sessions }: NodeRow, forMs: number): Promise<void> {
    await this.#database.write(RENEW, [node, url, startedAt, sessions, forMs]);
  }

  async leave(node: string): Promise<void> {
    await this.#database.write(LEAVE, [node]);
  }

  async nodes(): Promise<readonly NodeRow[]> {
    const rows = await this.#database.read(NODES, []);
    return rows.map(({ node, url, started_at, sessions }) => ({
      node,
      url,
      startedAt: Number(started_at),
      sessions: Number(sessions),
    }));
  }

  async take(node: string, shards: readonly number[], forMs: number): Promise<readonly number[]> {
    return (await this.#database.write(TAKE, [node, shards, forMs])).map(({ shard }) => shard);
  }

  async release(node: string, shards: readonly number[]): Promise<void> {
    await this.#database.write(RELEASE, [node, shards]);
  }

  async owners(): Promise<ReadonlyMap<number, string>> {
    const rows = await this.#database.read(OWNERS, []);
    return new Map(rows.map(({ shard, node }) => [shard, node]));
  }

  async leaseWorker(node: string, from: number, forMs: number): Promise<WorkerOutcome> {
    const interval = { start: from, until: from + forMs };
    checkInterval(interval.start, interval.until);
    const values = [node, interval.start, interval.until];
    const [row] = await writeAlone(this.#database, 'workers', LEASE, values);
    if (row !== undefined) return { kind: 'leased', lease: { worker: row.worker, ...interval } };
    const [free] = await this.#database.read(FREE_FROM, []);
    return { kind: 'all_taken', freeFrom: Number(free?.until) };
  }

  async extendWorker({ worker, start }: WorkerLease, until: number): Promise<WorkerLease | undefined> {
    checkInterval(start, until);
    const [row] = await this.#database.write(EXTEND, [worker, start, until]);
    return row === undefined ? undefined : { worker, start, until: Number(row.until) };
  }

  /** Nothing by itself: the stores share one database, which whoever opened it closes. */
  async [Symbol.asyncDispose](): Promise<void> {}
}
