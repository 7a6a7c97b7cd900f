// A server on real engines, as its operator and two people have it: prepared, started, killed, replaced, told what is wrong.
import { expect, test } from 'bun:test';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { describeWithEngine } from '@parley/ports/conformance/engine';
import { TcpProxy } from '@parley/ports/testing/tcp-proxy';
import { Cast } from './lib/cast.ts';
import { Parley, parse } from './lib/parley.ts';
import { until, within } from './lib/poll.ts';
import { ServerProcess } from './lib/server-process.ts';
import { scopePerTest } from './lib/test-scope.ts';
import { describeOnEngines, newEngines, openTestStores } from './lib/test-stores.ts';

const LEASE_ENDS_WITHIN_MS = 20_000;

const scope = scopePerTest();

/** The exit code and the error of `parley serve` where it does not come to serve. */
async function notStarted(env: Record<string, string>): Promise<[number | null, unknown]> {
  const { code, stderr } = await new Parley(scope()).run(['serve', '--port', '0', '--json'], '', {
    PARLEY_LOG_LEVEL: 'silent',
    ...env,
  });
  return [code, parse(stderr.trim())['error']];
}

describeOnEngines((kind) => {
  test('two people chat, and a server that is started again goes on where it was', async () => {
    const cast = await Cast.open(scope(), kind);

    const [sent] = await cast.as('ada', 'send', '--to', 'bob', 'Hello, Bob!', '--client-msg-id', 'one');
    await cast.as('bob', 'send', '--to', 'ada', 'Good to see you.');
    await cast.restart();
    expect(await cast.as('ada', 'send', '--to', 'bob', 'Hello, Bob!', '--client-msg-id', 'one')).toEqual([
      sent ?? {},
    ]);
    const group = await cast.group('bob', 'cy');
    await cast.as('cy', 'send', '--conversation', group, 'Hello, all!');
    await cast.receive('bob');
    const direct = await cast.as('bob', 'history', '--with', 'ada');
    expect(direct.map(({ seq, sender, text }) => [seq, sender, text])).toEqual([
      [1, 'ada', 'Hello, Bob!'],
      [2, 'bob', 'Good to see you.'],
    ]);
    const [, said] = await cast.as('ada', 'history', '--conversation', group, '--log');
    expect(said).toMatchObject({ seq: 2, sender: 'cy', text: 'Hello, all!' });
    const unread = await cast.as('ada', 'unread');
    expect(unread).toContainEqual(expect.objectContaining({ conversation_id: group, unread: 1 }));
  });

  test('`parley migrate` prepares what is named, once; a start on what is not prepared says so', async () => {
    const env = newEngines(kind, scope());
    expect(await notStarted(env)).toEqual([
      1,
      expect.objectContaining({ message: expect.stringContaining('run `parley migrate`.') }),
    ]);
    const parley = new Parley(scope());
    const migrate = () => parley.run(['migrate', '--copies', '1', '--json'], '', env);
    // At the same time, and once more.
    const [one, other] = await Promise.all([migrate(), migrate()]);
    expect([one.code, other.code, one.stderr, other.stderr]).toEqual([0, 0, '', '']);
    const again = (await migrate()).stdout.trim().split('\n').map(parse);
    const engines = kind === 'postgres' ? ['postgres'] : ['postgres', 'cassandra'];
    expect(again).toEqual([
      ...engines.map((engine) => ({ engine, place: expect.any(String), applied: [] })),
      { ok: true },
    ]);
    await (await ServerProcess.start(parley, { env })).stop();
  });
});

