// The caches on one Redis or Cluster, over one connection to each of its servers.
import type { Clock } from '@parley/ports/clock';
import type { ConnectionRegistry } from '@parley/ports/connection-registry';
import type { Log } from '@parley/ports/log';
import type { Randomness } from '@parley/ports/randomness';
import type { StatusCache } from '@parley/ports/status-cache';
import type { Timers } from '@parley/ports/timers';
import { LeaseTable } from './lease-table.ts';
import { OPEN_WAIT_MS } from './limits.ts';
import type { RedisTls } from './redis-client.ts';
import { RedisConnectionRegistry } from './redis-connection-registry.ts';
import { RedisLink } from './redis-link.ts';
import { RedisStatusCache } from './redis-status-cache.ts';
import { parseRedisUrl } from './redis-url.ts';

export interface RedisOptions {
  /** redis://, rediss://, rediscluster:// or redisscluster://. */
  readonly url: string;
  readonly tls: RedisTls | undefined;
  /** Of all keys, so that several installations can share one Redis. */
  readonly keyPrefix: string;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly randomness: Randomness;
  readonly log: Log;
}

export interface RedisCaches extends AsyncDisposable {
  readonly registry: ConnectionRegistry;
  readonly statuses: StatusCache;
}

// Braces would put all keys of a Cluster on one server.
const KEY_PREFIX = /^[A-Za-z0-9_.:-]+$/;

/**
 * Opens the caches. A Redis that cannot be reached does not keep a node from starting: it is tried again for ever, and
 * until then every call fails at once. Throws for a URL or prefix that can never work.
 */
export async function openRedis(options: RedisOptions): Promise<RedisCaches> {
  const { url, tls, keyPrefix, clock, timers, randomness, log } = options;
  if (!KEY_PREFIX.test(keyPrefix)) throw new RangeError(`"${keyPrefix}" cannot be the prefix of keys`);
  const link = new RedisLink({ servers: parseRedisUrl(url), tls, clock, timers, randomness, log });
  const leases = (name: string) => new LeaseTable({ link, key: `${keyPrefix}:${name}`, clock, randomness });
  const shared = { link, keyPrefix, clock };
  await link.opened(OPEN_WAIT_MS);
  return {
    registry: new RedisConnectionRegistry({ ...shared, leases: leases('route-leases') }),
    statuses: new RedisStatusCache({ ...shared, leases: leases('status-leases') }),
    [Symbol.asyncDispose]: () => Promise.resolve(link.close()),
  };
}
