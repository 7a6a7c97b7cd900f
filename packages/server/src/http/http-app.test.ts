// The HTTP side, as a client meets it: statuses, bodies and headers.
import { describe, expect, test } from 'bun:test';
import { StoreError } from '@parley/ports/store-error';
import { credentialsSchema, httpErrorSchema } from '@parley/protocol/account';
import { AccountWorld, ADDRESS, ok, PASSWORD } from '../testing/account-world.ts';
import { HTTP_BODY_MAX_BYTES, httpApp, type HttpApp } from './http-app.ts';
import { OriginPolicy } from './origin-policy.ts';

const OWN = 'https://chat.example.org';

interface Server {
  readonly world: AccountWorld;
  readonly app: HttpApp;
  isReady: boolean | Error;
}

function serve(world = new AccountWorld()): Server {
  const server: Server = {
    world,
    isReady: true,
    app: httpApp({
      accounts: world.service,
      origins: new OriginPolicy([OWN]),
      ready: () => (server.isReady instanceof Error ? Promise.reject(server.isReady) : server.isReady),
      log: world.log,
    }),
  };
  return server;
}

interface Call {
  readonly method?: string;
  readonly body?: BodyInit;
  readonly headers?: Record<string, string>;
  readonly address?: string;
}

async function call(
  { app }: Server,
  path: string,
  { method = 'GET', body, headers = {}, address = ADDRESS }: Call = {},
): Promise<Response> {
  const init = { method, headers, ...(body === undefined ? {} : { body }) };
  return app.fetch(new Request(`http://127.0.0.1${path}`, init), { remoteAddress: address });
}

function post(server: Server, path: string, value: unknown, more: Call = {}): Promise<Response> {
  const body = typeof value === 'string' ? value : JSON.stringify(value);
  return call(server, path, {
    ...more,
    method: 'POST',
    body,
    headers: { 'Content-Type': 'application/json', ...more.headers },
  });
}

/** Checks that the answer is {error: Fault}, and nothing else. */
async function faultOf(
  response: Response,
): Promise<{ code: string; field?: string | undefined; message: string }> {
  const body = (await response.json()) as object;
  expect(Object.keys(body)).toEqual(['error']);
  return httpErrorSchema.parse(body).error;
}

const alice = { name: 'alice', password: PASSWORD };

