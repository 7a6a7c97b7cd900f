// Cassandra from its jars: one node, or three that keep every row three times.
import { existsSync, readdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cassandraJvmOptions, logbackSettings } from './cassandra-jvm.ts';
import { output } from './commands.ts';
import { addresses, type Engine, type Member, type Place } from './engine.ts';
import { installDebian, installMaven } from './packages.ts';
import { answers, poll } from './waiting.ts';
import { CASSANDRA_VERSION, JAVA_MAJOR } from './versions.ts';

const SEEN_WITHIN_MS = 120_000;

/** Thirds of the ring, so that nothing moves when a node joins. */
const tokens = ['-9223372036854775808', '-3074457345618258603', '3074457345618258602'];

export const cassandra = cassandraOf([{ host: '127.0.0.1', port: 42, peerPort: 0 }], '1g');

/** They tell each other apart by address alone. */
export const cassandra3 = cassandraOf(
  [1, 2, 3].map((number) => ({ host: `127.0.0.${number}`, port: 43, peerPort: 1 })),
  '768m',
);

function cassandraOf(places: readonly Place[], heap: string): Engine {
  return {
    places,

    async install(cache) {
      if ((await javaFor()) === undefined) await installDebian(`openjdk-${JAVA_MAJOR}-jdk-headless`);
      if (existsSync(jarsIn(cache))) return;
      await installMaven(
        { group: 'org.apache.cassandra', artifact: 'cassandra-all', version: CASSANDRA_VERSION },
        jarsIn(cache),
      );
    },

    async prepare(member, all, cache) {
      const settings = join(member.folder, 'cassandra.yaml');
      const logback = join(member.folder, 'logback.xml');
      // JSON is YAML.
      await writeFile(settings, JSON.stringify(cassandraSettings(member, all), undefined, 2));
      await writeFile(logback, logbackSettings);
      const jars = jarsIn(cache);
      const agent = readdirSync(jars).find((name) => name.startsWith('jamm-')) ?? '';
      return [
        (await javaFor()) ?? 'java',
        ...cassandraJvmOptions,
        `-Xms${heap}`,
        `-Xmx${heap}`,
        `-javaagent:${join(jars, agent)}`,
        `-Dlogback.configurationFile=${logback}`,
        `-Dcassandra.config=file://${settings}`,
        `-Dcassandra.storagedir=${member.folder}`,
        '-cp',
        join(jars, '*'),
        'org.apache.cassandra.service.CassandraDaemon',
      ];
    },

    isReady: answers,

    /** A quorum is there only when the nodes have heard of each other, some seconds after they answer. */
    async form(all) {
      await poll('the Cassandra nodes to see each other', SEEN_WITHIN_MS, async () => {
        const seen = await Promise.all(all.map(peersUp));
        return seen.every((peers) => peers === all.length - 1);
      });
    },

    variables: (all) => ({
      PARLEY_TEST_CASSANDRA: `cassandra://${addresses(all)}/parley?dc=datacenter1`,
    }),
  };
}

/** Every write waits until it is on the disk: neighbours share one sync. */
export function cassandraSettings(member: Member, all: readonly Member[]): Readonly<Record<string, unknown>> {
  const folder = (name: string) => join(member.folder, name);
  return {
    cluster_name: 'parley-test',
    partitioner: 'org.apache.cassandra.dht.Murmur3Partitioner',
    num_tokens: 1,
    initial_token: tokens[member.number - 1],
    endpoint_snitch: 'SimpleSnitch',
    listen_address: member.host,
    rpc_address: member.host,
    storage_port: member.peerPort,
    native_transport_port: member.port,
    // All are seeds: three that start at once with a single one give up on finding peers.
    seed_provider: [
      {
        class_name: 'org.apache.cassandra.locator.SimpleSeedProvider',
        parameters: [{ seeds: all.map(({ host, peerPort }) => `${host}:${peerPort}`).join(',') }],
      },
    ],
    auto_bootstrap: false,
    data_file_directories: [folder('data')],
    commitlog_directory: folder('commitlog'),
    saved_caches_directory: folder('saved_caches'),
    hints_directory: folder('hints'),
    commitlog_sync: 'batch',
    commitlog_segment_size: '16MiB',
    commitlog_total_space: '512MiB',
    paxos_variant: 'v2',
    paxos_state_purging: 'repaired',
    storage_compatibility_mode: 'NONE',
    // A batch of entries is larger than the 5 KiB from which Cassandra warns.
    batch_size_warn_threshold: '64KiB',
    batch_size_fail_threshold: '1024KiB',
    memtable_heap_space: '128MiB',
    file_cache_enabled: false,
    disk_access_mode: 'mmap_index_only',
    concurrent_reads: 16,
    concurrent_writes: 16,
    concurrent_compactors: 1,
    // Without snapshots a dropped or truncated table is gone at once.
    auto_snapshot: false,
    read_request_timeout: '10s',
    range_request_timeout: '10s',
    write_request_timeout: '5s',
    cas_contention_timeout: '3s',
    request_timeout: '10s',
  };
}

function jarsIn(cache: string): string {
  return join(cache, `cassandra-${CASSANDRA_VERSION}`);
}

/** The Java that Cassandra runs on: the system's own may be another one. */
async function javaFor(): Promise<string | undefined> {
  const places = [`/usr/lib/jvm/java-${JAVA_MAJOR}-openjdk-${debianArchitecture()}/bin/java`];
  const found = places.find((path) => existsSync(path));
  if (found !== undefined) return found;
  const version = await output(['java', '-version']);
  return version.includes(`version "${JAVA_MAJOR}.`) ? 'java' : undefined;
}

function debianArchitecture(): string {
  return process.arch === 'x64' ? 'amd64' : process.arch;
}

/** How many other nodes the log of this start says are up. */
async function peersUp({ folder }: Member): Promise<number> {
  const log = await readFile(join(folder, 'log'), 'utf8');
  return new Set([...log.matchAll(/(\/[\d.]+:\d+) is now UP/g)].map(([, peer]) => peer)).size;
}
