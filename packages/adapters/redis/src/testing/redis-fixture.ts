// Caches for the tests of this package: on the engines that tests share, or on a server of the test's own.
import { createClient } from '@redis/client';
import type { Status } from '@parley/ports/status-cache';
import { deviceId, sessionId } from '@parley/ports/conformance/fixture';
import type { Route } from '@parley/ports/connection-registry';
import type { Log } from '@parley/ports/log';
import { EngineProcess } from '@parley/ports/testing/engine-process';
import { REAL_CLOCK, REAL_RANDOMNESS, REAL_TIMERS } from '@parley/ports/testing/real-time';
import type { UserId } from '@parley/protocol/ids';
import { openRedis, type RedisCaches, type RedisOptions } from '../open-redis.ts';

export const QUIET: Log = { debug() {}, info() {}, warn() {}, error() {} };

let worlds = 0;

/** A prefix that no other test uses, in this run or another. Its keys end by themselves. */
export function freshPrefix(): string {
  worlds += 1;
  return `test:${process.pid}:${Math.floor(REAL_RANDOMNESS.fraction() * 2 ** 32)}:${worlds}`;
}

export function openTestRedis(url: string, options: Partial<RedisOptions> = {}): Promise<RedisCaches> {
  return openRedis({
    url,
    tls: undefined,
    keyPrefix: freshPrefix(),
    clock: REAL_CLOCK,
    timers: REAL_TIMERS,
    randomness: REAL_RANDOMNESS,
    log: QUIET,
    ...options,
  });
}

/** The server to start in tests that kill it. */
export const REDIS_BINARY = Bun.which('redis-server') ?? undefined;
if (REDIS_BINARY === undefined) console.warn('SKIPPED: tests that kill Redis. Put redis-server on the path.');

export function startRedis(more: readonly string[] = []): Promise<EngineProcess> {
  if (REDIS_BINARY === undefined) throw new Error('there is no redis-server');
  const nothingKept = ['--save', '', '--appendonly', 'no'];
  return EngineProcess.start(REDIS_BINARY, (port, folder) => {
    const place = ['--bind', '127.0.0.1', '--port', String(port), '--dir', folder];
    return [...place, ...nothingKept, ...more];
  });
}

export const urlOf = (server: { readonly port: number }) => `redis://127.0.0.1:${server.port}`;

/** A client of the test's own, past the adapter. */
export async function rawRedis(url: string) {
  const client = createClient({ url, RESP: 2 });
  client.on('error', () => undefined);
  await client.connect();
  return { client, [Symbol.asyncDispose]: async () => client.destroy() };
}

export const route = (session: number, user: UserId, node = 'node-1'): Route => ({
  session: sessionId(session),
  user,
  device: deviceId(session + 1),
  node,
});

export const status = (fields: Partial<Status> = {}): Status => ({
  state: 'online',
  node: 'node-1',
  sessionStart: 1_700_000_000_000,
  counter: 1,
  lastSeen: 1_700_000_000_500,
  ...fields,
});

/** The end of a lease that outlives the test. */
export const far = () => REAL_CLOCK.now() + 60_000;
