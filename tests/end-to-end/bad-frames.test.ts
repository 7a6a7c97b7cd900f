// Frames that no client should send, to a real server: a clear error or the documented close code, and nobody else
// notices.
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { SignJWT } from 'jose';
import { Bystanders } from './lib/bystanders.ts';
import { Parley } from './lib/parley.ts';
import { ServerProcess } from './lib/server-process.ts';
import { scopePerFile } from './lib/test-scope.ts';
import { type Account, post, registerAccount, textFrame, WireSession } from './lib/wire-session.ts';

const SECRET = 'a secret of the app, with its 32 bytes and more';
const AUDIENCE = 'parley.example';

const scope = scopePerFile();
let server: ServerProcess;
let bystanders: Bystanders;
let eve: Account;
let conversation: string;

beforeAll(async () => {
  const env = { PARLEY_JWT_SECRET: SECRET, PARLEY_JWT_AUDIENCE: AUDIENCE };
  server = await ServerProcess.start(new Parley(scope), { directory: scope.folder(), env });
  bystanders = await Bystanders.begin(server);
  eve = await registerAccount(server.url, 'eve');
  const mallory = await registerAccount(server.url, 'mallory');
  const session = await WireSession.welcomed(server.url, eve.token);
  const opened = await session.request({ type: 'open_direct', user_id: mallory.user_id });
  conversation = (opened['conversation'] as { conversation_id: string }).conversation_id;
  session.close();
});

afterAll(() => bystanders.end());

async function asEve<T>(use: (session: WireSession) => Promise<T>): Promise<T> {
  const session = await WireSession.welcomed(server.url, eve.token);
  try {
    return await use(session);
  } finally {
    session.close();
  }
}

const content = { kind: 'text', text: 'x' };
const message = { client_msg_id: 'm', content };

function send(changes: object): string {
  return JSON.stringify([{ type: 'send', ref: 7, conversation_id: '70', messages: [message], ...changes }]);
}

function sendOf(changes: object): string {
  return send({ messages: [{ ...message, ...changes }] });
}

function pull(after: string): string {
  return `[{"type":"pull","ref":7,"conversation_id":"70","after":${after}}]`;
}

const badFrames: readonly [
  what: string,
  text: string,
  expected: { code: string; field?: string; ref?: number },
][] = [
  ['text that is no JSON', '{', { code: 'malformed' }],
  ['an empty message', '', { code: 'malformed' }],
  ['a frame without its array', '{"type":"heartbeat"}', { code: 'malformed' }],
  ['JSON nested 30,000 deep', '['.repeat(30_000), { code: 'malformed' }],
  ['null as a frame', '[null]', { code: 'malformed' }],
  ['an array as a frame', '[[]]', { code: 'malformed' }],
  ['257 frames', `[${'{"type":"heartbeat"},'.repeat(256)}{"type":"heartbeat"}]`, { code: 'malformed' }],
  ['a frame without a type', '[{"ref":7}]', { code: 'invalid_field', field: 'type', ref: 7 }],
  ['a type that is no string', '[{"type":5,"ref":7}]', { code: 'invalid_field', field: 'type', ref: 7 }],
  ['an unknown type', '[{"type":"teleport","ref":7}]', { code: 'unknown_frame', ref: 7 }],
  [
    'the name of an inherited property',
    '[{"type":"constructor","ref":7}]',
    { code: 'unknown_frame', ref: 7 },
  ],
  ["a server's frame", '[{"type":"sent","ref":7}]', { code: 'unknown_frame', ref: 7 }],
  ['an unknown field', send({ colour: 'red' }), { code: 'invalid_field', field: 'colour', ref: 7 }],
  [
    'an unknown field inside',
    sendOf({ colour: 'red' }),
    { code: 'invalid_field', field: 'messages.0.colour', ref: 7 },
  ],
  [
    '__proto__ as a field',
    `[{"type":"heartbeat","__proto__":{"a":1}}]`,
    { code: 'invalid_field', field: '__proto__' },
  ],
  [
    'a missing field',
    '[{"type":"pull","ref":7}]',
    { code: 'invalid_field', field: 'conversation_id', ref: 7 },
  ],
  ['a missing ref', '[{"type":"pull","conversation_id":"70"}]', { code: 'invalid_field', field: 'ref' }],
  ['a ref that is text', send({ ref: '7' }), { code: 'invalid_field', field: 'ref' }],
  ['a ref below 0', send({ ref: -1 }), { code: 'invalid_field', field: 'ref' }],
  ['a ref of 2^31', send({ ref: 2 ** 31 }), { code: 'invalid_field', field: 'ref' }],
  ['a ref that is no integer', send({ ref: 1.5 }), { code: 'invalid_field', field: 'ref' }],
  ['a seq of 2^53', pull('9007199254740992'), { code: 'invalid_field', field: 'after', ref: 7 }],
  ['a seq of -1', pull('-1'), { code: 'invalid_field', field: 'after', ref: 7 }],
  ['a seq of 1e309', pull('1e309'), { code: 'invalid_field', field: 'after', ref: 7 }],
  ['a seq that is no integer', pull('0.5'), { code: 'invalid_field', field: 'after', ref: 7 }],
  ['a seq that is text', pull('"1"'), { code: 'invalid_field', field: 'after', ref: 7 }],
  [
    'an id that is a number',
    send({ conversation_id: 70 }),
    { code: 'invalid_field', field: 'conversation_id', ref: 7 },
  ],
  [
    'an id below 0',
    send({ conversation_id: '-70' }),
    { code: 'invalid_field', field: 'conversation_id', ref: 7 },
  ],
  [
    'an id of 20 digits',
    send({ conversation_id: '1'.repeat(20) }),
    { code: 'invalid_field', field: 'conversation_id', ref: 7 },
  ],
  [
    'an id as SQL',
    send({ conversation_id: "70' OR 1=1" }),
    { code: 'invalid_field', field: 'conversation_id', ref: 7 },
  ],
  ['no messages', send({ messages: [] }), { code: 'invalid_field', field: 'messages', ref: 7 }],
  [
    '65 messages',
    send({ messages: Array(65).fill(message) }),
    { code: 'invalid_field', field: 'messages', ref: 7 },
  ],
  [
    'messages that are no list',
    send({ messages: message }),
    { code: 'invalid_field', field: 'messages', ref: 7 },
  ],
  [
    'an empty text',
    sendOf({ content: { kind: 'text', text: '' } }),
    { code: 'invalid_field', field: 'messages.0.content.text', ref: 7 },
  ],
  [
    'a text of 8,001 units',
    sendOf({ content: { kind: 'text', text: 'x'.repeat(8_001) } }),
    { code: 'invalid_field', field: 'messages.0.content.text', ref: 7 },
  ],
  [
    'a content of an unknown kind',
    sendOf({ content: { kind: 'smell' } }),
    { code: 'invalid_field', field: 'messages.0.content.kind', ref: 7 },
  ],
  [
    'a client_msg_id of 65',
    sendOf({ client_msg_id: 'i'.repeat(65) }),
    { code: 'invalid_field', field: 'messages.0.client_msg_id', ref: 7 },
  ],
  [
    'a client_msg_id with a space',
    sendOf({ client_msg_id: 'a b' }),
    { code: 'invalid_field', field: 'messages.0.client_msg_id', ref: 7 },
  ],
  [
    '257 marks',
    JSON.stringify([{ type: 'received', marks: Array(257).fill({ conversation_id: '70', seq: 1 }) }]),
    { code: 'invalid_field', field: 'marks' },
  ],
  [
    'an endless limit',
    '[{"type":"pull","ref":7,"conversation_id":"70","limit":1001}]',
    { code: 'invalid_field', field: 'limit', ref: 7 },
  ],
];

