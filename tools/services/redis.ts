// Redis of the distribution: one server, or three masters that make a cluster.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { output, run } from './commands.ts';
import { addresses, type Engine, type Member } from './engine.ts';
import { installDebian } from './packages.ts';
import { poll } from './waiting.ts';

const FORMED_WITHIN_MS = 60_000;

const server = {
  async install() {
    if (Bun.which('redis-server') === null) await installDebian('redis-server');
  },

  async prepare(member: Member) {
    const settings = join(member.folder, 'redis.conf');
    await writeFile(settings, redisSettings(member));
    return ['redis-server', settings];
  },

  isReady: async (member: Member) => (await ask(member, 'ping')).trim() === 'PONG',
};

export const redis: Engine = {
  ...server,
  places: [{ host: '127.0.0.1', port: 60 }],
  variables: (all) => ({ PARLEY_TEST_REDIS: `redis://${addresses(all)}` }),
};

export const redisCluster: Engine = {
  ...server,
  places: [1, 2, 3].map((number) => ({ host: '127.0.0.1', port: 60 + number, peerPort: 64 + number })),

  async form(all) {
    const known = await Promise.all(all.map((member) => ask(member, 'cluster', 'info')));
    // Each knows itself alone until the cluster was made, and all of them ever after.
    if (known.every((info) => info.includes('cluster_known_nodes:1\r')))
      await run(['redis-cli', '--cluster', 'create', ...addresses(all).split(','), '--cluster-yes']);
    await poll('the Redis cluster to form', FORMED_WITHIN_MS, async () => {
      const infos = await Promise.all(all.map((member) => ask(member, 'cluster', 'info')));
      return infos.every((info) => info.includes('cluster_state:ok'));
    });
  },

  variables: (all) => ({ PARLEY_TEST_REDIS_CLUSTER: `rediscluster://${addresses(all)}` }),
};

/** Every write is in the append-only file; a full memory refuses writes instead of forgetting keys. */
export function redisSettings({ host, port, peerPort, folder }: Omit<Member, 'name' | 'number'>): string {
  const alone = `bind ${host}
port ${port}
dir "${folder}"
appendonly yes
appendfsync everysec
save ""
maxmemory 256mb
maxmemory-policy noeviction
`;
  if (peerPort === undefined) return alone;
  return `${alone}cluster-enabled yes
cluster-port ${peerPort}
cluster-config-file nodes.conf
cluster-node-timeout 2000
cluster-announce-ip ${host}
`;
}

function ask({ host, port }: Member, ...command: string[]): Promise<string> {
  return output(['redis-cli', '-h', host, '-p', String(port), ...command]);
}
