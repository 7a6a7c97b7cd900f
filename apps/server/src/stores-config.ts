// Where everything is kept: in a folder of this machine, or in engines that the settings name. What cannot work together
// is refused here, with the reason and what to set.
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { ConfigError } from './config-error.ts';
import type { Environment } from './env.ts';
import { isPostgresUrl, parsePostgresUrl, type PostgresPlace } from './postgres-url.ts';

export type StoresConfig = EmbeddedConfig | SharedConfig;

export interface EmbeddedConfig {
  readonly kind: 'embedded';
  readonly directory: string;
}

export interface SharedConfig {
  readonly kind: 'shared';
  readonly members: PostgresPlace;
  readonly messages: MessagesConfig;
  /** The URL of Redis; undefined keeps presence in this process. */
  readonly cache: string | undefined;
  /** The URL of NATS. */
  readonly bus: string | undefined;
  readonly node: string;
  /** Where others reach this node; undefined: where it listens. */
  readonly advertise: string | undefined;
}

/** With the members means: in the same schema. */
export type MessagesConfig =
  | { readonly kind: 'with_members' }
  | { readonly kind: 'cassandra'; readonly url: string };

export const DEFAULT_DIRECTORY = 'parley-data';

type Settings = Pick<
  Environment,
  'directory' | 'messages' | 'members' | 'cache' | 'bus' | 'node' | 'advertise'
>;

const NODE_NAME = /^[A-Za-z0-9._-]{1,64}$/;
/** What goes with engines alone, and why. */
const WITH_ENGINES = [
  ['cache', 'PARLEY_CACHE', 'the embedded stores keep presence in the one process that uses them'],
  ['bus', 'PARLEY_BUS', 'the embedded stores have one node, which nobody talks to'],
  ['node', 'PARLEY_NODE', 'the embedded stores have one node'],
  ['advertise', 'PARLEY_ADVERTISE', 'the embedded stores have one node'],
] as const;

/** `directory` is that of the command line, which goes before the environment. */
export function storesConfig(env: Settings, directory: string | undefined): StoresConfig {
  refuseEmpty(env);
  const { messages, members } = env;
  if (messages === undefined && members === undefined) return embedded(env, directory);
  if (directory !== undefined) {
    throw new ConfigError(
      '--data is for the embedded stores, and PARLEY_MESSAGES and PARLEY_MEMBERS name others: leave one of them out.',
    );
  }
  if (messages === undefined) {
    throw new ConfigError(
      'PARLEY_MEMBERS is set without PARLEY_MESSAGES: the embedded message store is joined with members in the same ' +
        'file. Set PARLEY_MESSAGES as well: to the same URL, or to cassandra://….',
    );
  }
  if (members === undefined) {
    throw new ConfigError(
      'PARLEY_MESSAGES is set without PARLEY_MEMBERS: what waits for somebody is found by asking for the members of ' +
        'conversations, which the embedded store keeps for messages of its own alone. Set PARLEY_MEMBERS to postgres://….',
    );
  }
  return {
    kind: 'shared',
    members: parsePostgresUrl('PARLEY_MEMBERS', members),
    messages: messagesConfig(messages, members),
    cache: env.cache,
    bus: env.bus,
    node: nodeName(env.node),
    advertise: env.advertise === undefined ? undefined : address(env.advertise),
  };
}

/** The folder of embedded stores, for commands that read one. */
export function dataFolder(env: Settings, directory: string | undefined): string {
  if (directory === undefined && (env.messages !== undefined || env.members !== undefined)) {
    throw new ConfigError(
      'This reads a data folder, and PARLEY_MESSAGES and PARLEY_MEMBERS keep everything elsewhere: name a folder with --data.',
    );
  }
  return folder(env, directory);
}

function embedded(env: Settings, directory: string | undefined): EmbeddedConfig {
  for (const [key, name, why] of WITH_ENGINES) {
    if (env[key] === undefined) continue;
    throw new ConfigError(
      `${name} is set without PARLEY_MESSAGES and PARLEY_MEMBERS, and ${why}: leave it out, or set those two as well.`,
    );
  }
  return { kind: 'embedded', directory: folder(env, directory) };
}

function folder(env: Settings, directory: string | undefined): string {
  const path = directory ?? env.directory ?? DEFAULT_DIRECTORY;
  if (path.trim() === '')
    throw new ConfigError(`PARLEY_DATA or --data is empty; leave it out for ${DEFAULT_DIRECTORY}.`);
  return resolve(path);
}

function messagesConfig(messages: string, members: string): MessagesConfig {
  if (messages.startsWith('cassandra://')) return { kind: 'cassandra', url: messages };
  if (!isPostgresUrl(messages)) {
    throw new ConfigError(
      'PARLEY_MESSAGES must begin with cassandra:// or postgres://; without it, messages are in the folder PARLEY_DATA.',
    );
  }
  if (messages === members) return { kind: 'with_members' };
  throw new ConfigError(
    'PARLEY_MESSAGES and PARLEY_MEMBERS are both on PostgreSQL, where messages are joined with members: ' +
      'both must be the same URL.',
  );
}

/** Empty is refused and not taken for absent: a secret that is missing would put everything into a folder. */
function refuseEmpty(env: Settings): void {
  for (const [key, name] of [
    ['messages', 'PARLEY_MESSAGES'],
    ['members', 'PARLEY_MEMBERS'],
    ['cache', 'PARLEY_CACHE'],
    ['bus', 'PARLEY_BUS'],
    ['advertise', 'PARLEY_ADVERTISE'],
  ] as const) {
    if (env[key]?.trim() === '') throw new ConfigError(`${name} is empty; leave it out, or give it a value.`);
  }
}

function nodeName(value: string | undefined): string {
  if (value === undefined) return hostname();
  if (NODE_NAME.test(value)) return value;
  throw new ConfigError(
    `PARLEY_NODE is ${JSON.stringify(value)}; it must be 1 to 64 letters, digits, dots, dashes or underscores.`,
  );
}

function address(value: string): string {
  const text = value.includes('://') ? value : `http://${value}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (
    url !== undefined &&
    /^https?:$/.test(url.protocol) &&
    url.href === `${url.origin}/` &&
    url.username === ''
  )
    return url.origin;
  throw new ConfigError(
    'PARLEY_ADVERTISE must be host:port or a URL like http://host:port, where other nodes reach this one.',
  );
}
