// The bus when its server dies, hangs, or wants to know who is there: on servers of the test's own.
import { describe, expect, test } from 'bun:test';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nkeys } from '@nats-io/transport-node';
import { BUS_PAYLOAD_MAX_BYTES } from '@parley/ports/node-bus';
import { describeWithEngine } from '@parley/ports/conformance/engine';
import { eventually, pass } from '@parley/ports/testing/real-time';
import { TcpProxy } from '@parley/ports/testing/tcp-proxy';
import { OPENSSL_BINARY, TestCertificate } from '@parley/ports/testing/test-certificate';
import { UNCONFIRMED_MAX_BYTES } from './limits.ts';
import type { NatsNodeBus } from './nats-node-bus.ts';
import { freshPrefix, NATS_BINARY, openTestBus, startNats } from './testing/nats-fixture.ts';

const TEST_MAX_MS = 60_000;
const UNANSWERED = { kind: 'unanswered' } as const;

const urlOf = (server: { readonly port: number }, user = '') => `nats://${user}127.0.0.1:${server.port}`;

/** Whether a message that the bus sends to itself arrives. */
async function works(bus: NatsNodeBus): Promise<boolean> {
  const got: string[] = [];
  using _got = bus.subscribe('works', (payload) => got.push(payload));
  bus.publish('works', 'a');
  await pass(50);
  return got.length > 0;
}

if (NATS_BINARY === undefined) {
  console.warn('SKIPPED: tests that kill NATS. Set PARLEY_TEST_NATS_BINARY or put nats-server on the path.');
}

describe.skipIf(NATS_BINARY === undefined)('a NATS that fails', () => {
  test(
    'killed and back: subscriptions and answers work again, onReconnected says so, once each time',
    async () => {
      await using server = await startNats(NATS_BINARY!);
      const prefix = freshPrefix();
      await using one = await openTestBus(urlOf(server), prefix);
      await using other = await openTestBus(urlOf(server), prefix);
      const [got, calls]: [string[], number[]] = [[], []];
      other.subscribe('t', (payload) => got.push(payload));
      other.answer('echo', async (payload) => payload);
      let turn = 0;
      other.onReconnected(() => calls.push(turn));
      for (turn = 1; turn <= 2; turn += 1) {
        await server.kill();
        await eventually(async () => (await one.request('echo', 'a', 1_000)).kind === 'unanswered');
        // While it is away nothing waits for it, and what is published is gone.
        one.publish('t', `lost ${turn}`);
        expect(await one.request('echo', 'a', 60_000)).toEqual(UNANSWERED);
        await server.start();
        await eventually(() => calls.length === turn);
        await eventually(async () => (await one.request('echo', 'a', 1_000)).kind === 'answered');
        one.publish('t', `after ${turn}`);
        await eventually(() => got.includes(`after ${turn}`));
      }
      expect(calls).toEqual([1, 2]);
      expect(got).toEqual(['after 1', 'after 2']);
    },
    TEST_MAX_MS,
  );

  test(
    'not there at first: the bus opens all the same, and what was subscribed meanwhile works once it is there',
    async () => {
      await using server = await startNats(NATS_BINARY!);
      await server.kill();
      const opening = openTestBus(urlOf(server), freshPrefix());
      await using bus = await opening;
      const calls: string[] = [];
      bus.onReconnected(() => calls.push('back'));
      const got: string[] = [];
      bus.subscribe('t', (payload) => got.push(payload));
      bus.publish('t', 'lost');
      expect(await bus.request('t', 'a', 60_000)).toEqual(UNANSWERED);
      await server.start();
      await eventually(() => {
        bus.publish('t', 'a');
        return got.length > 0;
      });
      expect(got).not.toContain('lost');
      expect(calls).toEqual([]);
    },
    TEST_MAX_MS,
  );

  test(
    'a bus may be closed while its server is away, and is closed soon',
    async () => {
      await using server = await startNats(NATS_BINARY!);
      const bus = await openTestBus(urlOf(server), freshPrefix());
      await server.kill();
      await eventually(async () => (await bus.request('t', 'a', 1_000)).kind === 'unanswered');
      await bus[Symbol.asyncDispose]();
      await bus[Symbol.asyncDispose]();
      expect(() => bus.subscribe('t', () => {})).toThrow('closed');
    },
    TEST_MAX_MS,
  );
});

