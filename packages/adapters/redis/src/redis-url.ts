// URLs of Redis: which servers, which user, TLS or not, one server or a Cluster.

export interface RedisServers {
  readonly kind: 'single' | 'cluster';
  readonly hosts: readonly { readonly host: string; readonly port: number }[];
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly database: number;
  readonly tls: boolean;
}

const SCHEMES: Readonly<Record<string, Pick<RedisServers, 'kind' | 'tls'>>> = {
  redis: { kind: 'single', tls: false },
  rediss: { kind: 'single', tls: true },
  rediscluster: { kind: 'cluster', tls: false },
  redisscluster: { kind: 'cluster', tls: true },
};
const PORT = 6_379;
const SHAPE = /^(\w+):\/\/(?:([^@/]*)@)?([^@/]+)(?:\/(\d*))?$/;
const HELP =
  'A Redis URL is redis://[user:password@]host[:port][/database] or rediscluster://[user:password@]host:port,host:port; ' +
  'rediss:// and redisscluster:// for TLS.';

/** Throws an Error that says what a URL looks like, and shows nothing of this one. */
export function parseRedisUrl(url: string): RedisServers {
  const [, scheme = '', user = '', hosts = '', database = ''] = SHAPE.exec(url) ?? [];
  const known = SCHEMES[scheme];
  if (known === undefined) throw new Error(HELP);
  const parsed = hosts.split(',').map(parseHost);
  if (known.kind === 'single' && parsed.length > 1) throw new Error(HELP);
  if (known.kind === 'cluster' && database !== '') throw new Error('A Redis Cluster has no databases.');
  return { ...known, ...parseUser(user), hosts: parsed, database: Number(database) };
}

function parseHost(text: string): { host: string; port: number } {
  // The name of the scheme does not matter: any that URL does not know has hosts as they are.
  const url = URL.canParse(`redis://${text}`) ? new URL(`redis://${text}`) : undefined;
  if (url === undefined || url.hostname === '') throw new Error(HELP);
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  return { host, port: url.port === '' ? PORT : Number(url.port) };
}

/** `user:password`, `:password`, or a password alone, as many tools take it. */
function parseUser(text: string): Pick<RedisServers, 'username' | 'password'> {
  const colon = text.indexOf(':');
  const decode = (part: string) => (part === '' ? undefined : decodeURIComponent(part));
  if (colon < 0) return { username: undefined, password: decode(text) };
  return { username: decode(text.slice(0, colon)), password: decode(text.slice(colon + 1)) };
}
