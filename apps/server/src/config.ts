// From environment and flags to one typed configuration, with every default. A setting that makes no sense is refused.
import * as z from 'zod/mini';
import { GROUP_MEMBERS_MAX_COUNT } from '@parley/protocol/limits';
import { isJwksUrl } from '@parley/server/account/jwks-reader';
import { JWT_SECRET_MIN_BYTES, type JwksAlgorithm } from '@parley/server/account/jwt-verifier';
import { TrustedProxies } from '@parley/server/http/trusted-proxies';
import { ConfigError } from './config-error.ts';
import type { Environment } from './env.ts';
import { storesConfig, type StoresConfig } from './stores-config.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 3_600_000;

export type JwtConfig =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'secret';
      readonly secret: string;
      readonly audience: string;
      readonly issuer: string | undefined;
    }
  | {
      readonly kind: 'jwks';
      /** A path or an https URL. */
      readonly location: string;
      readonly algorithms: readonly JwksAlgorithm[];
      readonly audience: string;
      readonly issuer: string | undefined;
    };

export interface Config {
  readonly host: string;
  readonly port: number;
  readonly stores: StoresConfig;
  readonly origins: readonly string[];
  /** Addresses and CIDRs. */
  readonly trustedProxies: readonly string[];
  readonly registration: 'open' | 'closed';
  readonly logLevel: string;
  readonly tokenLifetimeMs: number;
  readonly queueRetentionMs: number;
  readonly logRetentionMs: number | undefined;
  /** Undefined: authors may edit and delete for ever. */
  readonly editWindowMs: number | undefined;
  /** From so many members on, entries are pushed to those alone who look at the group. */
  readonly largeGroupMembers: number;
  readonly jwt: JwtConfig;
}

/** What the command line sets; it goes before the environment. */
export interface Flags {
  readonly host?: string | undefined;
  readonly port?: string | number | undefined;
  readonly directory?: string | undefined;
}

export const DEFAULT_PORT = 8080;
export const DEFAULT_LARGE_GROUP_MEMBERS = 100;

export function configFrom(env: Environment, flags: Flags = {}): Config {
  return {
    host: word('PARLEY_HOST or --host', flags.host ?? env.host, '127.0.0.1'),
    port: integer('PARLEY_PORT or --port', flags.port ?? env.port, DEFAULT_PORT, { from: 0, to: 65_535 }),
    stores: storesConfig(env, flags.directory),
    origins: originList(env.origins),
    trustedProxies: proxyList(env.trustedProxies),
    registration: choice('PARLEY_REGISTRATION', env.registration, ['open', 'closed'], 'open'),
    logLevel: choice('PARLEY_LOG_LEVEL', env.logLevel, ['debug', 'info', 'warn', 'error', 'silent'], 'info'),
    tokenLifetimeMs: days('PARLEY_TOKEN_LIFETIME_DAYS', env.tokenLifetimeDays, 90) * DAY_MS,
    queueRetentionMs: days('PARLEY_QUEUE_RETENTION_DAYS', env.queueRetentionDays, 30) * DAY_MS,
    logRetentionMs: logRetention(env.logRetentionDays),
    editWindowMs: editWindow(env.editWindowMinutes),
    largeGroupMembers: integer(
      'PARLEY_LARGE_GROUP_MEMBERS',
      env.largeGroupMembers,
      DEFAULT_LARGE_GROUP_MEMBERS,
      { from: 1, to: GROUP_MEMBERS_MAX_COUNT + 1 },
    ),
    jwt: jwtConfig(env),
  };
}

function originList(value: string | undefined): string[] {
  const origins = list(value);
  const wrong = origins.find((origin) => !URL.canParse(origin) || new URL(origin).origin !== origin);
  if (wrong === undefined) return origins;
  throw new ConfigError(
    `PARLEY_ORIGINS: ${JSON.stringify(wrong)} is not an origin; write it like https://chat.example.org`,
  );
}

function proxyList(value: string | undefined): string[] {
  const proxies = list(value);
  try {
    void new TrustedProxies(proxies);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new ConfigError(`PARLEY_TRUSTED_PROXIES: ${error.message}`);
  }
  return proxies;
}