test.each(badFrames)('[SOCK-4] [ERR-1, ERR-2] %s is refused, and says how', async (_, text, expected) => {
  await asEve(async (session) => {
    session.raw(text);
    expect(await session.frame('error')).toMatchObject({ ...expected, retry: 'no' });
    // The session goes on.
    expect(await session.request({ type: 'find_users', names: ['eve'] })).toMatchObject({ type: 'users' });
    expect(session.frames.filter(({ type }) => type === 'error').length).toBe(1);
  });
});

test('[SOCK-4] the other frames of a message with a bad one are carried out', async () => {
  await asEve(async (session) => {
    const good = { ...textFrame(conversation, 'beside-a-bad-one', 'good'), ref: 8 };
    session.raw(JSON.stringify([{ type: 'teleport', ref: 7 }, good, 5, { type: 'heartbeat', when: 'now' }]));
    expect(await session.frame('sent')).toMatchObject({
      ref: 8,
      results: [{ client_msg_id: 'beside-a-bad-one' }],
    });
    expect(session.frames.filter(({ type }) => type === 'error').map(({ code }) => code)).toEqual([
      'unknown_frame',
      'malformed',
      'invalid_field',
    ]);
  });
});

test('[SOCK-4] the socket is closed with 4400 after 20 bad frames', async () => {
  await asEve(async (session) => {
    for (let count = 0; count < 20; count++) session.raw('?');
    expect(await session.closes()).toBe(4400);
    expect(session.frames.filter(({ code }) => code === 'malformed').length).toBe(20);
  });
});

test('[PULL-4] an id beyond 64 bits, and one of nobody, is not found', async () => {
  await asEve(async (session) => {
    for (const conversation_id of ['9999999999999999999', '9223372036854775807', '1']) {
      expect(await session.request({ type: 'pull', conversation_id })).toMatchObject({ code: 'not_found' });
      expect(await session.request({ type: 'get_conversation', conversation_id })).toMatchObject({
        code: 'not_found',
      });
      const sent = await session.text(conversation_id, 'to-nobody', 'x');
      expect(sent['results']).toMatchObject([
        { error: { code: expect.stringMatching(/^not_(found|member)$/) } },
      ]);
      expect(await session.request({ type: 'open_direct', user_id: conversation_id })).toMatchObject({
        code: 'not_found',
      });
    }
  });
});