describe('accounts', () => {
  test('register, login and logout', async () => {
    const server = serve();
    const registered = await post(server, '/v1/register', { ...alice, device_name: 'laptop' });
    expect(registered.status).toBe(201);
    const first = credentialsSchema.parse(await registered.json());
    const loggedIn = await post(server, '/v1/login', alice);
    expect(loggedIn.status).toBe(200);
    const second = credentialsSchema.parse(await loggedIn.json());
    expect(second).toMatchObject({ user_id: first.user_id, name: 'alice' });
    const loggedOut = await call(server, '/v1/logout', {
      method: 'POST',
      headers: { Authorization: `Bearer ${first.token}` },
    });
    expect([loggedOut.status, await loggedOut.text()]).toEqual([204, '']);
    expect(server.world.revoked).toEqual([first.device_id]);
    ok(await server.world.hello(second.token));
  });

  test.each([
    ['a taken name', '/v1/register', alice, 409, 'name_taken'],
    ['a weak password', '/v1/register', { name: 'bob', password: 'password' }, 400, 'invalid_field'],
    ['a wrong password', '/v1/login', { ...alice, password: 'wrong password' }, 401, 'invalid_credentials'],
    ['an unknown name', '/v1/login', { ...alice, name: 'nobody' }, 401, 'invalid_credentials'],
    ['a name that no user can have', '/v1/login', { ...alice, name: 'No Body' }, 401, 'invalid_credentials'],
  ])('%s', async (_title, path, body, status, code) => {
    const server = serve();
    await post(server, '/v1/register', alice);
    const response = await post(server, path, body);
    expect([response.status, (await faultOf(response)).code]).toEqual([status, code]);
  });

  test('closed registration is 403, too many devices 409', async () => {
    const closed = serve(new AccountWorld({ registration: 'closed' }));
    const response = await post(closed, '/v1/register', alice);
    expect([response.status, (await faultOf(response)).code]).toEqual([403, 'registration_closed']);
    const full = serve();
    await post(full, '/v1/register', alice);
    for (let count = 1; count < 50; count += 1) await post(full, '/v1/login', alice);
    const refused = await post(full, '/v1/login', alice);
    expect([refused.status, (await faultOf(refused)).code]).toEqual([409, 'limit_reached']);
  });

  test('back-off is 429 with Retry-After, by the address of the connection', async () => {
    const server = serve();
    await post(server, '/v1/register', alice);
    const wrong = { ...alice, password: 'wrong password' };
    for (let time = 0; time < 10; time += 1) {
      // A header that anyone can write does not make another address.
      await post(server, '/v1/login', wrong, { headers: { 'X-Forwarded-For': `10.0.0.${time}` } });
    }
    const waiting = await post(server, '/v1/login', alice);
    expect([waiting.status, waiting.headers.get('Retry-After'), (await faultOf(waiting)).code]).toEqual([
      429,
      '1',
      'rate_limited',
    ]);
    expect((await post(server, '/v1/login', alice, { address: '198.51.100.1' })).status).toBe(200);
  });

  test.each([
    ['no header', undefined],
    ['another scheme', 'Basic YTpi'],
    ['no token', 'Bearer '],
    ['an unknown token', `Bearer plt_${'A'.repeat(43)}`],
    ['two tokens', 'Bearer a b'],
    ['too long a token', `Bearer ${'a'.repeat(8_193)}`],
  ])('logout with %s is 401', async (_title, authorization) => {
    const headers: Record<string, string> =
      authorization === undefined ? {} : { Authorization: authorization };
    const response = await call(serve(), '/v1/logout', { method: 'POST', headers });
    expect([response.status, response.headers.get('WWW-Authenticate')]).toEqual([401, 'Bearer']);
    expect((await faultOf(response)).code).toBe('invalid_credentials');
  });

  test('a token in the query string is not looked at', async () => {
    const server = serve();
    const { token } = ok(await server.world.register('alice')).credentials;
    expect(
      (await call(server, `/v1/logout?token=${token}&access_token=${token}`, { method: 'POST' })).status,
    ).toBe(401);
  });
});

