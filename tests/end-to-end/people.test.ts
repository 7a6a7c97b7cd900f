// Who is there, whom one keeps away, and one's devices, as scripts see it, with kills of the server in between.
import { describe, expect, test } from 'bun:test';
import { fileURLToPath } from 'node:url';
import { castPerTest } from './lib/cast.ts';
import { cleanEnvironment, parse, passwordOf } from './lib/parley.ts';
import { within } from './lib/poll.ts';
import { TerminalProgram } from './lib/terminal.ts';

const LAUNCHER = fileURLToPath(new URL('../../apps/cli/bin/parley', import.meta.url));

const cast = castPerTest();
const at = expect.any(Number);

describe('who is there', () => {
  test('[PRES-1] [PRES-2] [PRES-6] watch: the snapshot, then each change; contacts survive a kill', async () => {
    expect(await cast().as('ada', 'who', 'bob', 'cy')).toMatchObject([
      { user: 'bob', state: 'offline' },
      { user: 'cy', state: 'offline' },
    ]);
    const watch = cast().parley.spawn(['watch', 'bob', 'cy', '--profile', 'ada', '--json']);
    const sees = (user: string, state: string): Promise<string> =>
      watch.line(
        `${user} is ${state}`,
        (line) => line.includes(`{"user":"${user}","state":"${state}"`) && line,
      );
    await sees('bob', 'offline');
    await sees('cy', 'offline');
    const tail = cast().parley.spawn(['tail', '--profile', 'bob', '--json']);
    await sees('bob', 'online');
    expect(await cast().as('ada', 'who', 'bob')).toEqual([{ user: 'bob', state: 'online' }]);
    tail.signal('SIGTERM');
    await tail.exited;
    // A sign-out counts at once, and says when.
    await cast().as('bob', 'logout');
    await watch.line('bob was last seen', (line) => {
      const { user, state, last_seen } = parse(line);
      return user === 'bob' && state === 'offline' && typeof last_seen === 'number';
    });
    watch.signal('SIGTERM');
    expect((await watch.exited).code).toBe(0);
    // When users were last there is stored every few seconds: what a stop stored, a kill cannot take away.
    await cast().restart();
    await cast().crash();
    expect((await cast().as('ada', 'contacts')).map(({ user }) => user)).toEqual(['bob', 'cy']);
    expect(await cast().as('ada', 'who', 'bob')).toEqual([{ user: 'bob', state: 'offline', last_seen: at }]);
    expect(await cast().as('ada', 'unwatch', 'bob')).toEqual([{ user: 'bob', watched: false }]);
    expect((await cast().as('ada', 'contacts')).map(({ user }) => user)).toEqual(['cy']);
    expect(await cast().refused('ada', 'watch', 'nobody')).toMatchObject({ code: 'not_found', exit: 1 });
    expect(await cast().as('ada', 'watch', 'cy', '--for', '1')).toMatchObject([
      { user: 'cy', state: 'offline' },
    ]);
  });

  test('[PRES-5] whom a visibility leaves out sees nobody there', async () => {
    await cast().as('bob', 'settings', '--visibility', 'contacts');
    await cast().crash();
    const tail = cast().parley.spawn(['tail', '--profile', 'bob', '--json']);
    await tail.line('the end of the queue', (line) => line === '{"queue_empty":true}');
    expect(await cast().as('ada', 'who', 'bob')).toEqual([{ user: 'bob', state: 'offline' }]);
    await cast().as('bob', 'watch', 'ada', '--for', '1');
    expect(await cast().as('ada', 'who', 'bob')).toEqual([{ user: 'bob', state: 'online' }]);
  });

  test('[TYPING-1] typing is shown in the chat of the other, and ends with a message', async () => {
    await cast().as('ada', 'send', '--to', 'bob', 'one');
    const environment = { ...cleanEnvironment(), PARLEY_CONFIG_DIR: cast().parley.configDir };
    const command = [LAUNCHER, 'chat', '--profile', 'ada', '--to', 'bob'];
    const chat = new TerminalProgram(cast().scope, command, environment);
    await chat.shows('one');
    const [typing] = await cast().as('bob', 'typing', '--to', 'ada');
    expect(typing).toEqual({ conversation_id: expect.stringMatching(/^\d+$/), typing: true });
    await chat.shows('bob is writing…');
    // What the chat shows is read.
    await cast().as('bob', 'send', '--to', 'ada', 'two');
    await chat.shows('two');
    chat.type('/quit\r');
    expect(await within('ada leaves', chat.exited)).toBe(0);
    expect(await cast().as('bob', 'receipts', '--to', 'ada', '--seq', '2')).toMatchObject([
      { read_count: 1 },
    ]);
  });
});

test('[BLOCK-1] [BLOCK-2] a blocked user is kept away until unblocked, also over a kill', async () => {
  await cast().as('ada', 'send', '--to', 'bob', 'one');
  expect(await cast().as('bob', 'block', 'ada')).toEqual([{ user: 'ada', blocked: true }]);
  await cast().crash();
  expect(await cast().as('bob', 'blocked')).toEqual([
    { user: 'ada', user_id: expect.stringMatching(/^\d+$/) },
  ]);
  expect(await cast().refused('ada', 'send', '--to', 'bob', 'two')).toMatchObject({
    code: 'blocked',
    retry: 'no',
    exit: 1,
  });
  expect(await cast().as('bob', 'unblock', 'ada')).toEqual([{ user: 'ada', blocked: false }]);
  expect(await cast().as('bob', 'blocked')).toEqual([]);
  expect(await cast().as('ada', 'send', '--to', 'bob', 'two')).toMatchObject([{ seq: 2 }]);
});

test('[USER-2] devices lists them; --revoke signs one out for good', async () => {
  const login = ['login', 'ada', '--url', cast().server.url, '--profile', 'ada2', '--password-stdin'];
  const [second] = await cast().parley.json([...login, '--device-name', 'laptop'], `${passwordOf('ada')}\n`);
  const device_id = String(second?.['device_id']);
  const devices = await cast().as('ada', 'devices');
  expect(devices).toContainEqual({
    device_id,
    name: 'laptop',
    created_at: at,
    connected: false,
    current: false,
  });
  expect(devices.filter(({ current }) => current === true)).toHaveLength(1);
  expect(await cast().as('ada', 'devices', '--revoke', device_id)).toEqual([{ device_id, revoked: true }]);
  await cast().crash();
  expect(await cast().as('ada', 'devices')).toHaveLength(1);
  expect(await cast().refused('ada2', 'conversations')).toMatchObject({
    code: 'invalid_credentials',
    exit: 1,
  });
  expect(await cast().refused('ada', 'devices', '--revoke', 'laptop')).toMatchObject({
    field: 'device_id',
    exit: 1,
  });
});
