// Who may use Redis, and whether anybody can listen: users, passwords and TLS from the URL.
import { describe, expect, test } from 'bun:test';
import { freePort } from '@parley/ports/testing/engine-process';
import { OPENSSL_BINARY, TestCertificate } from '@parley/ports/testing/test-certificate';
import { rejection } from '@parley/ports/conformance/fixture';
import { far, openTestRedis, REDIS_BINARY, startRedis } from './testing/redis-fixture.ts';

const TEST_MAX_MS = 30_000;

describe.skipIf(REDIS_BINARY === undefined)('a Redis that asks who is there', () => {
  test('a password alone, and a user with a password', async () => {
    const rules = ['on', '>other', '~*', '&*', '+@all'];
    await using server = await startRedis(['--requirepass', 'p@ss', '--user', 'me', ...rules]);
    for (const user of [':p%40ss', 'p%40ss', 'default:p%40ss', 'me:other']) {
      await using caches = await openTestRedis(`redis://${user}@127.0.0.1:${server.port}`);
      expect(await caches.registry.renew('node-1', far())).toBe(false);
    }
  });

  test(
    'a wrong password is said in the log, not shown, and calls fail at once',
    async () => {
      await using server = await startRedis(['--requirepass', 'right']);
      const said: string[] = [];
      const note = (fields: object, message: string) => said.push(`${message} ${Bun.inspect(fields)}`);
      const log = { debug() {}, info() {}, warn: note, error: note };
      await using caches = await openTestRedis(`redis://:wrong@127.0.0.1:${server.port}`, { log });
      expect(await rejection(() => caches.registry.find(['11' as never]))).toMatchObject({
        kind: 'unavailable',
      });
      expect(said.join('\n')).toMatch(/cannot be reached[^]*WRONGPASS/);
      expect(said.join('\n')).not.toMatch(/:wrong|"wrong"/);
      expect(said).toHaveLength(1);
    },
    TEST_MAX_MS,
  );

  test('a database of its own', async () => {
    await using server = await startRedis();
    const keyPrefix = 'same';
    await using one = await openTestRedis(`redis://127.0.0.1:${server.port}/1`, { keyPrefix });
    await using other = await openTestRedis(`redis://127.0.0.1:${server.port}/2`, { keyPrefix });
    await one.registry.renew('node-1', far());
    expect(await one.registry.nodes()).toEqual(['node-1']);
    expect(await other.registry.nodes()).toEqual([]);
  });
});

describe.skipIf(REDIS_BINARY === undefined || OPENSSL_BINARY === undefined)('a Redis with TLS', () => {
  test(
    'rediss:// signs in over TLS to a server that it can trust, and to no other',
    async () => {
      using certificate = await TestCertificate.make();
      const { certFile, keyFile } = certificate;
      const tlsPort = await freePort();
      const files = ['--tls-cert-file', certFile, '--tls-key-file', keyFile];
      const rules = ['--tls-port', String(tlsPort), '--tls-auth-clients', 'no', '--requirepass', 'secret'];
      await using _server = await startRedis([...files, ...rules]);
      const url = `rediss://:secret@127.0.0.1:${tlsPort}`;
      await using caches = await openTestRedis(url, { tls: { ca: await certificate.text() } });
      expect(await caches.registry.renew('node-1', far())).toBe(false);
      await using stranger = await openTestRedis(url);
      expect(await rejection(() => stranger.registry.nodes())).toMatchObject({ kind: 'unavailable' });
    },
    TEST_MAX_MS,
  );
});
