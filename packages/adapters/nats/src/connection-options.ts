// From URLs and credentials to what the NATS library takes.
import { credsAuthenticator, type NodeConnectionOptions, nkeyAuthenticator } from '@nats-io/transport-node';
import type { Randomness } from '@parley/ports/randomness';
import {
  CONNECT_TIMEOUT_MS,
  PING_INTERVAL_MS,
  PINGS_UNANSWERED_MAX_COUNT,
  RECONNECT_WAIT_MS,
} from './limits.ts';

/** In PEM, not paths. `tls://` in a URL asks for TLS without any of these. */
export interface NatsTls {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** What a URL cannot hold: the text of a .creds file, or the seed of an nkey. */
export type NatsAuth =
  | { readonly kind: 'url' }
  | { readonly kind: 'credentials'; readonly text: string }
  | { readonly kind: 'nkey'; readonly seed: string };

export interface NatsServers {
  /** nats://[user:password@|token@]host[:port],…; tls:// for TLS. All with the same user. */
  readonly url: string;
  readonly auth: NatsAuth;
  readonly tls: NatsTls | undefined;
}

/** Throws an Error that says what is wrong with the URL, and shows no password. */
export function connectionOptions(servers: NatsServers, name: string, randomness: Randomness) {
  const urls = servers.url.split(',').map(parseServer);
  const secure = servers.tls !== undefined || urls.some((url) => url.protocol === 'tls:');
  return {
    ...authOptions(servers.auth, urls),
    ...(secure ? { tls: { ...servers.tls } } : {}),
    servers: urls.map((url) => url.host),
    name,
    timeout: CONNECT_TIMEOUT_MS,
    pingInterval: PING_INTERVAL_MS,
    maxPingOut: PINGS_UNANSWERED_MAX_COUNT,
    maxReconnectAttempts: -1,
    // A password may be changed on the servers before it is changed here, or the other way round.
    ignoreAuthErrorAbort: true,
    noAsyncTraces: true,
    reconnectDelayHandler: () => reconnectDelayMs(randomness),
  } satisfies NodeConnectionOptions;
}

export function reconnectDelayMs(randomness: Randomness): number {
  return RECONNECT_WAIT_MS * (1 + randomness.fraction());
}

function parseServer(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['nats:', 'tls:'].includes(url.protocol) || url.hostname === '') {
    throw new Error('A NATS URL is nats://host:port or tls://host:port, several of them joined by commas.');
  }
  return url;
}

function authOptions(auth: NatsAuth, urls: readonly URL[]): NodeConnectionOptions {
  if (auth.kind === 'credentials') {
    return { authenticator: credsAuthenticator(new TextEncoder().encode(auth.text)) };
  }
  if (auth.kind === 'nkey') return { authenticator: nkeyAuthenticator(new TextEncoder().encode(auth.seed)) };
  const [first] = urls.filter((url) => url.username !== '');
  if (first === undefined) return {};
  if (urls.some((url) => url.username !== '' && userInfo(url) !== userInfo(first))) {
    throw new Error('All NATS URLs name the same user and password, or token.');
  }
  const user = decodeURIComponent(first.username);
  return first.password === '' ? { token: user } : { user, pass: decodeURIComponent(first.password) };
}

const userInfo = (url: URL) => `${url.username}:${url.password}`;
