// URLs of NATS, and who signs in with them.
import { expect, test } from 'bun:test';
import { connectionOptions, type NatsServers } from './connection-options.ts';

const CHANCE = { bytes: (count: number) => new Uint8Array(count), fraction: () => 0.5 };

const options = (url: string, more: Partial<NatsServers> = {}) =>
  connectionOptions({ url, auth: { kind: 'url' }, tls: undefined, ...more }, 'node-1', CHANCE);

test('servers, user, password, token and TLS are read from the URL', () => {
  expect(options('nats://a:4222,nats://b')).toMatchObject({ servers: ['a:4222', 'b'] });
  expect(options('nats://me:p%40ss@a:1')).toMatchObject({ servers: ['a:1'], user: 'me', pass: 'p@ss' });
  expect(options('nats://secret@a:1')).toMatchObject({ servers: ['a:1'], token: 'secret' });
  expect(options('tls://a:1,tls://b:1')).toMatchObject({ tls: {} });
  expect(options('nats://a:1', { tls: { ca: 'pem' } })).toMatchObject({ tls: { ca: 'pem' } });
  for (const name of ['tls', 'user', 'pass', 'token', 'authenticator']) {
    expect(options('nats://a:1')).not.toHaveProperty(name);
  }
});

test('it tries again for ever, spread by chance', () => {
  const made = options('nats://a:1');
  expect(made.maxReconnectAttempts).toBe(-1);
  expect(made.reconnectDelayHandler()).toBe(750);
});

test('a URL that is none is refused, and no password is shown', () => {
  for (const url of [
    '',
    'a:1',
    'http://me:secret@a',
    'nats://',
    'nats://me:secret@a:1,nats://me:other@b:1',
  ]) {
    expect(() => options(url)).toThrow(/NATS URL/);
    expect(() => options(url)).not.toThrow(/secret|other/);
  }
});
