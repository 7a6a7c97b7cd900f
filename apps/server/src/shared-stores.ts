// Stores on PostgreSQL, Cassandra, Redis and NATS, for the one server that has their lease.
import { openCassandra } from '@parley/adapter-cassandra/open-cassandra';
import { BUCKET_SEQS_COUNT } from '@parley/adapter-cassandra/buckets';
import { openNatsBus } from '@parley/adapter-nats/nats-node-bus';
import { openPostgres, type PostgresStores } from '@parley/adapter-postgres/open-postgres';
import { openRedis } from '@parley/adapter-redis/open-redis';
import type { LogCounts } from '@parley/ports/log-counts';
import type { MessageStore } from '@parley/ports/message-store';
import type { OfflineQueue } from '@parley/ports/offline-queue';
import type { StatusCache } from '@parley/ports/status-cache';
import type { ConversationId } from '@parley/protocol/ids';
import { LeasedIds } from '@parley/server/cluster/leased-ids';
import { cassandraPlace } from './cassandra-place.ts';
import { atEngine } from './engine-fault.ts';
import { refused } from './config-error.ts';
import { NodeLease } from './node-lease.ts';
import { Readiness } from './readiness.ts';
import type { SharedConfig } from './stores-config.ts';
import type { Stores, StoresParts } from './stores.ts';

/** Each runs one statement at a time; appends of all conversations share one. */
const POSTGRES_CONNECTIONS_MAX_COUNT = 16;
/** A conversation that nobody has: reading it asks the engine and brings nothing. */
const PROBED_CONVERSATION = '1' as ConversationId;

interface Messages {
  readonly messages: MessageStore;
  readonly queue: OfflineQueue;
  readonly shown: string;
}

export async function openSharedStores(config: SharedConfig, parts: StoresParts): Promise<Stores> {
  await using opening = new AsyncDisposableStack();
  const { postgres, messages: stored } = await openDurable(config, parts, opening);
  const { messages, queue, shown } = stored;
  // The id of the logs keeps installations apart that share a Redis or NATS.
  const status = await openCache(config, messages.logId, parts, opening);
  await openBus(config, messages.logId, parts, opening);
  const lease = opening.use(await NodeLease.take({ ...parts, leases: postgres.leases, node: config.node }));
  const ids = opening.use(await LeasedIds.open({ ...parts, leases: postgres.leases, node: config.node }));
  const readiness = new Readiness(
    [() => postgres.leases.nodes(), () => messages.state(PROBED_CONVERSATION)],
    parts,
  );
  const { members, accounts, receipts, personal, contacts, invites, reports } = postgres;
  const opened = opening.move();
  return {
    ports: {
      messages,
      queue,
      members,
      accounts,
      receipts,
      personal,
      contacts,
      invites,
      reports,
      status,
      ids,
    },
    ended: lease.lost.then((reason) => ({ kind: 'replaced', reason })),
    ready: async () => lease.isFresh && (await readiness.ask()),
    announce: (url, sessionsCount) => lease.announce(config.advertise ?? url, sessionsCount),
    place: { kind: 'shared', messages: shown, members: config.members.shown },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** PostgreSQL, and Cassandra where messages are there: each asks the other, one for counts, one for members. */
async function openDurable(config: SharedConfig, parts: StoresParts, opening: AsyncDisposableStack) {
  const cassandra = Promise.withResolvers<LogCounts>();
  const isElsewhere = config.messages.kind === 'cassandra';
  const counts: LogCounts = {
    othersAfter: async (user, marks) => (await cassandra.promise).othersAfter(user, marks),
  };
  const { url, schema, shown } = config.members;
  const postgres = opening.use(
    await atEngine({ setting: 'PARLEY_MEMBERS', shown }, () =>
      openPostgres({
        url,
        schema,
        connectionsMaxCount: POSTGRES_CONNECTIONS_MAX_COUNT,
        ...(isElsewhere ? { counts } : {}),
        log: parts.log,
      }),
    ),
  );
  if (config.messages.kind === 'with_members') {
    const { messages, queue } = postgres;
    return { postgres, messages: { messages, queue, shown } satisfies Messages };
  }
  const stores = await openMessages(config.messages.url, postgres, parts, opening);
  cassandra.resolve(stores.counts);
  return { postgres, messages: stores };
}

async function openMessages(
  url: string,
  { members }: PostgresStores,
  { clock, timers, randomness, largeGroupMembers }: StoresParts,
  opening: AsyncDisposableStack,
): Promise<Messages & { readonly counts: LogCounts }> {
  const { cluster, shown } = cassandraPlace(url);
  const { messages, queue } = opening.use(
    await atEngine({ setting: 'PARLEY_MESSAGES', shown }, () =>
      openCassandra({
        ...cluster,
        members,
        clock,
        timers,
        randomness,
        largeGroupMembers,
        bucketSeqsCount: BUCKET_SEQS_COUNT,
        acceptUnsafeEngine: false,
      }),
    ),
  );
  return { messages, queue, counts: messages, shown };
}

async function openCache(
  { cache }: SharedConfig,
  logId: string,
  { clock, timers, randomness, log }: StoresParts,
  opening: AsyncDisposableStack,
): Promise<StatusCache | undefined> {
  if (cache === undefined) return undefined;
  const options = {
    url: cache,
    tls: undefined,
    keyPrefix: `parley:${logId}`,
    clock,
    timers,
    randomness,
    log,
  };
  return opening.use(await asSetting('PARLEY_CACHE', openRedis(options))).statuses;
}

/** Nobody talks on it yet; it is opened so that a wrong URL or a NATS that is set up wrongly is seen now. */
async function openBus(
  { bus, node }: SharedConfig,
  logId: string,
  { timers, randomness, log }: StoresParts,
  opening: AsyncDisposableStack,
): Promise<void> {
  if (bus === undefined) return;
  const servers = { url: bus, auth: { kind: 'url' as const }, tls: undefined };
  const options = { servers, subjectPrefix: `parley.${logId}`, name: node, timers, randomness, log };
  opening.use(await asSetting('PARLEY_BUS', openNatsBus(options)));
}

/** These two open whether or not the engine is there: they reject for a URL alone, without showing it. */
async function asSetting<Result>(setting: string, opened: Promise<Result>): Promise<Result> {
  try {
    return await opened;
  } catch (error) {
    throw refused(setting, error);
  }
}
