// The client library, set up: one server and a Cluster behind the same few calls.
import { createClient, createCluster, ErrorReply } from '@redis/client';
import type { Randomness } from '@parley/ports/randomness';
import {
  COMMANDS_IN_FLIGHT_MAX_COUNT,
  CONNECT_TIMEOUT_MS,
  RECONNECT_WAIT_MS,
  TOPOLOGY_REFRESH_MS,
} from './limits.ts';
import type { RedisServers } from './redis-url.ts';
import type { Reply } from './reply.ts';

/** In PEM, not paths. */
export interface RedisTls {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

export interface ClientParts {
  readonly servers: RedisServers;
  readonly tls: RedisTls | undefined;
  readonly randomness: Randomness;
  /** A connection was made, at first or again. */
  readonly ready: () => void;
  /** A connection was lost, or could not be made. It is tried again by the library. */
  readonly lost: (error: unknown) => void;
}

export interface RedisClient {
  /** Resolves when commands can be sent. */
  connect(): Promise<void>;
  readonly isReady: boolean;
  /** What is sent in one turn of the event loop goes to each master in one write. */
  send(key: string, args: readonly string[]): Promise<Reply>;
  /** The masters that are known; they change when one takes the place of another. */
  masters(): string;
  /** Rejects what waits. */
  destroy(): void;
}

export function createRedisClient(parts: ClientParts): RedisClient {
  return parts.servers.kind === 'single' ? createSingle(parts) : createForCluster(parts);
}

function createSingle(parts: ClientParts): RedisClient {
  const { servers, ready, lost } = parts;
  const [server] = servers.hosts;
  if (server === undefined) throw new RangeError('a Redis without a host');
  const { socket, ...options } = connectionOptions(parts);
  const client = createClient({
    ...options,
    socket: { ...socket, ...server },
    database: servers.database,
  });
  client.on('ready', ready);
  client.on('error', lost);
  return {
    connect: async () => void (await client.connect()),
    get isReady() {
      return client.isReady;
    },
    send: (_, args) => client.sendCommand(args),
    masters: () => '',
    destroy: () => destroyOpen(client),
  };
}

function createForCluster(parts: ClientParts): RedisClient {
  const { servers, ready, lost } = parts;
  const { RESP, ...defaults } = connectionOptions(parts);
  const cluster = createCluster({
    RESP,
    defaults,
    rootNodes: servers.hosts.map((socket) => ({ socket })),
    commandOptions: defaults.commandOptions,
    // A master that is away keeps nobody from the others.
    minimizeConnections: true,
    topologyRefreshOnReconnectionAttemptStrategy: TOPOLOGY_REFRESH_MS,
  });
  cluster.on('node-ready', ready);
  cluster.on('error', lost);
  cluster.on('node-error', lost);
  return {
    connect: async () => void (await cluster.connect()),
    get isReady() {
      return cluster.isReady;
    },
    // Straight to the master that has the key: the library's own way costs several times as much a command.
    send: async (key, args) => {
      try {
        const master = await cluster.getNodeClientForKey(key);
        return await master.sendCommand(args);
      } catch (error) {
        if (!isRedirect(error)) throw error;
        return await cluster.sendCommand(key, false, [...args]);
      }
    },
    masters: () =>
      cluster.masters
        .map((master) => master.address)
        .sort()
        .join(),
    destroy: () => destroyOpen(cluster),
  };
}

function connectionOptions({ servers, tls, randomness }: ClientParts) {
  return {
    RESP: 2,
    ...(servers.username === undefined ? {} : { username: servers.username }),
    ...(servers.password === undefined ? {} : { password: servers.password }),
    disableOfflineQueue: true,
    // The link has the bound; this one is for what it does not see.
    commandsQueueMaxLength: 2 * COMMANDS_IN_FLIGHT_MAX_COUNT,
    disableClientInfo: true,
    // The library would start a timer for each command; the link has one for each call.
    commandOptions: {},
    socket: {
      connectTimeout: CONNECT_TIMEOUT_MS,
      reconnectStrategy: () => reconnectDelayMs(randomness),
      ...(servers.tls ? { tls: true as const, ...tls } : {}),
    },
  } as const;
}

export const reconnectDelayMs = (randomness: Randomness) => RECONNECT_WAIT_MS * (1 + randomness.fraction());

/** The key moved to another master, or is about to: the library follows it, and learns where the keys are now. */
const isRedirect = (error: unknown) => error instanceof ErrorReply && /^(MOVED|ASK) /.test(error.message);

function destroyOpen(client: { readonly isOpen: boolean; destroy(): void }): void {
  if (client.isOpen) client.destroy();
}
