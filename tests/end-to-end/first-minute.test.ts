// The first minute as the README tells it: its own commands, run by the launcher that `npx parley` runs.
import { beforeEach, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { cleanEnvironment, Parley, parse } from './lib/parley.ts';
import { within } from './lib/poll.ts';
import { ServerProcess } from './lib/server-process.ts';
import { TerminalProgram } from './lib/terminal.ts';
import { scopePerTest } from './lib/test-scope.ts';

const README = fileURLToPath(new URL('../../README.md', import.meta.url));
const LAUNCHER = fileURLToPath(new URL('../../apps/cli/bin/parley', import.meta.url));

const scope = scopePerTest();
let parley: Parley;
let server: ServerProcess;

beforeEach(async () => {
  parley = new Parley(scope());
  server = await ServerProcess.start(parley, { directory: scope().folder() });
});

/** The commands of the README's first chat, for this server and launcher. */
function firstChat(): string[] {
  const block = /## A first chat[^]*?```sh\n([^]*?)```/.exec(readFileSync(README, 'utf8'))?.[1] ?? '';
  return block
    .trim()
    .split('\n')
    .map((line) => line.replaceAll('npx parley', LAUNCHER).replaceAll('http://127.0.0.1:8080', server.url));
}

function environment(): Record<string, string> {
  return { ...cleanEnvironment(), PARLEY_CONFIG_DIR: parley.configDir };
}

async function shell(command: string): Promise<string> {
  const child = scope().spawn({ command: ['sh', '-c', command], env: environment() });
  await child.endInput();
  const { code } = await within(command, child.exited);
  expect([command, code, child.stderr]).toEqual([command, 0, '']);
  return child.stdout;
}

test('the README leads to a first chat', async () => {
  const commands = firstChat();
  const chat = commands.findIndex((line) => line.includes(' chat '));
  expect(chat).toBeGreaterThan(2);
  for (const command of commands.slice(0, chat)) await shell(command);

  const [bobs, adas] = commands[chat]?.match(/\S+ chat --profile \w+ --to \w+/g) ?? [];
  const bob = new TerminalProgram(scope(), ['sh', '-c', `exec ${bobs?.trim()}`], environment());
  await bob.shows('Hello, Bob!');
  const ada = new TerminalProgram(scope(), ['sh', '-c', `exec ${adas?.trim()}`], environment());
  await ada.shows('Hello, Bob!');
  bob.type('Good to see you.\r');
  await ada.shows('Good to see you.');
  ada.type('And you — ça va? 👋\r');
  await bob.shows('And you — ça va? 👋');
  for (const person of [ada, bob]) person.type('/quit\r');
  expect(await within('both leave', Promise.all([ada.exited, bob.exited]))).toEqual([0, 0]);

  const history = await parley.json(['history', '--profile', 'ada', '--with', 'bob']);
  expect(history.map(({ seq, sender, text }) => [seq, sender, text])).toEqual([
    [1, 'ada', 'Hello, Bob!'],
    [2, 'bob', 'Good to see you.'],
    [3, 'ada', 'And you — ça va? 👋'],
  ]);
});

test('what a script relies on: send, history, tail and a group, one JSON object a line', async () => {
  for (const name of ['ada', 'bob', 'cyd']) await parley.register(name, server.url);
  const [sent] = await parley.json([
    'send',
    '--profile',
    'ada',
    '--to',
    'bob',
    'one',
    '--client-msg-id',
    'x-1',
  ]);
  expect(sent).toEqual({
    conversation_id: expect.stringMatching(/^\d+$/),
    seq: 1,
    message_id: expect.stringMatching(/^\d+$/),
    client_msg_id: 'x-1',
    at: expect.any(Number),
  });
  // The same id once more: the same message.
  expect(
    await parley.json(['send', '--profile', 'ada', '--to', 'bob', 'one', '--client-msg-id', 'x-1']),
  ).toEqual([sent!]);

  const created = await parley.json([
    'group',
    'create',
    'Trio',
    '--profile',
    'ada',
    '--member',
    'bob',
    '--member',
    'cyd',
  ]);
  const group = String(created[0]?.['conversation_id']);
  const three = await parley.json(
    ['send', '--profile', 'cyd', '--conversation', group, '--stdin'],
    'a\nb\nc\n',
  );
  expect(three.map(({ seq }) => seq)).toEqual([2, 3, 4]);
  const part = await parley.json([
    'history',
    '--profile',
    'bob',
    '--conversation',
    group,
    '--from',
    '2',
    '--limit',
    '2',
  ]);
  expect(part.map(({ seq, kind, sender, text }) => [seq, kind, sender, text])).toEqual([
    [2, 'message', 'cyd', 'a'],
    [3, 'message', 'cyd', 'b'],
  ]);

  const tail = parley.spawn(['tail', '--profile', 'bob', '--json']);
  await tail.line('the end of the queue', (line) => line === '{"queue_empty":true}');
  // What was missed in both conversations, before the end of the queue, in order in each.
  const missed = tail.lines.slice(0, -1).map(parse);
  expect(missed.length).toBe(5);
  expect(missed.filter((entry) => entry['conversation_id'] === group).map(({ seq }) => seq)).toEqual([
    1, 2, 3, 4,
  ]);
  await parley.json(['send', '--profile', 'ada', '--conversation', group, 'live']);
  await tail.line('a live message', (line) => line.includes('"text":"live"'));
  tail.signal('SIGTERM');
  expect((await tail.exited).code).toBe(0);
});

test('exit codes and errors: 1 when refused, 2 for wrong use, on standard error', async () => {
  await parley.register('ada', server.url);
  const refused = await parley.run(['send', '--profile', 'ada', '--to', 'nobody', 'x', '--json']);
  expect([refused.code, refused.stdout]).toEqual([1, '']);
  expect(parse(refused.stderr)).toMatchObject({ error: { code: 'not_found', message: expect.any(String) } });
  const wrong = await parley.run(['send', '--profile', 'ada', '--json']);
  expect([wrong.code, wrong.stdout]).toEqual([2, '']);
  expect((await parley.run(['frobnicate'])).code).toBe(2);
  const twice = await parley.run(
    ['register', 'ada', '--url', server.url, '--profile', 'other', '--password-stdin', '--json'],
    'a fine password 2\n',
  );
  expect(twice.code).toBe(1);
  expect(parse(twice.stderr)).toMatchObject({ error: { code: 'name_taken' } });
});
