// Bytes that no WebSocket library would send, to a real server: it answers or closes, and nobody else notices.
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { Bystanders } from './lib/bystanders.ts';
import { isLong, present } from './lib/needs.ts';
import { Parley } from './lib/parley.ts';
import { pause, within } from './lib/poll.ts';
import { canReadMemory, residentBytes } from './lib/process-memory.ts';
import { clientFrame, handshake, PROTOCOL_HEADER, RawSocket, UPGRADE } from './lib/raw-socket.ts';
import { Seeded } from './lib/seeded.ts';
import { ServerProcess } from './lib/server-process.ts';
import { scopePerFile } from './lib/test-scope.ts';
import { registerAccount } from './lib/wire-session.ts';

const ALLOWED_ORIGIN = 'https://chat.example';
const FUZZ_COUNT = isLong ? 3_000 : 400;
const TEXT = 1;
const CONTINUATION = 0;
/** Far below what keeping a million fragments would take. */
const GROWTH_MAX_BYTES = 48 * 1_048_576;

const scope = scopePerFile();
let server: ServerProcess;
let bystanders: Bystanders;
let token: string;
/** Begun first, because the server may take its time to give up on them. */
let half: RawSocket[];
let silent: RawSocket;

beforeAll(async () => {
  server = await ServerProcess.start(new Parley(scope), {
    directory: scope.folder(),
    env: { PARLEY_ORIGINS: ALLOWED_ORIGIN },
  });
  bystanders = await Bystanders.begin(server);
  ({ token } = await registerAccount(server.url, 'eve'));
  half = await Promise.all(
    [
      'GET /v1/soc',
      `${UPGRADE.join('\r\n')}\r\nX-Half: `,
      'POST /v1/register HTTP/1.1\r\nHost: x\r\nContent-Length: 90\r\n\r\n{',
    ].map(async (text) => {
      const raw = await RawSocket.open(server.port);
      await raw.write(text);
      return raw;
    }),
  );
  silent = await RawSocket.upgraded(server.port);
});

afterAll(() => {
  bystanders.end();
  for (const raw of [...half, silent]) raw.end();
});

/** The first line of the answer, or '' when the server closed without one. */
async function answerTo(request: string | Uint8Array): Promise<string> {
  const raw = await RawSocket.open(server.port);
  await raw.write(request);
  try {
    await within(
      'an answer or the end',
      (async () => {
        while (!raw.closed && !raw.received.includes('\r\n')) await pause(5);
      })(),
    );
    return raw.received.split('\r\n')[0] ?? '';
  } finally {
    raw.end();
  }
}

function hello(): Uint8Array {
  return Buffer.from(JSON.stringify([{ type: 'hello', version: 1, token }]));
}

test('[SOCK-1] without the subprotocol 400, from a foreign origin 403, from an allowed one or none 101', async () => {
  expect(await answerTo(handshake())).toStartWith('HTTP/1.1 400');
  expect(await answerTo(handshake('Sec-WebSocket-Protocol: parley.v0, chat'))).toStartWith('HTTP/1.1 400');
  expect(await answerTo(handshake(PROTOCOL_HEADER, 'Origin: https://evil.example'))).toStartWith(
    'HTTP/1.1 403',
  );
  expect(await answerTo(handshake(PROTOCOL_HEADER, 'Origin: null'))).toStartWith('HTTP/1.1 403');
  expect(await answerTo(handshake(PROTOCOL_HEADER, `Origin: ${ALLOWED_ORIGIN}.evil.example`))).toStartWith(
    'HTTP/1.1 403',
  );
  expect(await answerTo(handshake(PROTOCOL_HEADER, `Origin: ${ALLOWED_ORIGIN}`))).toStartWith('HTTP/1.1 101');
  expect(await answerTo(handshake('Sec-WebSocket-Protocol: chat , parley.v1'))).toStartWith('HTTP/1.1 101');
  expect(await answerTo('GET /v1/socket HTTP/1.1\r\nHost: x\r\n\r\n')).toStartWith('HTTP/1.1 400');
});

