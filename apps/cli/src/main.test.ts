// Arguments, exit codes and error messages, as a script sees them; a small HTTP server stands for the real one.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fault } from '@parley/protocol/error-code';
import { parseObject, runCli, type Finished } from './test/run-cli.ts';

// Real processes on a machine that may be busy; nothing here asserts how fast they are.
setDefaultTimeout(60_000);

const TOKEN = 'plt_a_secret_token';
let configDir: string;
let server: Bun.Server<undefined>;
let url: string;

beforeAll(async () => {
  configDir = await mkdtemp(join(tmpdir(), 'parley-cli-'));
  server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    routes: {
      '/v1/register': async (request) => {
        const { name } = parseObject(await request.text());
        if (name === 'taken')
          return Response.json({ error: fault('name_taken', 'another user has this name') }, { status: 409 });
        if (name === 'proxy') return new Response('<html>Bad gateway</html>', { status: 502 });
        return Response.json({ user_id: '11', name, device_id: '31', token: TOKEN }, { status: 201 });
      },
      '/v1/logout': () =>
        Response.json({ error: fault('invalid_credentials', 'no such token') }, { status: 401 }),
    },
  });
  url = `http://127.0.0.1:${server.port}`;
});
afterAll(async () => {
  await server.stop(true);
  await rm(configDir, { recursive: true, force: true });
});

function parley(...args: readonly string[]): Promise<Finished> {
  return runCli(args, { configDir, input: 'correct horse\n' });
}

function errorOf({ stderr }: Finished): Record<string, unknown> {
  const { error } = parseObject(stderr);
  return parseObject(JSON.stringify(error));
}

test('migrate has nothing to do for a data folder', async () => {
  expect(await parley('migrate', '--json')).toEqual({ code: 0, stdout: '{"ok":true}\n', stderr: '' });
  expect((await parley('migrate')).stdout).toContain('Nothing to do');
});

describe('usage errors end with exit code 2', () => {
  test.each([
    [['bogus'], 'Unknown command'],
    [['send', '--bogus'], "Unknown option '--bogus'"],
    [['register'], "Missing required argument 'name'"],
    [['send', 'hi'], '--to NAME'],
    [['send', '--to', 'bob', '--conversation', '1', 'hi'], 'exclude one another'],
    [['send', '--to', 'bob'], 'Say what to send'],
    [['send', '--to', 'bob', '--stdin', 'hi'], 'exclude one another'],
    [['send', '--to', 'bob', 'hi', '--client-msg-id', 'has space'], '--client-msg-id has'],
    [['history', '--with', 'bob', '--from', '0'], 'whole number'],
    [['history', '--with', 'bob', '--limit', '1e309'], 'whole number'],
    [['edit', '--to', 'bob', 'x'], '--seq'],
    [['edit', '--to', 'bob', '--seq', '0', 'x'], 'whole number'],
    [['edit', '--seq', '1', 'x', '--version', '2'], '--to NAME'],
    [['react', '--to', 'bob', '--seq', '1'], 'emoji'],
    [['reply', '--to', 'bob', '--conversation', '1', '--seq', '1', 'x'], 'exclude one another'],
    [['serve', '--port', '65536'], 'from 0 to 65535'],
    [['migrate', '--copies', '0'], 'from 1 to 99'],
    [['whoami', '--profile', '../x'], "profile's name"],
    [['register', 'ada', '--url', 'ftp://x'], 'http://'],
    [['register', 'ada', '--url', 'http://127.0.0.1:1'], '--password-stdin'],
    [['chat', '--to', 'bob'], 'terminal'],
    [['group', 'role', 'bob', 'king', '--conversation', '1'], 'owner, admin or member'],
    [['group', 'add', 'bob'], '--conversation'],
    [['group', 'set', '--conversation', '1'], '--public, --private'],
    [['group', 'set', '--conversation', '1', '--public', '--private'], 'exclude one another'],
    [['group', 'set', '--conversation', '1', '--announcements', 'yes'], 'on, off'],
    [['group', 'set', '--conversation', '1', '--slow-mode', '-1'], 'from 0 to 21600'],
    [['send', '--to', 'bob', '--stdin', '--attach', 'x'], 'exclude one another'],
    [['send', '--to', 'bob', '--mention-all', '--mention-here', 'x'], 'exclude one another'],
    [['forward', '--conversation', '1', '--seq', '1'], '--to NAME, or --into ID'],
    [['forward', '--seq', '1', '--to', 'bob'], '--with NAME'],
    [['forward', '--with', 'cy', '--seq', '1', '--to', 'bob', '--into', '1'], '--into'],
    [['read'], '--to NAME'],
    [['read', '--to', 'bob', '--unread'], '--seq'],
    [['receipts', '--to', 'bob'], '--seq'],
    [['mute', '--to', 'bob', '--for', 'ever'], '30m'],
    [['mute', '--to', 'bob', '--for', '1h', '--off'], 'exclude one another'],
    [['pin', '--to', 'bob', '--client-msg-id', 'x'], '--seq'],
    [['follow', '--to', 'bob'], '--thread'],
    [['who'], 'name'],
    [['watch', 'bob', '--for', '0'], 'whole number'],
    [['settings', '--read-receipts', 'maybe'], 'on, off'],
    [['settings', '--visibility', 'friends'], 'everyone, contacts, nobody'],
    [['invite'], '--conversation ID'],
    [['invite', '--conversation', '1', '--expires', '31d'], 'at most 30d'],
    [['invite', '--list', '--uses', '1'], 'exclude one another'],
    [['join'], 'parley join CODE'],
    [['join', 'x', '--channel', '1'], 'parley join CODE'],
    [['report', '--to', 'bob', '--seq', '1,', '--reason', 'spam'], 'whole number'],
    [['report', '--to', 'bob', '--seq', '1', '--reason', 'dull'], 'spam, abuse, illegal, other'],
    [['report', '--to', 'bob', '--seq', '1'], '--reason'],
    [['trace'], 'message_id'],
    [[], 'Usage: parley'],
  ])('%j', async (args, words) => {
    const finished = await parley(...args);
    expect(finished.stderr).toContain(words);
    expect(finished.stderr).not.toContain('    at ');
    expect([finished.code, finished.stdout]).toEqual([2, '']);
  });

  test('with --json, wherever it stands, the error is one JSON object', async () => {
    for (const args of [
      ['--json', 'send', '--bogus'],
      ['send', '--bogus', '--json'],
    ]) {
      const finished = await parley(...args);
      expect(finished.code).toBe(2);
      expect(errorOf(finished)).toMatchObject({ code: 'usage', retry: 'no' });
    }
  });

  test('help and version are no errors', async () => {
    const help = await parley('send', '--help');
    expect([help.code, help.stderr]).toEqual([0, '']);
    expect(help.stdout).toContain('--client-msg-id-prefix');
    expect(await parley('--version')).toEqual({ code: 0, stdout: '0.1.0\n', stderr: '' });
  });
});

