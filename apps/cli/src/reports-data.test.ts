// parley reports --data against the folder of a real server: what its operator reads without a sign-in.
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jsonLines, parseObject, runCli, startCli } from './test/run-cli.ts';

// Real processes on a machine that may be busy; nothing here asserts how fast they are.
setDefaultTimeout(60_000);

let folder: string;
let server: ReturnType<typeof startCli>;
let sent: Record<string, unknown>;

const cli = (...args: string[]) => runCli(args, { configDir: folder });
const data = () => join(folder, 'data');

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-reports-'));
  server = startCli(['serve', '--port', '0', '--data', data(), '--json'], { configDir: folder });
  const ready = await jsonLines(server.stdout).next();
  if (ready.done === true) throw new Error('the server did not start');
  for (const name of ['ada', 'bob']) {
    const args = [
      'register',
      name,
      '--url',
      String(ready.value['url']),
      '--profile',
      name,
      '--password-stdin',
    ];
    await runCli(args, { configDir: folder, input: 'correct horse\n' });
  }
  const said = await cli('send', '--to', 'bob', 'Buy this\u001b[2J', '--profile', 'ada', '--json');
  sent = parseObject(said.stdout);
  const about = ['--to', 'ada', '--seq', '1', '--reason', 'spam', '--note', 'twice'];
  const reported = await cli('report', ...about, '--profile', 'bob', '--json');
  expect([reported.code, reported.stderr]).toEqual([0, '']);
});
afterAll(async () => {
  server.kill('SIGTERM');
  expect(await server.exited).toBe(0);
  await rm(folder, { recursive: true, force: true });
});

test('[REPORT-2] the operator reads a report of a direct conversation, also while the server runs', async () => {
  const finished = await cli('reports', '--data', data(), '--json');
  expect([finished.code, finished.stderr]).toEqual([0, '']);
  expect(parseObject(finished.stdout)).toMatchObject({
    conversation_id: sent['conversation_id'],
    reporter: 'bob',
    reason: 'spam',
    note: 'twice',
    entries: [{ seq: 1, kind: 'message', sender: 'ada', text: 'Buy this\u001b[2J' }],
  });
  const shown = await cli('reports', '--data', data());
  expect(shown.stdout).toMatch(/by bob: spam: twice\n/);
  expect(shown.stdout).toContain('ada: Buy this');
  expect(shown.stdout).not.toContain('\u001b[2J');
});

test('[REPORT-2] those of one conversation, and of one without any', async () => {
  const of = (id: string) => cli('reports', '--data', data(), '--conversation', id);
  expect((await of(String(sent['conversation_id']))).stdout).toContain('spam');
  expect(await of('7')).toMatchObject({ code: 0, stdout: 'Nothing was reported.\n' });
});

test('[REPORT-2] a data folder is only read: closing, titles and a folder without data are refused', async () => {
  expect(await cli('reports', '--data', data(), '--close', '7')).toMatchObject({ code: 2, stdout: '' });
  expect(await cli('reports', '--data', data(), '--conversation', 'A title')).toMatchObject({ code: 2 });
  const nothing = await cli('reports', '--data', join(folder, 'nothing'));
  expect([nothing.code, nothing.stderr]).toEqual([1, expect.stringContaining('no Parley data')]);
});
