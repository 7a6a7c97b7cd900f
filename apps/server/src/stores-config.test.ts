// Which settings name which stores, and which mixtures are refused, each with its reason and without a password.
import { expect, test } from 'bun:test';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { ConfigError } from './config-error.ts';
import { readEnvironment } from './env.ts';
import { dataFolder, storesConfig } from './stores-config.ts';

const SECRET = 'hunter2';
const POSTGRES = `postgres://parley:${SECRET}@db.example:5433/chat`;
const CASSANDRA = `cassandra://parley:${SECRET}@c1,c2:9043/chat?dc=east`;

type Variables = Readonly<Record<string, string>>;

const stores = (env: Variables, directory?: string) => storesConfig(readEnvironment(env), directory);

function refusal(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return 'accepted';
}

test('without engines everything is in a folder', () => {
  expect(stores({})).toEqual({ kind: 'embedded', directory: resolve('parley-data') });
  expect(stores({ PARLEY_DATA: '/one' }, '/two')).toEqual({ kind: 'embedded', directory: '/two' });
});

test('with engines no folder is needed, and the one that an image names is not used', () => {
  const env = { PARLEY_MEMBERS: POSTGRES, PARLEY_MESSAGES: CASSANDRA, PARLEY_DATA: '/data' };
  expect(stores(env)).toEqual({
    kind: 'shared',
    members: { url: POSTGRES, schema: 'parley', shown: 'postgres://db.example:5433/chat, schema parley' },
    messages: { kind: 'cassandra', url: CASSANDRA },
    cache: undefined,
    bus: undefined,
    node: hostname(),
    advertise: undefined,
  });
});

test('every setting of engines is taken; the schema is for Parley, other parameters are for the driver', () => {
  const members = `${POSTGRES}?schema=other&sslmode=verify-full`;
  const env = {
    PARLEY_MEMBERS: members,
    PARLEY_MESSAGES: members,
    PARLEY_CACHE: 'redis://r',
    PARLEY_BUS: 'nats://n',
    PARLEY_NODE: 'n-1',
    PARLEY_ADVERTISE: 'n-1:8080',
  };
  expect(stores(env)).toMatchObject({
    members: { url: `${POSTGRES}?sslmode=verify-full`, schema: 'other' },
    messages: { kind: 'with_members' },
    cache: 'redis://r',
    bus: 'nats://n',
    node: 'n-1',
    advertise: 'http://n-1:8080',
  });
});

test.each<[string, Variables, string]>([
  ['members without messages', { PARLEY_MEMBERS: POSTGRES }, 'Set PARLEY_MESSAGES as well'],
  ['messages without members', { PARLEY_MESSAGES: CASSANDRA }, 'Set PARLEY_MEMBERS to postgres://'],
  ['messages on PostgreSQL alone', { PARLEY_MESSAGES: POSTGRES }, 'Set PARLEY_MEMBERS to postgres://'],
  [
    'messages and members in two databases',
    { PARLEY_MESSAGES: `${POSTGRES}2`, PARLEY_MEMBERS: POSTGRES },
    'both must be the same URL',
  ],
  ['a cache alone', { PARLEY_CACHE: 'redis://r' }, 'PARLEY_CACHE is set without'],
  ['a bus alone', { PARLEY_BUS: 'nats://n' }, 'PARLEY_BUS is set without'],
  ['a node name alone', { PARLEY_NODE: 'n-1' }, 'PARLEY_NODE is set without'],
  ['an address alone', { PARLEY_ADVERTISE: 'n-1:8080' }, 'PARLEY_ADVERTISE is set without'],
])('%s: refused, with what to set', (_title, env, words) => {
  const message = refusal(() => stores(env));
  expect(message).toContain(words);
  expect(message).not.toContain(SECRET);
});

const BOTH = { PARLEY_MEMBERS: POSTGRES, PARLEY_MESSAGES: CASSANDRA };

test.each<[string, Variables]>([
  ['PARLEY_MEMBERS', { ...BOTH, PARLEY_MEMBERS: '' }],
  ['PARLEY_MEMBERS', { ...BOTH, PARLEY_MEMBERS: `mysql://${SECRET}@db/chat` }],
  ['PARLEY_MEMBERS', { ...BOTH, PARLEY_MEMBERS: `postgres://${SECRET}@db` }],
  ['PARLEY_MEMBERS', { ...BOTH, PARLEY_MEMBERS: `postgres://parley:${SECRET}#@db/chat` }],
  ['PARLEY_MEMBERS', { ...BOTH, PARLEY_MEMBERS: `${POSTGRES}?options=-c%20${SECRET}` }],
  ['PARLEY_MEMBERS', { ...BOTH, PARLEY_MEMBERS: `${POSTGRES}?schema=My-Schema` }],
  ['PARLEY_MESSAGES', { ...BOTH, PARLEY_MESSAGES: ' ' }],
  ['PARLEY_MESSAGES', { ...BOTH, PARLEY_MESSAGES: `mongodb://${SECRET}@db/chat` }],
  ['PARLEY_CACHE', { ...BOTH, PARLEY_CACHE: '' }],
  ['PARLEY_BUS', { ...BOTH, PARLEY_BUS: '' }],
  ['PARLEY_NODE', { ...BOTH, PARLEY_NODE: '' }],
  ['PARLEY_NODE', { ...BOTH, PARLEY_NODE: 'a/b' }],
  ['PARLEY_ADVERTISE', { ...BOTH, PARLEY_ADVERTISE: '' }],
  ['PARLEY_ADVERTISE', { ...BOTH, PARLEY_ADVERTISE: 'tcp://host:1' }],
  ['PARLEY_ADVERTISE', { ...BOTH, PARLEY_ADVERTISE: 'host:8080/path' }],
])('%s that cannot be used is refused by name', (name, env) => {
  const message = refusal(() => stores(env));
  expect(message).toStartWith(name);
  expect(message).not.toContain(SECRET);
});

test('--data and engines exclude each other, and what reads a folder asks for one', () => {
  expect(refusal(() => stores(BOTH, '/data'))).toContain('--data is for the embedded stores');
  expect(refusal(() => dataFolder(readEnvironment(BOTH), undefined))).toContain('name a folder with --data');
  expect(dataFolder(readEnvironment(BOTH), '/data')).toBe('/data');
});
