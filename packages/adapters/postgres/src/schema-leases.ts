// The sixth migration: which nodes live, which node numbers a shard, and the intervals of the Snowflake worker ids.

// - `until` of nodes and shards is by this server's clock; `start_ms` and `until_ms` are timestamps of ids.
// - A worker id without a row was never given. A row has its last interval, so that none begins before that one's end.
export const LEASES: readonly string[] = [
  `CREATE TABLE nodes (
     node text COLLATE "C" PRIMARY KEY,
     url text NOT NULL,
     started_at bigint NOT NULL,
     sessions bigint NOT NULL,
     until timestamptz NOT NULL
   ) WITH (fillfactor = 50)`,

  `CREATE TABLE shard_leases (
     shard integer PRIMARY KEY,
     node text COLLATE "C" NOT NULL,
     until timestamptz NOT NULL
   ) WITH (fillfactor = 50)`,

  `CREATE TABLE worker_leases (
     worker integer PRIMARY KEY,
     node text COLLATE "C" NOT NULL,
     start_ms bigint NOT NULL,
     until_ms bigint NOT NULL,
     CHECK (start_ms < until_ms)
   )`,
];