describe('accounts', () => {
  test('register keeps the sign-in under mode 0600 and prints no token', async () => {
    const finished = await parley(
      'register',
      'ada',
      '--url',
      `${url}/`,
      '--profile',
      'p',
      '--password-stdin',
      '--json',
    );
    expect([finished.code, finished.stderr]).toEqual([0, '']);
    expect(parseObject(finished.stdout)).toEqual({
      user_id: '11',
      name: 'ada',
      device_id: '31',
      url,
      profile: 'p',
    });
    const path = join(configDir, 'profiles', 'p.json');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readFile(path, 'utf8')).toContain(TOKEN);
    const who = await parley('whoami', '--profile', 'p');
    expect(who.stdout).toContain('ada');
    expect(who.stdout + finished.stdout).not.toContain(TOKEN);
  });

  test('a refusal ends with exit code 1 and its code', async () => {
    const finished = await parley('register', 'taken', '--url', url, '--password-stdin', '--json');
    expect([finished.code, finished.stdout]).toEqual([1, '']);
    expect(errorOf(finished)).toMatchObject({ code: 'name_taken', retry: 'no' });
    expect((await parley('register', 'taken', '--url', url, '--password-stdin')).stderr).toBe(
      'Another user has this name.\n',
    );
  });

  test('no server, and a server that is no Parley server, are told apart', async () => {
    const absent = await parley('register', 'ada', '--url', 'http://127.0.0.1:1', '--password-stdin');
    expect([absent.code, absent.stderr]).toEqual([
      1,
      'No server answers at http://127.0.0.1:1. Nothing was changed. Is it running? Start one with: parley serve\n',
    ]);
    const other = await parley('register', 'proxy', '--url', url, '--password-stdin');
    expect([other.code, other.stderr]).toEqual([1, expect.stringContaining('502')]);
  });

  test('an empty password is a usage error', async () => {
    const finished = await runCli(['register', 'ada', '--url', url, '--password-stdin'], {
      configDir,
      input: '\n',
    });
    expect([finished.code, finished.stderr]).toEqual([2, expect.stringContaining('no password')]);
  });

  test('logout forgets a profile whose token was revoked already; without a profile it says how to sign in', async () => {
    await parley('register', 'eve', '--url', url, '--profile', 'gone', '--password-stdin');
    expect((await parley('logout', '--profile', 'gone')).code).toBe(0);
    const again = await parley('logout', '--profile', 'gone');
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('parley login')]);
  });
});

describe('a server that does not answer', () => {
  test('a one-shot command gives up after --timeout with exit code 1, and nothing was done', async () => {
    await parley('register', 'ada', '--url', url, '--profile', 'p', '--password-stdin');
    const finished = await parley('send', '--profile', 'p', '--to', 'bob', 'hi', '--timeout', '1', '--json');
    expect([finished.code, finished.stdout]).toEqual([1, '']);
    expect(errorOf(finished)).toMatchObject({
      code: 'unreachable',
      retry: 'later',
      message: expect.stringContaining('Nothing was done'),
    });
  });
});
