// Messages that change, as people and scripts see it: in two chats, in a tail, and in the history afterwards.
import { beforeEach, expect, test } from 'bun:test';
import { fileURLToPath } from 'node:url';
import { cleanEnvironment, Parley, parse } from './lib/parley.ts';
import { within } from './lib/poll.ts';
import { ServerProcess } from './lib/server-process.ts';
import { TerminalProgram } from './lib/terminal.ts';
import { scopePerTest } from './lib/test-scope.ts';

const LAUNCHER = fileURLToPath(new URL('../../apps/cli/bin/parley', import.meta.url));

const scope = scopePerTest();
let parley: Parley;
let server: ServerProcess;

beforeEach(async () => {
  parley = new Parley(scope());
  server = await ServerProcess.start(parley, { directory: scope().folder() });
  for (const name of ['ada', 'bob']) await parley.register(name, server.url);
});

function chat(profile: string, to: string): TerminalProgram {
  const environment = { ...cleanEnvironment(), PARLEY_CONFIG_DIR: parley.configDir };
  return new TerminalProgram(scope(), [LAUNCHER, 'chat', '--profile', profile, '--to', to], environment);
}

test('/reply, /edit, /react and /delete in a chat are one quiet line in the other', async () => {
  await parley.json(['send', '--profile', 'ada', '--to', 'bob', 'Tea at five?']);
  const [ada, bob] = [chat('ada', 'bob'), chat('bob', 'ada')];
  await bob.shows('Tea at five?');
  await ada.shows('Tea at five?');
  bob.type('/numbers\r');
  await bob.shows('1 ');
  bob.type('/reply 1 Gladly.\r');
  await ada.shows('↪ ada: Tea at five?');
  await ada.shows('Gladly.');
  bob.type('/react 1 👍\r');
  await ada.shows('bob reacted 👍 to message 1');
  ada.type('/edit 1 Tea at six?\r');
  await bob.shows('ada edited message 1: Tea at six?');
  bob.type('/edit 1 mine now\r');
  await bob.shows('author');
  bob.type('/edit\r');
  await bob.shows('/edit N TEXT');
  bob.type('/delete 2\r');
  await ada.shows('bob deleted message 2');
  for (const person of [ada, bob]) person.type('/quit\r');
  expect(await within('both leave', Promise.all([ada.exited, bob.exited]))).toEqual([0, 0]);

  const again = chat('bob', 'ada');
  await again.shows('Tea at six?');
  await again.shows('(edited)');
  await again.shows('(deleted)');
  again.type('/quit\r');
  expect(await within('bob leaves', again.exited)).toBe(0);
  const history = await parley.json(['history', '--profile', 'ada', '--with', 'bob']);
  expect(history).toMatchObject([
    { seq: 1, text: 'Tea at six?', version: 4, reactions: [{ emoji: '👍', count: 1, users: ['bob'] }] },
    { seq: 2, deleted: true },
  ]);
});

test('[CHANGE-2] tail has every change as an entry, and so has history --log; a kill in between loses none', async () => {
  const say = async (...args: readonly string[]): Promise<unknown> =>
    (await parley.json([...args, '--profile', 'ada', '--to', 'bob']))[0]?.['seq'];
  expect(await say('send', 'one')).toBe(1);
  expect(await say('edit', 'ONE', '--seq', '1')).toBe(2);
  await server.kill();
  await server.restart();
  expect(await say('react', '👍', '--seq', '1')).toBe(3);
  const tail = parley.spawn(['tail', '--profile', 'bob', '--json']);
  await tail.line('the end of the queue', (line) => line === '{"queue_empty":true}');
  expect(await say('pin', '--seq', '1')).toBe(4);
  await tail.line('the pin', (line) => line.includes('message_pinned'));
  const told = tail.lines.filter((line) => parse(line)['seq'] !== undefined);
  const log = await parley.text(['history', '--profile', 'ada', '--with', 'bob', '--log', '--json']);
  expect(told).toEqual(log);
  expect(log.map((line) => parse(line)['kind'])).toEqual([
    'message',
    'message_edited',
    'reaction_added',
    'message_pinned',
  ]);
  tail.signal('SIGTERM');
  expect((await tail.exited).code).toBe(0);
});