describe('input', () => {
  const wrongValues: unknown[] = [{ $ne: null }, { $gt: '' }, ['alice'], 7, true, null, 'x'.repeat(300), {}];

  for (const path of ['/v1/register', '/v1/login']) {
    for (const field of ['name', 'password', 'device_name']) {
      test(`[CVE-2021-22911] ${path}: no operator object, wrong type or over-long text as ${field}`, async () => {
        const server = serve();
        for (const value of wrongValues) {
          const response = await post(server, path, {
            name: 'bob',
            password: PASSWORD,
            device_name: 'd',
            [field]: value,
          });
          expect(response.status).toBe(400);
          expect(await faultOf(response)).toMatchObject({ code: 'invalid_field', field });
        }
        expect(server.world.algorithm.verified).toBe(0);
        expect(await server.world.store.userByName('bob')).toBeUndefined();
      });
    }

    test(`[CVE-2022-2421] ${path}: unknown fields and keys of the prototype are refused`, async () => {
      for (const key of ['__proto__', 'constructor', 'prototype', 'role', 'user_id', '$where']) {
        const text = `{"name":"bob","password":"${PASSWORD}","${key}":{"admin":true}}`;
        const response = await post(serve(), path, text);
        expect(response.status).toBe(400);
        expect(await faultOf(response)).toMatchObject({ code: 'invalid_field', field: key });
      }
      expect(Object.hasOwn(Object.prototype, 'admin')).toBe(false);
    });

    test(`${path}: missing fields are named`, async () => {
      expect(await faultOf(await post(serve(), path, { name: 'bob' }))).toMatchObject({ field: 'password' });
      expect(await faultOf(await post(serve(), path, { password: PASSWORD }))).toMatchObject({
        field: 'name',
      });
    });
  }

  test.each([
    '',
    '{',
    'null',
    '[]',
    '"text"',
    '7',
    '[{"name":"bob"}]',
    '['.repeat(8_000),
    '{"a":'.repeat(1_600),
    'NaN',
  ])('what is no JSON object is malformed: %#', async (text) => {
    const response = await post(serve(), '/v1/login', text);
    expect([response.status, (await faultOf(response)).code]).toEqual([400, 'malformed']);
  });

  test('text that is not UTF-8 is malformed, never another password', async () => {
    const body = Uint8Array.from([
      ...new TextEncoder().encode('{"name":"alice","password":"12345678'),
      0xff,
      0x22,
      0x7d,
    ]);
    const response = await call(serve(), '/v1/login', {
      method: 'POST',
      body,
      headers: { 'Content-Type': 'application/json' },
    });
    expect([response.status, (await faultOf(response)).code]).toEqual([400, 'malformed']);
  });

  test('a body over the limit is 413, declared or streamed; one at the limit is read', async () => {
    const server = serve();
    const text = JSON.stringify(alice);
    const atLimit = text + ' '.repeat(HTTP_BODY_MAX_BYTES - text.length);
    expect((await post(server, '/v1/register', atLimit)).status).toBe(201);
    const chunks = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(1_000).fill(32)),
    });
    for (const body of [`${atLimit} `, chunks]) {
      const response = await call(server, '/v1/login', {
        method: 'POST',
        body,
        headers: { 'Content-Type': 'application/json' },
      });
      expect([response.status, (await faultOf(response)).code]).toEqual([413, 'limit_reached']);
    }
  });

  test('a body over real sockets is limited too, whatever length it declares', async () => {
    const { app } = serve();
    await using listening = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      fetch: (request) => app.fetch(request, { remoteAddress: ADDRESS }),
    });
    const response = await fetch(new URL('/v1/login', listening.url), {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: 'x'.repeat(100_000),
    });
    expect(response.status).toBe(413);
  });

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp', ''])(
    'a body of another type is 415: %p',
    async (type) => {
      const response = await post(serve(), '/v1/login', alice, { headers: { 'Content-Type': type } });
      expect([response.status, (await faultOf(response)).code]).toEqual([415, 'malformed']);
    },
  );

  test('a charset may be named', async () => {
    const response = await post(serve(), '/v1/register', alice, {
      headers: { 'Content-Type': 'application/json; charset=utf-8' },
    });
    expect(response.status).toBe(201);
  });

  test('whoever opens the address in a browser is told what runs here', async () => {
    const response = await call(serve(), '/', { method: 'GET' });
    expect(response.status).toBe(200);
    expect(await response.text()).toStartWith('Parley is running here.');
  });

  test('unknown paths and methods are 404 in the same form', async () => {
    for (const [method, path] of [
      ['GET', '/index.html'],
      ['GET', '/v1/login'],
      ['DELETE', '/v1/logout'],
      ['POST', '/v1/login/'],
      ['GET', '/%2e%2e/etc'],
      ['POST', '/V1/login'],
    ] as const) {
      const response = await call(serve(), path, { method });
      expect([response.status, (await faultOf(response)).code]).toEqual([404, 'not_found']);
    }
  });
});

