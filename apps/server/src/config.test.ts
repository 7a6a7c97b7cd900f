// Every setting: its default, what it takes, and what is refused by name.
import { describe, expect, test } from 'bun:test';
import { resolve } from 'node:path';
import { ConfigError } from './config-error.ts';
import { configFrom, type Config, type Flags } from './config.ts';
import { readEnvironment } from './env.ts';

const DAY_MS = 24 * 3_600_000;
const SECRET = 'x'.repeat(32);
const AUDIENCE = { PARLEY_JWT_AUDIENCE: 'chat' };

function config(env: Readonly<Record<string, string>> = {}, flags: Flags = {}): Config {
  return configFrom(readEnvironment(env), flags);
}

function refusal(env: Readonly<Record<string, string>>, flags: Flags = {}): string {
  try {
    config(env, flags);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return 'accepted';
}

test('without any setting everything has its default', () => {
  expect(config()).toEqual({
    host: '127.0.0.1',
    port: 8_080,
    stores: { kind: 'embedded', directory: resolve('parley-data') },
    origins: [],
    trustedProxies: [],
    registration: 'open',
    logLevel: 'info',
    tokenLifetimeMs: 90 * DAY_MS,
    queueRetentionMs: 30 * DAY_MS,
    logRetentionMs: undefined,
    editWindowMs: undefined,
    largeGroupMembers: 100,
    jwt: { kind: 'none' },
  });
});

test('every setting is taken', () => {
  expect(
    config({
      PARLEY_HOST: '0.0.0.0',
      PARLEY_PORT: '0',
      PARLEY_DATA: '/srv/parley',
      PARLEY_ORIGINS: 'https://a.example, https://b.example:8443,',
      PARLEY_TRUSTED_PROXIES: '127.0.0.1, 10.0.0.0/8,fd00::/8',
      PARLEY_REGISTRATION: 'closed',
      PARLEY_LOG_LEVEL: 'silent',
      PARLEY_TOKEN_LIFETIME_DAYS: '1',
      PARLEY_QUEUE_RETENTION_DAYS: '36500',
      PARLEY_LOG_RETENTION_DAYS: '2',
      PARLEY_EDIT_WINDOW_MINUTES: '15',
      PARLEY_LARGE_GROUP_MEMBERS: '500',
      PARLEY_JWT_SECRET: SECRET,
      PARLEY_JWT_ISSUER: 'app',
      ...AUDIENCE,
    }),
  ).toEqual({
    host: '0.0.0.0',
    port: 0,
    stores: { kind: 'embedded', directory: '/srv/parley' },
    origins: ['https://a.example', 'https://b.example:8443'],
    trustedProxies: ['127.0.0.1', '10.0.0.0/8', 'fd00::/8'],
    registration: 'closed',
    logLevel: 'silent',
    tokenLifetimeMs: DAY_MS,
    queueRetentionMs: 36_500 * DAY_MS,
    logRetentionMs: 2 * DAY_MS,
    editWindowMs: 15 * 60_000,
    largeGroupMembers: 500,
    jwt: { kind: 'secret', secret: SECRET, audience: 'chat', issuer: 'app' },
  });
  expect(config({ PARLEY_LOG_RETENTION_DAYS: 'forever' }).logRetentionMs).toBeUndefined();
});

test('a flag goes before its variable', () => {
  const env = { PARLEY_HOST: '10.0.0.1', PARLEY_PORT: '1', PARLEY_DATA: '/one' };
  const flags = { host: '10.0.0.2', port: 2, directory: '/two' };
  expect(config(env, flags)).toMatchObject({ host: '10.0.0.2', port: 2, stores: { directory: '/two' } });
});

test.each([
  ['PARLEY_HOST', ''],
  ['PARLEY_PORT', ''],
  ['PARLEY_PORT', ' '],
  ['PARLEY_PORT', '65536'],
  ['PARLEY_PORT', '-1'],
  ['PARLEY_PORT', '80.5'],
  ['PARLEY_PORT', 'http'],
  ['PARLEY_DATA', ''],
  ['PARLEY_ORIGINS', 'chat.example'],
  ['PARLEY_ORIGINS', 'https://chat.example/'],
  ['PARLEY_ORIGINS', '*'],
  ['PARLEY_TRUSTED_PROXIES', 'proxy.example'],
  ['PARLEY_TRUSTED_PROXIES', '10.0.0.0/33'],
  ['PARLEY_TRUSTED_PROXIES', '*'],
  ['PARLEY_REGISTRATION', 'Closed'],
  ['PARLEY_REGISTRATION', ''],
  ['PARLEY_LOG_LEVEL', 'trace'],
  ['PARLEY_TOKEN_LIFETIME_DAYS', '0'],
  ['PARLEY_TOKEN_LIFETIME_DAYS', '36501'],
  ['PARLEY_QUEUE_RETENTION_DAYS', '0'],
  ['PARLEY_LOG_RETENTION_DAYS', '1'],
  ['PARLEY_LOG_RETENTION_DAYS', ''],
])('%s=%p is refused by name', (name, value) => {
  expect(refusal({ [name]: value })).toContain(name);
});

describe('JWTs', () => {
  test('a key set is a file, an https URL, or http on loopback; RS256 by default', () => {
    for (const location of [
      'keys.json',
      '/etc/keys.json',
      'https://app.example/jwks',
      'http://127.0.0.1:1/jwks',
      'http://localhost/jwks',
      'http://[::1]/jwks',
    ]) {
      expect(config({ PARLEY_JWT_JWKS: location, ...AUDIENCE }).jwt).toEqual({
        kind: 'jwks',
        location,
        algorithms: ['RS256'],
        audience: 'chat',
        issuer: undefined,
      });
    }
    const env = { PARLEY_JWT_JWKS: 'keys.json', PARLEY_JWT_ALGORITHMS: 'ES256, EdDSA', ...AUDIENCE };
    expect(config(env).jwt).toMatchObject({ algorithms: ['ES256', 'EdDSA'] });
  });

  test.each([
    ['', 'empty'],
    ['http://app.example/jwks', 'plain http'],
    ['HTTP://app.example/jwks', 'plain http in capitals'],
    ['http://127.0.0.1.evil.example/jwks', 'what only begins like loopback'],
    ['ftp://app.example/jwks', 'another scheme'],
    ['https://', 'no URL'],
  ])('PARLEY_JWT_JWKS=%p is refused by name: %s', (location) => {
    expect(refusal({ PARLEY_JWT_JWKS: location, ...AUDIENCE })).toContain('PARLEY_JWT_JWKS');
  });

  test.each([
    ['an audience without keys', { PARLEY_JWT_AUDIENCE: 'chat' }, 'PARLEY_JWT_SECRET or PARLEY_JWT_JWKS'],
    ['an issuer without keys', { PARLEY_JWT_ISSUER: 'app' }, 'PARLEY_JWT_SECRET or PARLEY_JWT_JWKS'],
    ['algorithms without keys', { PARLEY_JWT_ALGORITHMS: 'RS256' }, 'PARLEY_JWT_SECRET or PARLEY_JWT_JWKS'],
    ['both kinds of keys', { PARLEY_JWT_SECRET: SECRET, PARLEY_JWT_JWKS: 'k', ...AUDIENCE }, 'not both'],
    ['no audience', { PARLEY_JWT_SECRET: SECRET }, 'PARLEY_JWT_AUDIENCE'],
    ['an empty audience', { PARLEY_JWT_SECRET: SECRET, PARLEY_JWT_AUDIENCE: '' }, 'PARLEY_JWT_AUDIENCE'],
    ['a short secret', { PARLEY_JWT_SECRET: 'x'.repeat(31), ...AUDIENCE }, 'PARLEY_JWT_SECRET'],
    [
      'algorithms with a secret',
      { PARLEY_JWT_SECRET: SECRET, PARLEY_JWT_ALGORITHMS: 'RS256', ...AUDIENCE },
      'PARLEY_JWT_ALGORITHMS',
    ],
    [
      'an algorithm for secrets',
      { PARLEY_JWT_JWKS: 'k', PARLEY_JWT_ALGORITHMS: 'HS256', ...AUDIENCE },
      'PARLEY_JWT_ALGORITHMS',
    ],
  ])('refused by name: %s', (_title, env, word) => {
    expect(refusal(env)).toContain(word);
  });

  test('a refusal never shows the secret', () => {
    expect(refusal({ PARLEY_JWT_SECRET: 'hunter2', ...AUDIENCE })).not.toContain('hunter2');
  });
});
