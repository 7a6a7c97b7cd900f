// The composition root: configuration to stores to a running server. Only the files of this folder name adapters.
import { SystemClock } from '@parley/adapter-system/system-clock';
import { SystemRandomness } from '@parley/adapter-system/system-randomness';
import { SystemTimers } from '@parley/adapter-system/system-timers';
import type { Clock } from '@parley/ports/clock';
import type { Log } from '@parley/ports/log';
import type { StatusCache } from '@parley/ports/status-cache';
import type { Timers } from '@parley/ports/timers';
import { ARGON2ID_ITERATIONS, ARGON2ID_MEMORY_KIB, Argon2id } from '@parley/server/account/argon2id';
import { JwksKeys } from '@parley/server/account/jwks-keys';
import { fileReader, isJwksUrl, urlReader } from '@parley/server/account/jwks-reader';
import { JwtVerifier } from '@parley/server/account/jwt-verifier';
import {
  HASHES_RUNNING_MAX_COUNT,
  HASHES_WAITING_MAX_COUNT,
  PasswordHasher,
} from '@parley/server/account/password-hasher';
import { ChatServer } from '@parley/server/chat-server';
import { ConfigError } from './config-error.ts';
import { configFrom, type Config, type Flags, type JwtConfig } from './config.ts';
import { readEnvironment } from './env.ts';
import { createLog } from './logger.ts';
import { openStores, type Stores, type StoresEnd, type StoresPlace } from './stores.ts';

export type Closed = { readonly kind: 'stopped' } | StoresEnd;

export interface RunningServer extends AsyncDisposable {
  readonly url: string;
  readonly place: StoresPlace;
  /** Resolves once the server has stopped, by dispose or because of its stores. */
  readonly closed: Promise<Closed>;
}

/** What the configuration has no word for: a bench counts what it is asked. */
export interface Adapters {
  readonly status?: StatusCache;
}

/** Starts from environment and flags. Rejects with an error whose message says what is wrong and what to do. */
export async function serve(flags: Flags, adapters: Adapters = {}): Promise<RunningServer> {
  return serveConfig(configFrom(readEnvironment(), flags), adapters);
}

export async function serveConfig(config: Config, { status }: Adapters = {}): Promise<RunningServer> {
  const log = createLog(config.logLevel);
  const clock = new SystemClock();
  const timers = new SystemTimers();
  const randomness = new SystemRandomness();
  const jwt = await jwtVerifier(config.jwt, { clock, timers, log });
  if (jwt !== undefined && config.registration === 'open') {
    log.warn(
      { event: 'registration_open_with_jwts' },
      'anybody may register with a password beside the users of your JWTs; PARLEY_REGISTRATION=closed ends that',
    );
  }
  const { largeGroupMembers } = config;
  const stores = await openStores(config.stores, { clock, timers, randomness, log, largeGroupMembers });
  try {
    const server = new ChatServer({
      ...stores.ports,
      status: status ?? stores.ports.status,
      storesReady: stores.ready,
      clock,
      timers,
      randomness,
      log,
      hasher: new PasswordHasher({
        algorithm: new Argon2id({
          memoryKib: ARGON2ID_MEMORY_KIB,
          iterations: ARGON2ID_ITERATIONS,
          randomness,
        }),
        runningMaxCount: HASHES_RUNNING_MAX_COUNT,
        waitingMaxCount: HASHES_WAITING_MAX_COUNT,
      }),
      jwt,
      registration: config.registration,
      tokenLifetimeMs: config.tokenLifetimeMs,
      origins: config.origins,
      queueRetentionMs: config.queueRetentionMs,
      logRetentionMs: config.logRetentionMs,
      editWindowMs: config.editWindowMs,
      largeGroupMembers,
    });
    const { host, port, trustedProxies } = config;
    const url = server.listen({ host, port, trustedProxies });
    stores.announce(url, () => server.gateway.sessionCount);
    log.debug({ url, ...stores.place }, 'serving');
    return running(url, server, stores);
  } catch (error) {
    await stores[Symbol.asyncDispose]();
    throw error;
  }
}

function running(url: string, server: ChatServer, stores: Stores): RunningServer {
  const closed = Promise.withResolvers<Closed>();
  let ending: Promise<void> | undefined;
  const end = (outcome: Closed): Promise<void> => {
    ending ??= (async () => {
      await server.stop();
      await stores[Symbol.asyncDispose]();
      closed.resolve(outcome);
    })();
    return ending;
  };
  // Stores that failed may not acknowledge anything any more; what they answered before is durable.
  void stores.ended.then(end);
  return {
    url,
    place: stores.place,
    closed: closed.promise,
    [Symbol.asyncDispose]: () => end({ kind: 'stopped' }),
  };
}

async function jwtVerifier(
  config: JwtConfig,
  parts: { clock: Clock; timers: Timers; log: Log },
): Promise<JwtVerifier | undefined> {
  const { clock, timers, log } = parts;
  switch (config.kind) {
    case 'none':
      return undefined;
    case 'secret': {
      const { audience, issuer } = config;
      const keys = { kind: 'secret' as const, secret: new TextEncoder().encode(config.secret) };
      return new JwtVerifier({ keys, audience, issuer, clock });
    }
    case 'jwks': {
      const { algorithms, audience, issuer, location } = config;
      const isUrl = isJwksUrl(location);
      const read = isUrl ? urlReader(location, timers) : fileReader(location);
      const keys = new JwksKeys({ read, clock, log });
      // A URL may answer later; a file that is no key set now is a mistake.
      if (!isUrl) await loadFile(keys, location);
      return new JwtVerifier({ keys: { kind: 'jwks', keys, algorithms }, audience, issuer, clock });
    }
  }
}

async function loadFile(keys: JwksKeys, path: string): Promise<void> {
  try {
    await keys.load();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError(`PARLEY_JWT_JWKS: ${JSON.stringify(path)} cannot be used as a key set: ${reason}`);
  }
}
