// The runtime's own socket: the handshake, sizes, fragments and slow reads, over loopback.
import { afterAll, expect, test } from 'bun:test';
import { MESSAGE_SIZE_MAX_BYTES } from '@parley/protocol/limits';
import { ServerFixture } from '../testing/server-fixture.ts';
import { UNAUTHENTICATED_PER_ADDRESS_MAX_COUNT } from './waiting-sockets.ts';
import { clientFrame, OPCODE, RawWebSocket } from '../testing/raw-web-socket.ts';

const DEADLINE_MS = 5_000;
const fixture = new ServerFixture({ server: { origins: ['https://chat.example'] } });
const url = fixture.server.listen({ host: '127.0.0.1', port: 0 });
const opened: RawWebSocket[] = [];

afterAll(async () => {
  for (const client of opened) client.end();
  const stopped = fixture.server.stop();
  await fixture.timers.advance(100);
  await stopped;
});

/** Lets the server work until something holds. Its time stands still meanwhile. */
async function until(what: string, holds: () => boolean, server = fixture): Promise<void> {
  const end = Date.now() + DEADLINE_MS;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`not within ${DEADLINE_MS} ms: ${what}`);
    await server.settle();
    await Bun.sleep(1);
  }
}

function open(headers?: Readonly<Record<string, string>>): RawWebSocket {
  const client = new RawWebSocket(url);
  opened.push(client);
  client.upgrade(headers);
  return client;
}

async function connected(name: string): Promise<RawWebSocket> {
  const { token } = await fixture.register(name);
  const client = open();
  await until('an upgrade', () => client.status === 101);
  client.send(JSON.stringify([{ type: 'hello', version: 1, token }]));
  await until('a welcome', () => client.text.includes('"welcome"') && client.text.includes('queue_empty'));
  return client;
}

/** The server is well: it lets somebody in and answers. */
async function expectAlive(name: string): Promise<void> {
  const client = await connected(name);
  client.send('[{"type":"find_users","ref":77,"names":["nobody"]}]');
  await until('an answer', () => client.text.includes('"ref":77'));
}

async function answered(headers: Readonly<Record<string, string>>): Promise<number | undefined> {
  const client = open(headers);
  await until('an answer', () => client.status !== undefined);
  return client.status;
}

test('[SOCK-1] the subprotocol parley.v1 is agreed upon, also when others are offered', async () => {
  for (const offered of ['parley.v1', 'parley.v9, parley.v1', ' parley.v1 ,x']) {
    const client = open({ 'Sec-WebSocket-Protocol': offered });
    await until('an answer', () => client.status !== undefined);
    expect(client.status).toBe(101);
    expect(client.text.toLowerCase()).toContain('sec-websocket-protocol: parley.v1\r\n');
  }
});

test('[SOCK-1] without the subprotocol the answer is 400', async () => {
  expect(await answered({ 'Sec-WebSocket-Protocol': 'parley.v2' })).toBe(400);
  expect(await answered({ 'Sec-WebSocket-Protocol': ' '.repeat(8_000) })).toBe(400);
  const plain = await fetch(`${url}/v1/socket`, { headers: { 'Sec-WebSocket-Protocol': 'parley.v1' } });
  expect(plain.status).toBe(400);
});

test('[SOCK-1] a browser that is not on the list is answered with 403', async () => {
  expect(await answered({ Origin: 'https://chat.example' })).toBe(101);
  for (const origin of [
    'https://evil.example',
    'http://chat.example',
    'https://chat.example.evil.example',
    'null',
  ]) {
    expect(await answered({ Origin: origin })).toBe(403);
  }
});

test('[SOCK-3] a message of 65,536 bytes is read, one more closes with 4413 or 1009', async () => {
  const client = await connected('sizes');
  const padded = (bytes: number) => `[{"type":"find_users","ref":5,"names":[]}${' '.repeat(bytes - 42)}]`;
  expect(Buffer.byteLength(padded(MESSAGE_SIZE_MAX_BYTES))).toBe(MESSAGE_SIZE_MAX_BYTES);
  client.send(padded(MESSAGE_SIZE_MAX_BYTES));
  await until('an answer', () => client.text.includes('"ref":5'));
  client.send(padded(MESSAGE_SIZE_MAX_BYTES + 1));
  await until('the end', () => client.closed || client.closeCode !== undefined);
  expect([4413, 1009]).toContain(client.closeCode ?? 0);
  await expectAlive('sizes-after');
});

test('[SOCK-2] [SOCK-3] [CLOSE-1] a binary message closes with 4413', async () => {
  const client = await connected('binary');
  client.write(clientFrame(OPCODE.binary, Buffer.from('[{"type":"heartbeat"}]')));
  await until('a close', () => client.closeCode !== undefined);
  expect(client.closeCode).toBe(4413);
});

test('[ERR-2] a message in pieces is read as one', async () => {
  const client = await connected('pieces');
  const text = Buffer.from('[{"type":"find_users","ref":9,"names":["é😀"]}]');
  client.write(clientFrame(OPCODE.text, text.subarray(0, 1), false));
  for (let at = 1; at < text.length; at++)
    client.write(clientFrame(OPCODE.continuation, text.subarray(at, at + 1), false));
  client.write(clientFrame(OPCODE.continuation, Buffer.alloc(0), true));
  await until('an answer', () => client.text.includes('"ref":9'));
});

