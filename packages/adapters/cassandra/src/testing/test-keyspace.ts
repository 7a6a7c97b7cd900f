// A keyspace of a test file's own, emptied between worlds, and stores on it.
import { randomFillSync } from 'node:crypto';
import type { Clock } from '@parley/ports/clock';
import type { MemberStore } from '@parley/ports/member-store';
import type { Randomness } from '@parley/ports/randomness';
import type { Timers } from '@parley/ports/timers';
import type { Client } from 'cassandra-driver';
import { BUCKET_SEQS_COUNT } from '../buckets.ts';
import { type Cluster, connect, parseClusterUrl } from '../connect.ts';
import {
  type CassandraStores,
  migrateCassandra,
  openCassandra,
  type OpenCassandraOptions,
} from '../open-cassandra.ts';
import { MIGRATIONS } from '../schema.ts';

const TABLES = MIGRATIONS.flatMap(({ tables }) => tables.map(({ table }) => table));

export const REAL_CLOCK: Clock = { now: () => Date.now(), monotonic: () => performance.now() };

export const REAL_RANDOMNESS: Randomness = {
  bytes: (count) => randomFillSync(new Uint8Array(count)),
  fraction: () => Math.random(),
};

export const REAL_TIMERS: Timers = {
  after: (delayMs, call) => {
    const handle = setTimeout(call, delayMs);
    return { cancel: () => clearTimeout(handle) };
  },
  every: (intervalMs, call) => {
    const handle = setInterval(call, intervalMs);
    return { cancel: () => clearInterval(handle) };
  },
  soon: (call) => void setImmediate(call),
};

export class TestKeyspace implements AsyncDisposable {
  readonly cluster: Cluster;
  readonly client: Client;
  #dirty = false;

  private constructor(cluster: Cluster, client: Client) {
    this.cluster = cluster;
    this.client = client;
  }

  static async make(url: string): Promise<TestKeyspace> {
    const name = `test_${REAL_RANDOMNESS.bytes(8).toHex()}`;
    const cluster = { ...parseClusterUrl(url), keyspace: name };
    const replication = { [cluster.dc]: 1 };
    await migrateCassandra({ ...cluster, replication, clock: REAL_CLOCK, randomness: REAL_RANDOMNESS });
    return new TestKeyspace(cluster, await connect(cluster, name));
  }

  /** Stores on what is there. */
  open(members: MemberStore, options: Partial<OpenCassandraOptions> = {}): Promise<CassandraStores> {
    this.#dirty = true;
    return openCassandra({
      ...this.cluster,
      members,
      clock: REAL_CLOCK,
      timers: REAL_TIMERS,
      randomness: REAL_RANDOMNESS,
      largeGroupMembers: 1_000,
      bucketSeqsCount: BUCKET_SEQS_COUNT,
      acceptUnsafeEngine: false,
      ...options,
    });
  }

  async clear(): Promise<void> {
    if (!this.#dirty) return;
    await Promise.all(TABLES.map((table) => this.client.execute(`TRUNCATE ${table}`)));
    this.#dirty = false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.execute(`DROP KEYSPACE ${this.cluster.keyspace}`);
    await this.client.shutdown();
  }
}