test('[RECV-2] a mark beyond the head is refused without a ref', async () => {
  await asEve(async (session) => {
    session.send({ type: 'received', marks: [{ conversation_id: conversation, seq: 1_000_000 }] });
    const error = await session.frame('error');
    expect(error).toMatchObject({ retry: 'no' });
    expect(error).not.toHaveProperty('ref');
  });
});

test('[SOCK-3] a binary message and one of more than 65,536 bytes close the socket', async () => {
  const messages = [
    new Uint8Array([1, 2, 3]),
    `["${'x'.repeat(65_536)}"]`,
    new Uint8Array(1_000_000),
    ' '.repeat(4_000_000),
  ];
  for (const bad of messages) {
    await asEve(async (session) => {
      session.raw(bad);
      expect([4413, 1009, 1006]).toContain(await session.closes());
    });
  }
  await asEve(async (session) => {
    session.raw(`[{"type":"heartbeat"}${' '.repeat(65_536 - 22)}]`);
    expect(await session.request({ type: 'find_users', names: ['eve'] })).toMatchObject({ type: 'users' });
  });
});

test('[HELLO-3] a first frame that is not hello gets hello_expected and 4400, and is not carried out', async () => {
  const frames = [
    textFrame(conversation, 'before-hello', 'early'),
    { type: 'heartbeat' },
    { type: 'teleport' },
  ];
  for (const frame of frames) {
    const session = await WireSession.open(server.url);
    session.send(
      { ...frame, ...('messages' in frame ? { ref: 1 } : {}) },
      { type: 'hello', version: 1, token: eve.token },
    );
    expect(await session.closes()).toBe(4400);
    expect(session.frames).toMatchObject([{ type: 'error', code: 'hello_expected', retry: 'no' }]);
  }
  await asEve(async (session) => {
    const { entries } = await session.request({ type: 'pull', conversation_id: conversation, after: 0 });
    expect(JSON.stringify(entries)).not.toContain('before-hello');
  });
});

test('[HELLO-3] a second hello gets hello_expected and the session goes on', async () => {
  await asEve(async (session) => {
    session.send({ type: 'hello', version: 1, token: eve.token });
    expect(await session.frame('error')).toMatchObject({ code: 'hello_expected' });
    expect(await session.request({ type: 'find_users', names: ['eve'] })).toMatchObject({ type: 'users' });
  });
});

test('[HELLO-5] a version that the server does not speak gets version_unsupported and 4406', async () => {
  const session = await WireSession.open(server.url);
  session.send({ type: 'hello', version: 99, min_version: 98, token: eve.token });
  expect(await session.closes()).toBe(4406);
  expect(session.frames).toMatchObject([{ type: 'error', code: 'version_unsupported' }]);
});

function jwt(expires: number, secret = SECRET): Promise<string> {
  const claims = { sub: 'app-user', aud: AUDIENCE, exp: Math.floor(Date.now() / 1_000) + expires };
  return new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(new TextEncoder().encode(secret));
}

test('[HELLO-4] [HTTP-4] tokens that are expired, forged or none get their error and 4401; a good one lets in', async () => {
  const good = await jwt(3_600);
  const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${good.split('.')[1]}.`;
  const refused: [string, string][] = [
    [await jwt(-3_600), 'token_expired'],
    [await jwt(3_600, `${SECRET} of another`), 'invalid_credentials'],
    [unsigned, 'invalid_credentials'],
    [`${eve.token}x`, 'invalid_credentials'],
    ['plt_', 'invalid_credentials'],
    ['x'.repeat(8_192), 'invalid_credentials'],
  ];
  for (const [token, code] of refused) {
    const session = await WireSession.open(server.url);
    session.send({ type: 'hello', version: 1, token });
    expect(await session.closes()).toBe(4401);
    expect(session.frames).toMatchObject([{ type: 'error', code, retry: 'no' }]);
  }
  const session = await WireSession.welcomed(server.url, good);
  expect(await session.request({ type: 'find_users', names: ['eve'] })).toMatchObject({ type: 'users' });
  session.close();
});

test('[HTTP-1] requests over HTTP that cannot be read are refused with a fault', async () => {
  const bodies = [
    '',
    '{',
    'null',
    '[]',
    '{"name":"x"}',
    '{"name":5,"password":"long enough 1"}',
    '{"name":"Größe","password":"long enough 1"}',
  ];
  for (const body of bodies) {
    const response = await fetch(`${server.url}/v1/register`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json' },
    });
    expect([body, response.status]).toEqual([body, 400]);
    expect(await response.json()).toMatchObject({ error: { retry: 'no' } });
  }
  const large = await post(server.url, 'login', { body: { name: 'eve', password: 'x'.repeat(1_000_000) } });
  expect(large.status).toBe(413);
  const wrong = await post(server.url, 'login', { body: { name: 'eve', password: 'not the password' } });
  const unknown = await post(server.url, 'login', { body: { name: 'nobody', password: 'not the password' } });
  expect([wrong.status, unknown.status]).toEqual([401, 401]);
  expect(await unknown.json()).toEqual(await wrong.json());
});

test('[ERR-2] the process is the same, and others chatted all the while', async () => {
  await bystanders.undisturbed();
  expect(server.log).not.toContain('"level":50');
});
