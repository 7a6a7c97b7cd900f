// Opens the stores that Cassandra serves, on one connection, once engine and schema are found to be right.
import type { Clock } from '@parley/ports/clock';
import type { MemberStore } from '@parley/ports/member-store';
import type { Randomness } from '@parley/ports/randomness';
import type { Timers } from '@parley/ports/timers';
import type { Client } from 'cassandra-driver';
import { CassandraMessageStore } from './cassandra-message-store.ts';
import { CassandraOfflineQueue } from './cassandra-offline-queue.ts';
import { type Cluster, connect } from './connect.ts';
import { CqlSession } from './cql-session.ts';
import { checkEngine } from './engine-checks.ts';
import { InboxTable } from './inbox-table.ts';
import { LargeGroups } from './large-groups.ts';
import { logParts } from './log-parts.ts';
import { MarkTable } from './mark-table.ts';
import { checkBucketSize, checkSchema, migrate } from './migrations.ts';
import { Pauses } from './pauses.ts';
import {
  REQUEST_WAIT_MAX_MS,
  RequestGate,
  REQUESTS_IN_FLIGHT_MAX_COUNT,
  REQUESTS_WAITING_MAX_COUNT,
} from './request-gate.ts';
import { MIGRATIONS } from './schema.ts';

export interface OpenCassandraOptions extends Cluster {
  readonly members: MemberStore;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly randomness: Randomness;
  /** As the owners have it. */
  readonly largeGroupMembers: number;
  /** BUCKET_SEQS_COUNT. Fixed for the life of the data: a test's may be small. */
  readonly bucketSeqsCount: number;
  /** Opens also where a check of the engine fails: a power cut may then take back what was acknowledged. */
  readonly acceptUnsafeEngine: boolean;
}

export interface CassandraStores extends AsyncDisposable {
  readonly messages: CassandraMessageStore;
  readonly queue: CassandraOfflineQueue;
}

/** Rejects with a StoreError that says what to do where the engine or the schema is not right. */
export async function openCassandra(options: OpenCassandraOptions): Promise<CassandraStores> {
  const logId = await check(options);
  return storesOn(await connect(options, options.keyspace), logId, options);
}

async function check(options: OpenCassandraOptions): Promise<string> {
  const client = await connect(options);
  try {
    const logId = await checkSchema(client, options.keyspace, MIGRATIONS);
    if (!options.acceptUnsafeEngine) await checkEngine(client, options.keyspace);
    await checkBucketSize(client, options.keyspace, options.bucketSeqsCount);
    return logId;
  } finally {
    await client.shutdown();
  }
}

export interface MigrateCassandraOptions extends Cluster {
  readonly replication: Readonly<Record<string, number>> | undefined;
  readonly clock: Clock;
  readonly randomness: Randomness;
}

/** What `parley migrate` does. Resolves with the names of the steps that were missing. */
export async function migrateCassandra(options: MigrateCassandraOptions): Promise<readonly string[]> {
  const client = await connect(options);
  try {
    return await migrate({ ...options, client, migrations: MIGRATIONS });
  } finally {
    await client.shutdown();
  }
}

function storesOn(client: Client, logId: string, options: OpenCassandraOptions): CassandraStores {
  const gate = new RequestGate({
    timers: options.timers,
    inFlightMaxCount: REQUESTS_IN_FLIGHT_MAX_COUNT,
    waitingMaxCount: REQUESTS_WAITING_MAX_COUNT,
    waitMaxMs: REQUEST_WAIT_MAX_MS,
  });
  const session = new CqlSession(client, gate);
  const parts = logParts({ session, clock: options.clock, bucketSeqsCount: options.bucketSeqsCount });
  const messages = new CassandraMessageStore({ logId, parts, pauses: new Pauses(options) });
  const queue = new CassandraOfflineQueue({
    inbox: new InboxTable(session),
    marks: new MarkTable(session),
    members: options.members,
    largeGroups: new LargeGroups(options),
    headOf: async (conversation) => (await parts.map.last(conversation, 'quorum'))?.head ?? 0,
  });
  return {
    messages,
    queue,
    async [Symbol.asyncDispose]() {
      await gate.close();
      await client.shutdown();
    },
  };
}
