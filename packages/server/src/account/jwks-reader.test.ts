// Reading the document: real files and a real server on loopback.
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeClock } from '@parley/adapter-memory/fake-clock';
import { FakeTimers } from '@parley/adapter-memory/fake-timers';
import { fileReader, JWKS_MAX_BYTES, JWKS_WITHIN_MS, urlReader } from './jwks-reader.ts';

let folder: string;
let asked: () => void = () => undefined;
const server = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  fetch(request) {
    const { pathname } = new URL(request.url);
    if (pathname === '/good') return new Response('{"keys":[]}');
    if (pathname === '/large') return new Response('x'.repeat(JWKS_MAX_BYTES + 1));
    if (pathname === '/moved') return Response.redirect('/good');
    if (pathname === '/never') {
      asked();
      return new Promise<Response>(() => undefined);
    }
    return new Response('no', { status: 500 });
  },
});
const url = (path: string) => `http://127.0.0.1:${server.port}${path}`;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jwks-'));
});
afterAll(async () => {
  await server.stop(true);
  await rm(folder, { recursive: true });
});

test('a file is read anew each time, up to its limit', async () => {
  const path = join(folder, 'jwks.json');
  const read = fileReader(path);
  await expect(read()).rejects.toThrow();
  await Bun.write(path, 'one');
  expect(await read()).toBe('one');
  await Bun.write(path, 'x'.repeat(JWKS_MAX_BYTES));
  expect((await read()).length).toBe(JWKS_MAX_BYTES);
  await Bun.write(path, 'x'.repeat(JWKS_MAX_BYTES + 1));
  await expect(read()).rejects.toThrow(RangeError);
});

test('a URL is read, and its timer is cancelled', async () => {
  const timers = new FakeTimers(new FakeClock());
  expect(await urlReader(url('/good'), timers)()).toBe('{"keys":[]}');
  expect(timers.pendingCount).toBe(0);
});

test.each(['/large', '/moved', '/failed'])('refused, and the timer is cancelled: %p', async (path) => {
  const timers = new FakeTimers(new FakeClock());
  await expect(urlReader(url(path), timers)()).rejects.toThrow();
  expect(timers.pendingCount).toBe(0);
});

test('a server that does not answer is given up after JWKS_WITHIN_MS', async () => {
  const timers = new FakeTimers(new FakeClock());
  const arrived = new Promise<void>((resolve) => (asked = resolve));
  const reading = urlReader(url('/never'), timers)().catch((error: unknown) => String(error));
  await arrived;
  await timers.advance(JWKS_WITHIN_MS - 1);
  expect(timers.pendingCount).toBe(1);
  await timers.advance(1);
  expect(await reading).toContain('in time');
});

test('only https, or http on loopback', () => {
  const timers = new FakeTimers(new FakeClock());
  for (const refused of [
    'http://app.example/jwks',
    'file:///etc/passwd',
    'http://127.0.0.1.evil.example/',
    'nonsense',
  ]) {
    expect(() => urlReader(refused, timers)).toThrow();
  }
  for (const allowed of ['https://app.example/jwks', 'http://localhost:1/jwks', 'http://[::1]:1/jwks']) {
    expect(() => urlReader(allowed, timers)).not.toThrow();
  }
});