test('[ERR-2] oversized handshakes are refused', async () => {
  const many = Array.from({ length: 2_000 }, (_, index) => `X-Header-${index}: ${index}`);
  const requests = [
    handshake(PROTOCOL_HEADER, ...many),
    handshake(`Sec-WebSocket-Protocol: ${' '.repeat(65_536)}parley.v1`),
    handshake(`Sec-WebSocket-Protocol: ${','.repeat(65_536)}parley.v1`),
    handshake(PROTOCOL_HEADER, `Cookie: ${'c'.repeat(1_000_000)}`),
    `GET /v1/socket?${'q'.repeat(1_000_000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
  ];
  for (const request of requests) expect(await answerTo(request)).toMatch(/^(HTTP\/1\.1 (4\d\d|503).*)?$/);
});

test('[SOCK-2] a message in fragments of one byte is one message', async () => {
  const raw = await RawSocket.upgraded(server.port);
  const bytes = hello();
  for (const [index, byte] of bytes.entries()) {
    const frame = {
      opcode: index === 0 ? TEXT : CONTINUATION,
      fin: index === bytes.length - 1,
      payload: Buffer.from([byte]),
    };
    await raw.write(clientFrame(frame));
  }
  await within(
    'the welcome',
    (async () => {
      while (!raw.received.includes('"welcome"')) await pause(5);
    })(),
  );
  raw.end();
});

test.skipIf(!present(canReadMemory, '/proc'))(
  '[SOCK-3] a million fragments without an end are cut off, and cost no memory',
  async () => {
    const before = residentBytes(server.pid);
    for (let connection = 0; connection < 3; connection++) {
      const raw = await RawSocket.upgraded(server.port);
      await raw.write(clientFrame({ opcode: TEXT, fin: false, payload: Buffer.from('[') }));
      const one = clientFrame({ opcode: CONTINUATION, fin: false, payload: Buffer.from(' ') });
      const thousand = Buffer.concat(Array<Uint8Array>(1_000).fill(one));
      for (let sent = 0; sent < 1_000 && !raw.closed; sent++) await raw.write(thousand);
      await raw.closes();
      expect([1009, 4413, 4400, undefined]).toContain(raw.closeCode);
      // Nothing of it was taken for a message.
      expect(raw.received).not.toContain('hello_expected');
    }
    expect(residentBytes(server.pid) - before).toBeLessThan(GROWTH_MAX_BYTES);
  },
);

test('[SOCK-3] frames that break the WebSocket protocol end the connection', async () => {
  const unmasked = Buffer.from([0x81, 0x02, 0x5b, 0x5d]);
  const bad: Uint8Array[] = [
    unmasked,
    clientFrame({ opcode: 3, fin: true, payload: Buffer.from('x') }),
    clientFrame({ opcode: CONTINUATION, fin: true, payload: Buffer.from('x') }),
    clientFrame({ opcode: 9, fin: false, payload: Buffer.from('x') }),
    clientFrame({ opcode: 9, fin: true, payload: Buffer.alloc(126) }),
    clientFrame({ opcode: TEXT, fin: true, payload: Buffer.from([0xc3, 0x28]) }),
    // A length of 2^63 - 1, and one of 2^63.
    Buffer.from([0x81, 0xff, 0x7f, ...Array<number>(7).fill(0xff), 0, 0, 0, 0]),
    Buffer.from([0x81, 0xff, 0x80, ...Array<number>(7).fill(0), 0, 0, 0, 0]),
    Buffer.from([0xf1, 0x80, 0, 0, 0, 0]),
  ];
  for (const bytes of bad) {
    const raw = await RawSocket.upgraded(server.port);
    await raw.write(bytes);
    await raw.closes();
    expect(raw.received).not.toContain('"welcome"');
  }
});

test('[ERR-2] a fuzzed handshake and fuzzed first bytes end nothing but their connection', async () => {
  const random = Seeded.printed('fuzz');
  const mutate = (bytes: Uint8Array): Uint8Array => {
    const copy = Buffer.from(bytes);
    for (let change = random.between(1, 8); change > 0; change--) {
      copy[random.between(0, copy.length - 1)] = random.between(0, 255);
    }
    return random.chance(0.3) ? copy.subarray(0, random.between(0, copy.length)) : copy;
  };
  const noise = (): Uint8Array =>
    Buffer.from(Array.from({ length: random.between(1, 2_000) }, () => random.between(0, 255)));
  const one = async (): Promise<void> => {
    const kind = random.pick(['handshake', 'frame', 'noise', 'noise after handshake'] as const);
    const raw =
      kind === 'handshake' || kind === 'noise'
        ? await RawSocket.open(server.port)
        : await RawSocket.upgraded(server.port);
    const good =
      kind === 'handshake'
        ? Buffer.from(handshake(PROTOCOL_HEADER))
        : clientFrame({ opcode: TEXT, fin: true, payload: hello() });
    await raw.write(kind === 'handshake' || kind === 'frame' ? mutate(good) : noise());
    await pause(random.between(0, 10));
    raw.end();
  };
  for (let done = 0; done < FUZZ_COUNT; done += 20) await Promise.all(Array.from({ length: 20 }, one));
  expect(server.running).toBe(true);
});

test('[HELLO-3] a socket without a hello is closed with 4408', async () => {
  await silent.closes();
  expect(silent.closeCode).toBe(4408);
}, 30_000);

test('[ERR-2] half a request is given up by the server', async () => {
  for (const raw of half) await raw.closes(45_000);
}, 60_000);

test('[ERR-2] the process is the same, and others chatted all the while', async () => {
  await bystanders.undisturbed();
  expect(server.log).not.toContain('"level":50');
});