/** At least two days, since the same client_msg_id must get the same answer for 24 h. */
function logRetention(value: string | undefined): number | undefined {
  if (value === undefined || value === 'forever') return undefined;
  return integer('PARLEY_LOG_RETENTION_DAYS', value, 0, { from: 2, to: 36_500 }) * DAY_MS;
}

/** 0: nobody edits, and only a group's owner and admins delete. */
function editWindow(value: string | undefined): number | undefined {
  if (value === undefined || value === 'forever') return undefined;
  return integer('PARLEY_EDIT_WINDOW_MINUTES', value, 0, { from: 0, to: 52_560_000 }) * MINUTE_MS;
}

function jwtConfig(env: Environment): JwtConfig {
  const { jwtSecret: secret, jwtJwks: location, jwtAudience: audience, jwtIssuer: issuer } = env;
  if (secret === undefined && location === undefined) {
    if (audience === undefined && issuer === undefined && env.jwtAlgorithms === undefined)
      return { kind: 'none' };
    throw new ConfigError(
      'PARLEY_JWT_… is set without keys: set PARLEY_JWT_SECRET or PARLEY_JWT_JWKS as well.',
    );
  }
  if (secret !== undefined && location !== undefined) {
    throw new ConfigError('Set PARLEY_JWT_SECRET or PARLEY_JWT_JWKS, not both.');
  }
  if (audience === undefined || audience === '') {
    throw new ConfigError(
      'PARLEY_JWT_AUDIENCE is needed with JWTs: the `aud` that your back end puts into them.',
    );
  }
  if (secret !== undefined) {
    if (env.jwtAlgorithms !== undefined) {
      throw new ConfigError('PARLEY_JWT_ALGORITHMS goes with PARLEY_JWT_JWKS; a secret is for HS256 alone.');
    }
    if (Buffer.byteLength(secret) < JWT_SECRET_MIN_BYTES) {
      throw new ConfigError(`PARLEY_JWT_SECRET needs at least ${JWT_SECRET_MIN_BYTES} bytes.`);
    }
    return { kind: 'secret', secret, audience, issuer };
  }
  const algorithms = z
    .array(z.enum(['RS256', 'ES256', 'EdDSA']))
    .safeParse(list(env.jwtAlgorithms ?? 'RS256'));
  if (!algorithms.success)
    throw new ConfigError('PARLEY_JWT_ALGORITHMS is a list of RS256, ES256 and EdDSA.');
  return {
    kind: 'jwks',
    location: jwksLocation(location ?? ''),
    algorithms: algorithms.data,
    audience,
    issuer,
  };
}

/** A path, or a URL that `urlReader` takes. */
function jwksLocation(location: string): string {
  const isPath = location !== '' && !location.includes('://');
  if (isPath || isJwksUrl(location)) return location;
  throw new ConfigError(
    'PARLEY_JWT_JWKS must be a file or an https URL (http on loopback only): else anyone on the way could sign.',
  );
}

function list(value: string | undefined): string[] {
  return (value ?? '')
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

function days(name: string, value: string | undefined, byDefault: number): number {
  return integer(name, value, byDefault, { from: 1, to: 36_500 });
}

function word(name: string, value: string | undefined, byDefault: string): string {
  if (value === undefined) return byDefault;
  if (value.trim() === '') throw new ConfigError(`${name} is empty; leave it out for ${byDefault}.`);
  return value;
}

function integer(
  name: string,
  value: string | number | undefined,
  byDefault: number,
  range: { from: number; to: number },
): number {
  if (value === undefined) return byDefault;
  const number = Number(value);
  if (String(value).trim() === '' || !Number.isInteger(number) || number < range.from || number > range.to) {
    throw new ConfigError(
      `${name} is ${JSON.stringify(value)}; it must be a number from ${range.from} to ${range.to}.`,
    );
  }
  return number;
}

function choice<const Word extends string>(
  name: string,
  value: string | undefined,
  words: readonly Word[],
  byDefault: Word,
): Word {
  if (value === undefined) return byDefault;
  const word = words.find((candidate) => candidate === value);
  if (word === undefined)
    throw new ConfigError(`${name} is ${JSON.stringify(value)}; it must be ${words.join(' or ')}.`);
  return word;
}