describeWithEngine('nats', (url) => {
  test('closing lets the answers under way reach those who asked', async () => {
    const prefix = freshPrefix();
    await using one = await openTestBus(url, prefix);
    const other = await openTestBus(url, prefix);
    const asked = Promise.withResolvers<void>();
    other.answer('slow', async () => {
      asked.resolve();
      await pass(100);
      return 'done';
    });
    await eventually(async () => (await one.request('nobody', '', 10)).kind === 'unanswered');
    const pending = one.request('slow', '', 10_000);
    await asked.promise;
    await other[Symbol.asyncDispose]();
    expect(await pending).toEqual({ kind: 'answered', payload: 'done' });
  });

  test('a handler that throws takes neither the others nor the connection with it', async () => {
    await using bus = await openTestBus(url, freshPrefix());
    using _bad = bus.subscribe('works', () => {
      throw new Error('a bug');
    });
    for (let turn = 0; turn < 3; turn += 1) expect(await works(bus)).toBe(true);
  });

  test(
    'a server that takes nothing any more fills no memory: what it did not confirm is bounded',
    async () => {
      const { hostname, port } = new URL(url);
      await using proxy = await TcpProxy.open({ host: hostname, port: Number(port) });
      await using bus = await openTestBus(urlOf(proxy), freshPrefix());
      expect(await works(bus)).toBe(true);
      proxy.stall();
      const payload = 'x'.repeat(BUS_PAYLOAD_MAX_BYTES);
      const before = process.memoryUsage.rss();
      for (let sent = 0; sent < 20; sent += 1) {
        for (let each = 0; each < 20; each += 1) bus.publish('t', payload);
        await pass(1);
      }
      // 400 MB were published.
      expect(process.memoryUsage.rss() - before).toBeLessThan(6 * UNCONFIRMED_MAX_BYTES);
      expect(await bus.request('t', 'a', 50)).toEqual(UNANSWERED);
    },
    TEST_MAX_MS,
  );
});

describe.skipIf(NATS_BINARY === undefined)('a NATS that asks who is there', () => {
  test('user and password, or a token, from the URL', async () => {
    await using server = await startNats(NATS_BINARY!, ['--user', 'me', '--pass', 'p@ss']);
    await using bus = await openTestBus(urlOf(server, 'me:p%40ss@'), freshPrefix());
    expect(await works(bus)).toBe(true);
    await using guarded = await startNats(NATS_BINARY!, ['--auth', 'secret']);
    await using other = await openTestBus(urlOf(guarded, 'secret@'), freshPrefix());
    expect(await works(other)).toBe(true);
  });

  test('an nkey', async () => {
    const user = nkeys.createUser();
    const seed = new TextDecoder().decode(user.getSeed());
    const config = `authorization { users = [ { nkey: ${user.getPublicKey()} } ] }`;
    const path = join(tmpdir(), `parley-nkey-${process.pid}.conf`);
    await Bun.write(path, config);
    try {
      await using server = await startNats(NATS_BINARY!, ['-c', path]);
      const servers = { url: urlOf(server), auth: { kind: 'nkey', seed }, tls: undefined } as const;
      await using bus = await openTestBus(servers.url, freshPrefix(), { servers });
      expect(await works(bus)).toBe(true);
    } finally {
      await Bun.file(path).delete();
    }
  });

  test(
    'a wrong password is said in the log, not shown, and tried again for ever',
    async () => {
      await using server = await startNats(NATS_BINARY!, ['--user', 'me', '--pass', 'right']);
      const said: string[] = [];
      const note = (fields: object, message: string) => said.push(`${message} ${Bun.inspect(fields)}`);
      const log = { debug() {}, info() {}, warn: note, error: note };
      await using bus = await openTestBus(urlOf(server, 'me:wrong@'), freshPrefix(), { log });
      expect(await bus.request('t', 'a', 60_000)).toEqual(UNANSWERED);
      expect(said.join('\n')).toMatch(/cannot be reached[^]*Authorization/i);
      expect(said.join('\n')).not.toContain('wrong');
      expect(said).toHaveLength(1);
    },
    TEST_MAX_MS,
  );
});

describe.skipIf(NATS_BINARY === undefined || OPENSSL_BINARY === undefined)('a NATS with TLS', () => {
  test(
    'is joined when it can be trusted, and not otherwise; tls:// joins no server without TLS',
    async () => {
      using certificate = await TestCertificate.make();
      const { certFile, keyFile } = certificate;
      await using server = await startNats(NATS_BINARY!, [
        '--tls',
        '--tlscert',
        certFile,
        '--tlskey',
        keyFile,
      ]);
      const url = `tls://127.0.0.1:${server.port}`;
      const servers = { url, auth: { kind: 'url' }, tls: { ca: await certificate.text() } } as const;
      await using bus = await openTestBus(url, freshPrefix(), { servers });
      expect(await works(bus)).toBe(true);
      await using plain = await startNats(NATS_BINARY!);
      const [stranger, downgraded] = await Promise.all([
        openTestBus(url, freshPrefix()),
        openTestBus(`tls://127.0.0.1:${plain.port}`, freshPrefix()),
      ]);
      for (const each of [stranger, downgraded]) {
        expect(await works(each)).toBe(false);
        await each[Symbol.asyncDispose]();
      }
    },
    TEST_MAX_MS,
  );
});