test('[SOCK-3] pieces that never end are cut off at the same size, and others do not notice', async () => {
  const client = await connected('fragments');
  client.write(clientFrame(OPCODE.text, Buffer.from('['), false));
  const piece = clientFrame(OPCODE.continuation, Buffer.from(' '), false);
  const many = Buffer.concat(Array.from({ length: 4_096 }, () => piece));
  for (let sent = 0; sent < 20 && !client.closed; sent++) {
    client.write(many);
    await Bun.sleep(1);
  }
  await until('the end', () => client.closed || client.closeCode !== undefined);
  await expectAlive('fragments-after');
});

test('[ERR-2] 2,000 headers, no host, or no HTTP at all: the server lives', async () => {
  const headers = Object.fromEntries(Array.from({ length: 2_000 }, (_, at) => [`X-${at}`, 'y']));
  const many = open(headers);
  await until('an answer', () => many.status !== undefined || many.closed);
  expect(many.status ?? 431).toBeWithin(400, 500);
  for (const text of [
    'GET /v1/socket HTTP/1.1\r\n\r\n',
    '\x00\xff\xfe',
    'GET //[::/ HTTP/1.1\r\nHost: [\r\n\r\n',
  ]) {
    const client = new RawWebSocket(url);
    opened.push(client);
    client.write(text);
    await until('an end or an answer', () => client.closed || client.text.length > 0 || text.length < 4);
    expect(client.status ?? 400).toBeWithin(400, 500);
  }
  await expectAlive('headers-after');
});

test('[ERR-2] broken frames and text that is not UTF-8 end that socket only', async () => {
  for (const bytes of [
    new Uint8Array(64).fill(0xff),
    clientFrame(OPCODE.text, Uint8Array.of(0x5b, 0xff, 0x5d)),
  ]) {
    const client = open();
    await until('an upgrade', () => client.status === 101);
    client.write(bytes);
    await until('the end', () => client.closed || client.closeCode !== undefined);
  }
  await expectAlive('broken-after');
});

test('[HELLO-3] one address does not take every place for sockets without a hello; a trusted proxy says which address', async () => {
  const behind = new ServerFixture();
  const proxied = behind.server.listen({ host: '127.0.0.1', port: 0, trustedProxies: ['127.0.0.0/8'] });
  const from = (address: string) => {
    const client = new RawWebSocket(proxied);
    opened.push(client);
    client.upgrade({ 'X-Forwarded-For': `203.0.113.66, ${address}` });
    return client;
  };
  const answer = async (client: RawWebSocket) => {
    await until('an answer', () => client.status !== undefined);
    return client;
  };
  const { token } = await behind.register('ada');
  const first = await answer(from('192.0.2.1'));
  for (let count = 1; count < UNAUTHENTICATED_PER_ADDRESS_MAX_COUNT; count += 100) {
    const many = Array.from({ length: Math.min(100, UNAUTHENTICATED_PER_ADDRESS_MAX_COUNT - count) }, () =>
      from('192.0.2.1'),
    );
    for (const client of many) expect((await answer(client)).status).toBe(101);
  }
  const refused = await answer(from('192.0.2.1'));
  expect([refused.status, refused.text.includes('Retry-After: 2')]).toEqual([503, true]);
  expect((await answer(from('192.0.2.2'))).status).toBe(101);
  first.send(JSON.stringify([{ type: 'hello', version: 1, token }]));
  await until('a welcome', () => first.text.includes('"welcome"'), behind);
  expect((await answer(from('192.0.2.1'))).status).toBe(101);
  expect((await answer(from('192.0.2.1'))).status).toBe(503);
  const stopped = behind.server.stop();
  await behind.timers.advance(100);
  await stopped;
});

test('[HTTP-2] behind a trusted proxy failed sign-ins are counted by the address that it names', async () => {
  const behind = new ServerFixture();
  const proxied = behind.server.listen({ host: '127.0.0.1', port: 0, trustedProxies: ['127.0.0.1'] });
  const login = async (forwardedFor: string) => {
    const response = await fetch(`${proxied}/v1/login`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'X-Forwarded-For': forwardedFor },
      body: JSON.stringify({ name: 'ada', password: 'a wrong password' }),
    });
    return response.status;
  };
  for (let count = 0; count < 10; count += 1) expect(await login(`10.0.0.${count}, 192.0.2.1`)).toBe(401);
  expect(await login('192.0.2.1')).toBe(429);
  expect(await login('192.0.2.2')).toBe(401);
  const stopped = behind.server.stop();
  await behind.timers.advance(100);
  await stopped;
});

test('a host that is no address of this machine is called so, a port in use is called that', () => {
  const listen = (host: string, port: number) => () => new ServerFixture().server.listen({ host, port });
  for (const host of ['203.0.113.5', '256.1.1.1', 'no.such.host.invalid', 'a b']) {
    for (const port of [0, 18_080]) {
      expect(listen(host, port)).toThrow(expect.objectContaining({ code: 'EADDRNOTAVAIL' }));
    }
  }
  expect(listen('127.0.0.1', Number(new URL(url).port))).toThrow(
    expect.objectContaining({ code: 'EADDRINUSE' }),
  );
});

test('a socket whose client went away without a word is forgotten', async () => {
  const before = fixture.server.gateway.sessionCount;
  const client = await connected('gone');
  expect(fixture.server.gateway.sessionCount).toBe(before + 1);
  client.end();
  await until('it is forgotten', () => fixture.server.gateway.sessionCount === before);
});
