// Whether the engine keeps what it acknowledges and decides conditions rightly: checked on every node before use.
import { StoreError } from '@parley/ports/store-error';
import type { Client, Host } from 'cassandra-driver';

/**
 * Paxos of the second kind, and all known faults of conditional writes mended. Before 4.0 a condition that did not hold,
 * and a serial read, could be undone by an older write (CASSANDRA-12126).
 */
const RELEASE_MIN = [4, 1] as const;
/** With `periodic` a write is acknowledged up to 10 s before it is on disk. */
const SYNCED = new Set(['batch', 'group']);

export interface EngineFacts {
  readonly node: string;
  readonly release: string;
  readonly commitlogSync: string | undefined;
}

/** What is wrong with these nodes, each with what to do about it. */
export function engineProblems(nodes: readonly EngineFacts[], durableWrites: boolean): string[] {
  const problems = nodes.flatMap(({ node, release, commitlogSync }) => {
    const wrong: string[] = [];
    if (!isRecent(release))
      wrong.push(`${node} runs Cassandra ${release}: update it to ${RELEASE_MIN.join('.')} or later.`);
    if (!SYNCED.has(commitlogSync ?? ''))
      wrong.push(
        `${node} has commitlog_sync: ${commitlogSync ?? 'unknown'}, so that a power cut can take back what was ` +
          'acknowledged: set `commitlog_sync: batch` or `group` in its cassandra.yaml and restart it.',
      );
    return wrong;
  });
  if (!durableWrites)
    problems.push('The keyspace has durable_writes = false: ALTER KEYSPACE … WITH durable_writes = true.');
  return problems;
}

/** Throws with all that is wrong. Nodes that are down are not asked. */
export async function checkEngine(client: Client, keyspace: string): Promise<void> {
  const up = client.hosts.values().filter((host) => host.isUp());
  const nodes = await Promise.all(up.map((host) => factsOf(client, host)));
  const query = 'SELECT durable_writes FROM system_schema.keyspaces WHERE keyspace_name = ?';
  const [row] = (await client.execute(query, [keyspace], { prepare: true })).rows as readonly {
    readonly durable_writes?: boolean;
  }[];
  const problems = engineProblems(nodes, row?.durable_writes === true);
  if (problems.length > 0) {
    throw new StoreError('unavailable', `Cassandra is not fit to keep messages. ${problems.join(' ')}`);
  }
}

async function factsOf(client: Client, host: Host): Promise<EngineFacts> {
  const settings = "SELECT value FROM system_views.settings WHERE name = 'commitlog_sync'";
  const [local, sync] = await Promise.all([
    client.execute('SELECT release_version FROM system.local', [], { host }),
    // Other engines, and releases before 4.0, do not have it.
    client.execute(settings, [], { host }).catch(() => undefined),
  ]);
  const [{ release_version = 'unknown' } = {}] = local.rows as readonly { release_version?: string }[];
  const [{ value } = {}] = (sync?.rows ?? []) as readonly { value?: string }[];
  return { node: host.address, release: release_version, commitlogSync: value };
}

function isRecent(release: string): boolean {
  const [major = 0, minor = 0] = release.split('.').map((part) => Number.parseInt(part, 10) || 0);
  return major > RELEASE_MIN[0] || (major === RELEASE_MIN[0] && minor >= RELEASE_MIN[1]);
}
