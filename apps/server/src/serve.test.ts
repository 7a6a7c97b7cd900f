// What a start with JWTs refuses, and what it warns of. Real files, and a real process for its log.
import { afterAll, expect, test } from 'bun:test';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from './config-error.ts';
import { configFrom } from './config.ts';
import { readEnvironment } from './env.ts';
import { serveConfig } from './serve.ts';

const folder = await mkdtemp(join(tmpdir(), 'parley-serve-'));
const WARNING = '"registration_open_with_jwts"';

afterAll(() => rm(folder, { recursive: true, force: true }));

function start(env: Readonly<Record<string, string>>) {
  const settings = { PARLEY_LOG_LEVEL: 'silent', PARLEY_JWT_AUDIENCE: 'chat', ...env };
  return serveConfig(configFrom(readEnvironment(settings), { port: 0, directory: join(folder, 'data') }));
}

test.each([
  ['not there', undefined],
  ['empty', ''],
  ['no JSON', 'keys'],
  ['JSON that is no key set', '{"keys":{}}'],
])('a JWKS file that is %s is refused at the start, by name', async (_title, text) => {
  const path = join(folder, 'keys.json');
  await rm(path, { force: true });
  if (text !== undefined) await writeFile(path, text);
  const started = start({ PARLEY_JWT_JWKS: path });
  await expect(started).rejects.toBeInstanceOf(ConfigError);
  await expect(started).rejects.toThrow(/^PARLEY_JWT_JWKS: /);
});

test('a JWKS file that is a key set is taken; so is a URL that does not answer yet', async () => {
  const path = join(folder, 'good.json');
  await writeFile(path, '{"keys":[]}');
  for (const location of [path, 'http://127.0.0.1:1/jwks']) {
    await using server = await start({ PARLEY_JWT_JWKS: location });
    expect(server.url).toStartWith('http://127.0.0.1:');
  }
});

test('requests behind a proxy that is trusted by the settings are counted by the address that it names', async () => {
  await using server = await start({
    PARLEY_JWT_SECRET: 'x'.repeat(32),
    PARLEY_TRUSTED_PROXIES: '127.0.0.1',
  });
  const login = async (from: string) => {
    const headers = { 'Content-Type': 'application/json', 'X-Forwarded-For': from };
    const body = JSON.stringify({ name: 'ada', password: 'a wrong password' });
    return (await fetch(`${server.url}/v1/login`, { method: 'POST', headers, body })).status;
  };
  for (let count = 0; count < 10; count += 1) expect(await login('192.0.2.1')).toBe(401);
  expect([await login('192.0.2.1'), await login('192.0.2.2')]).toEqual([429, 401]);
});

test.each([
  ['JWTs and open registration', { PARLEY_JWT_SECRET: 'x'.repeat(32), PARLEY_JWT_AUDIENCE: 'chat' }, true],
  [
    'JWTs and closed registration',
    { PARLEY_JWT_SECRET: 'x'.repeat(32), PARLEY_JWT_AUDIENCE: 'chat', PARLEY_REGISTRATION: 'closed' },
    false,
  ],
  ['no JWTs', {}, false],
])('whether the start warns: %s', async (_title, env, warns) => {
  const script = `
    import { serve } from ${JSON.stringify(join(import.meta.dir, 'serve.ts'))};
    const server = await serve({ port: 0, directory: ${JSON.stringify(join(folder, 'data'))} });
    await server[Symbol.asyncDispose]();
    console.log('served');`;
  const child = Bun.spawn([process.execPath, '-e', script], { env, stdout: 'pipe', stderr: 'pipe' });
  const [out, log] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  expect(out).toContain('served');
  expect(log.includes(WARNING)).toBe(warns);
});