describeWithEngine('postgres', () => {
  const kind = 'postgres';

  test('one server at a time: a second one is told of the first, and follows it when it stops', async () => {
    const parley = new Parley(scope());
    const { env } = await openTestStores(kind, scope());
    const first = await ServerProcess.start(parley, { env: { ...env, PARLEY_NODE: 'first' } });
    const [code, error] = await notStarted(env);
    expect([code, error]).toEqual([
      1,
      expect.objectContaining({
        code: 'another_server',
        message: expect.stringContaining(`first at ${first.url}`),
      }),
    ]);
    expect((await first.stop()).code).toBe(0);
    const second = await ServerProcess.start(parley, { env });
    expect((await second.stop()).code).toBe(0);
  });

  test('a server that was paused stops when another has taken over', async () => {
    const parley = new Parley(scope());
    const { env } = await openTestStores(kind, scope());
    const first = await ServerProcess.start(parley, { env });
    first.signal('SIGSTOP');
    const second = await ServerProcess.start(parley, { env });
    first.signal('SIGCONT');
    expect((await within('the first one ends', first.exited)).code).toBe(1);
    expect(first.log).toContain('another');
    expect(second.running).toBe(true);
  });

  test('/readyz is 503 while PostgreSQL is away, and the server stops when its lease is over', async () => {
    const { env } = await openTestStores(kind, scope());
    const url = new URL(env['PARLEY_MEMBERS'] ?? '');
    const proxy = await TcpProxy.open({ host: url.hostname, port: Number(url.port) });
    scope().atEnd(() => proxy[Symbol.asyncDispose]());
    url.port = String(proxy.port);
    const through = { PARLEY_MEMBERS: url.href, PARLEY_MESSAGES: url.href };
    const server = await ServerProcess.start(new Parley(scope()), { env: through });
    const status = async () => (await fetch(`${server.url}/readyz`)).status;
    expect(await status()).toBe(200);
    await proxy[Symbol.asyncDispose]();
    await until('it is not ready', async () => (await status()) === 503);
    const { code } = await within('the server ends', server.exited, LEASE_ENDS_WITHIN_MS);
    expect(code).toBe(1);
    expect(server.log).toContain('everything that it acknowledged is kept');
  });

  test('what is wrong is one sentence with the setting and without the password, and exit code 1', async () => {
    const { env } = await openTestStores(kind, scope());
    const refusing = await refusingPostgres();
    const secret = 'a-secret-word';
    const cases = [
      [`postgres://parley:${secret}@127.0.0.1:1/parley`, 'ECONNREFUSED'],
      [`postgres://parley:${secret}@127.0.0.1:${refusing}/parley`, 'password authentication failed for user'],
      [`${env['PARLEY_MEMBERS']}&options=${secret}`, 'has the parameter "options"'],
    ] as const;
    for (const [url, words] of cases) {
      const [code, error] = await notStarted({ PARLEY_MEMBERS: url, PARLEY_MESSAGES: url });
      expect([code, error]).toEqual([
        1,
        expect.objectContaining({ message: expect.stringContaining(words) }),
      ]);
      expect(JSON.stringify(error)).toContain('PARLEY_MEMBERS');
      expect(JSON.stringify(error)).not.toContain(secret);
    }
    const away = `cassandra://parley:${secret}@127.0.0.1:1/parley?dc=here`;
    const [code, error] = await notStarted({ ...env, PARLEY_MESSAGES: away });
    expect([code, error]).toEqual([
      1,
      expect.objectContaining({ message: expect.stringMatching(/^PARLEY_MESSAGES .*ECONNREFUSED/) }),
    ]);
    expect(JSON.stringify(error)).not.toContain(secret);
  });
});

/** Something that answers as PostgreSQL does to a wrong password. Returns its port. */
async function refusingPostgres(): Promise<number> {
  const fields = ['SFATAL', 'VFATAL', 'C28P01', 'Mpassword authentication failed for user "parley"', ''];
  const body = Buffer.from(fields.map((field) => `${field}\0`).join(''));
  const header = Buffer.alloc(5);
  header.write('E');
  header.writeInt32BE(body.length + 4, 1);
  const server = createServer((socket) =>
    socket.once('data', () => socket.end(Buffer.concat([header, body]))),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  scope().atEnd(() => server.close());
  return (server.address() as AddressInfo).port;
}
