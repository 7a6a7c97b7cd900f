// Which variables are read, and that nothing else is.
import { expect, test } from 'bun:test';
import { readEnvironment, type Environment } from './env.ts';

const VARIABLES: Readonly<Record<keyof Environment, string>> = {
  host: 'PARLEY_HOST',
  port: 'PARLEY_PORT',
  directory: 'PARLEY_DATA',
  messages: 'PARLEY_MESSAGES',
  members: 'PARLEY_MEMBERS',
  cache: 'PARLEY_CACHE',
  bus: 'PARLEY_BUS',
  node: 'PARLEY_NODE',
  advertise: 'PARLEY_ADVERTISE',
  origins: 'PARLEY_ORIGINS',
  trustedProxies: 'PARLEY_TRUSTED_PROXIES',
  registration: 'PARLEY_REGISTRATION',
  logLevel: 'PARLEY_LOG_LEVEL',
  tokenLifetimeDays: 'PARLEY_TOKEN_LIFETIME_DAYS',
  queueRetentionDays: 'PARLEY_QUEUE_RETENTION_DAYS',
  logRetentionDays: 'PARLEY_LOG_RETENTION_DAYS',
  editWindowMinutes: 'PARLEY_EDIT_WINDOW_MINUTES',
  largeGroupMembers: 'PARLEY_LARGE_GROUP_MEMBERS',
  jwtSecret: 'PARLEY_JWT_SECRET',
  jwtJwks: 'PARLEY_JWT_JWKS',
  jwtAlgorithms: 'PARLEY_JWT_ALGORITHMS',
  jwtAudience: 'PARLEY_JWT_AUDIENCE',
  jwtIssuer: 'PARLEY_JWT_ISSUER',
};

test('every setting is read from its own variable, as it is', () => {
  const set = Object.fromEntries(Object.values(VARIABLES).map((name) => [name, `value of ${name}`]));
  const expected = Object.fromEntries(
    Object.entries(VARIABLES).map(([key, name]) => [key, `value of ${name}`]),
  );
  expect(readEnvironment(set)).toMatchObject(expected);
});

test('what is not set is undefined, and an empty value stays one', () => {
  expect(Object.values(readEnvironment({}))).toEqual(Object.values(VARIABLES).map(() => undefined));
  expect(readEnvironment({ PARLEY_PORT: '' }).port).toBe('');
});

test('every variable has its line in the documentation', async () => {
  const text = await Bun.file(`${import.meta.dir}/../../../docs/operations/configuration.md`).text();
  for (const name of Object.values(VARIABLES)) expect(text).toContain(`| \`${name}\` |`);
});