describe('origins', () => {
  test('[CVE-2020-28481] a foreign origin is 403 on every path, before anything is done', async () => {
    const server = serve();
    for (const origin of ['https://evil.example', 'null', `${OWN}.evil.example`]) {
      for (const path of ['/v1/register', '/v1/login', '/v1/logout', '/livez', '/nothing']) {
        const response = await post(server, path, alice, { headers: { Origin: origin } });
        expect([response.status, (await faultOf(response)).code]).toEqual([403, 'forbidden']);
        expect(response.headers.get('Access-Control-Allow-Origin')).toBeNull();
      }
    }
    expect(await server.world.store.userByName('alice')).toBeUndefined();
  });

  test('an allowed origin may read answers, faults too; nobody gets cookies or *', async () => {
    const server = serve();
    for (const path of ['/v1/register', '/v1/register', '/nothing']) {
      const response = await post(server, path, alice, { headers: { Origin: OWN } });
      expect(response.headers.get('Access-Control-Allow-Origin')).toBe(OWN);
      expect(response.headers.get('Access-Control-Allow-Credentials')).toBeNull();
      expect(response.headers.get('Access-Control-Expose-Headers')).toContain('Retry-After');
      expect(response.headers.get('Vary')).toContain('Origin');
    }
  });

  test('a preflight is answered to an allowed origin and 403 to a foreign one', async () => {
    const preflight = (origin: string) =>
      call(serve(), '/v1/login', {
        method: 'OPTIONS',
        headers: { Origin: origin, 'Access-Control-Request-Method': 'POST' },
      });
    const own = await preflight(OWN);
    expect([own.status, own.headers.get('Access-Control-Allow-Origin')]).toEqual([204, OWN]);
    expect(own.headers.get('Access-Control-Allow-Headers')).toBe('Authorization,Content-Type');
    expect((await preflight('https://evil.example')).status).toBe(403);
  });
});

describe('the server itself', () => {
  test.each(['storage_full', 'outcome_unknown', 'unavailable'] as const)(
    '[HTTP-1] a store that fails with %s is answered so, with 503 and Retry-After',
    async (kind) => {
      const server = serve();
      server.world.store.createUser = () => Promise.reject(new StoreError(kind, 'disk'));
      const response = await post(server, '/v1/register', alice);
      expect([response.status, (await faultOf(response)).code]).toEqual([503, kind]);
      expect(Number(response.headers.get('Retry-After'))).toBeGreaterThan(0);
    },
  );

  test('livez and readyz', async () => {
    const server = serve();
    expect((await call(server, '/livez')).status).toBe(200);
    expect((await call(server, '/readyz')).status).toBe(200);
    server.isReady = false;
    const response = await call(server, '/readyz');
    expect([response.status, response.headers.get('Retry-After'), (await faultOf(response)).code]).toEqual([
      503,
      '1',
      'unavailable',
    ]);
    expect((await call(server, '/livez')).status).toBe(200);
  });

  test('an error that nobody expected is 503, says nothing of itself, and is logged', async () => {
    const server = serve();
    server.isReady = new Error('/secret/path is broken');
    const response = await call(server, '/readyz');
    expect(response.status).toBe(503);
    const { code, message } = await faultOf(response);
    expect([code, message]).toEqual(['unavailable', 'The server failed.']);
    expect(server.world.log.events()).toEqual(['http_failed']);
    expect(server.world.log.lines[0]?.level).toBe('error');
  });

  test('every answer has the security headers', async () => {
    const server = serve();
    server.isReady = new Error('broken');
    const answers = [
      await post(server, '/v1/register', alice),
      await post(server, '/v1/register', alice),
      await post(server, '/v1/login', 'x'.repeat(10_000)),
      await post(server, '/v1/login', alice, { headers: { Origin: 'https://evil.example' } }),
      await call(server, '/livez'),
      await call(server, '/readyz'),
      await call(server, '/nothing'),
    ];
    expect(answers.map((answer) => answer.status)).toEqual([201, 409, 413, 403, 200, 503, 404]);
    for (const { headers } of answers) {
      expect(headers.get('X-Content-Type-Options')).toBe('nosniff');
      expect(headers.get('Content-Security-Policy')).toBe("default-src 'none'; frame-ancestors 'none'");
      expect(headers.get('Referrer-Policy')).toBe('no-referrer');
      expect(headers.get('Cache-Control')).toBe('no-store');
      expect(headers.get('X-Powered-By')).toBeNull();
    }
  });
});
