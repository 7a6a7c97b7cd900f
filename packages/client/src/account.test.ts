// Accounts over HTTP, with a fetch that was passed in.
import assert from 'node:assert/strict';
import { test } from '../test/test.ts';
import { login, logout, register, type FetchLike } from './account.ts';
import { ParleyError } from './parley-error.ts';
import { httpUrl, socketUrl } from './server-url.ts';

type Asked = { url: string; headers: Record<string, string>; body?: string };

function answering(status: number, body: unknown): { fetch: FetchLike; asked: Asked[] } {
  const asked: Asked[] = [];
  const fetch: FetchLike = (url, { headers, body: sent }) => {
    asked.push({ url, headers, ...(sent === undefined ? {} : { body: sent }) });
    return Promise.resolve({ status, json: () => Promise.resolve(body) });
  };
  return { fetch, asked };
}

const CREDENTIALS = { user_id: '11', name: 'ada', device_id: '31', token: 'plt_x' };
const account = { url: 'http://127.0.0.1:8080', name: 'ada', password: 'long enough' };

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'none',
    (error: unknown) => (error instanceof ParleyError ? error.code : String(error)),
  );
}

test('[HTTP-1] register posts the account and answers with the credentials', async () => {
  const { fetch, asked } = answering(201, CREDENTIALS);
  assert.deepEqual(await register({ ...account, deviceName: 'Laptop', fetch }), CREDENTIALS);
  assert.equal(asked[0]?.url, 'http://127.0.0.1:8080/v1/register');
  const body: unknown = JSON.parse(asked[0]?.body ?? '');
  assert.deepEqual(body, { name: 'ada', password: 'long enough', device_name: 'Laptop' });
});

test('[HTTP-2] a refusal is a ParleyError with the server’s fault, anything else is unavailable', async () => {
  const error = { code: 'invalid_credentials', message: 'No.', retry: 'no' };
  assert.equal(
    await codeOf(login({ ...account, fetch: answering(401, { error }).fetch })),
    'invalid_credentials',
  );
  assert.equal(
    await codeOf(login({ ...account, fetch: answering(502, 'Bad gateway').fetch })),
    'unavailable',
  );
  assert.equal(await codeOf(login({ ...account, fetch: answering(200, { hello: 1 }).fetch })), 'unavailable');
  const fetch: FetchLike = () => Promise.reject(new Error('refused'));
  assert.equal(await codeOf(login({ ...account, fetch })), 'unavailable');
});

test('[HTTP-3] logout sends the token and expects nothing back', async () => {
  const { fetch, asked } = answering(204, undefined);
  await logout({ url: 'wss://chat.example/base/', token: 'plt_x', fetch });
  assert.deepEqual(asked, [
    { url: 'https://chat.example/base/v1/logout', headers: { authorization: 'Bearer plt_x' } },
  ]);
});

test('[SOCK-1] a server is named by http, https, ws or wss, with or without a path', () => {
  assert.equal(socketUrl('http://a:1', 'v1/socket'), 'ws://a:1/v1/socket');
  assert.equal(socketUrl('https://a/chat', 'v1/socket'), 'wss://a/chat/v1/socket');
  assert.equal(socketUrl('wss://a/chat/', 'v1/socket'), 'wss://a/chat/v1/socket');
  assert.equal(httpUrl('ws://[::1]:80/', 'v1/login'), 'http://[::1]/v1/login');
  assert.throws(() => socketUrl('ftp://a', 'v1/socket'), TypeError);
  assert.throws(() => socketUrl('a:1', 'v1/socket'), TypeError);
});
