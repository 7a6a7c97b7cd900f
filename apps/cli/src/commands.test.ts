// Every command against a real server, as scripts use them: the fields, the order, the exit codes.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jsonLines, parseObject, runCli, startCli, type Finished } from './test/run-cli.ts';

// Real processes on a machine that may be busy; nothing here asserts how fast they are.
setDefaultTimeout(60_000);

let folder: string;
let url: string;
let server: ReturnType<typeof startCli>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-commands-'));
  server = startCli(['serve', '--port', '0', '--data', join(folder, 'data'), '--json'], {
    configDir: folder,
  });
  const ready = await nextLine(jsonLines(server.stdout));
  expect(ready).toMatchObject({ ready: true, pid: server.pid });
  url = String(ready['url']);
  for (const name of ['ada', 'bob', 'cy']) {
    const args = ['register', name, '--url', url, '--profile', name, '--password-stdin'];
    expect(await runCli(args, { configDir: folder, input: 'correct horse\n' })).toMatchObject({
      code: 0,
      stderr: '',
    });
  }
});
afterAll(async () => {
  server.kill('SIGTERM');
  expect(await server.exited).toBe(0);
  await rm(folder, { recursive: true, force: true });
});

type Line = Record<string, unknown>;

async function nextLine(lines: AsyncGenerator<Line, void>): Promise<Line> {
  const next = await lines.next();
  if (next.done === true) throw new Error('the output ended');
  return next.value;
}

/** `parley COMMAND … --profile NAME --json` */
async function as(name: string, args: readonly string[], input = ''): Promise<Finished & { lines: Line[] }> {
  const finished = await runCli([...args, '--profile', name, '--json'], { configDir: folder, input });
  return { ...finished, lines: finished.stdout.split('\n').filter(Boolean).map(parseObject) };
}

describe('send and history', () => {
  test('a sent message is in the history of both, with the same numbers', async () => {
    const sent = await as('ada', ['send', '--to', 'bob', 'Hello \u001b[2J', '--client-msg-id', 'k-1']);
    expect(sent).toMatchObject({ code: 0, stderr: '' });
    const { lines } = await as('bob', ['history', '--with', 'ada']);
    expect(lines[0]).toMatchObject({
      ...sent.lines[0],
      kind: 'message',
      sender: 'ada',
      text: 'Hello \u001b[2J',
      client_msg_id: 'k-1',
    });
    const plain = await runCli(['history', '--with', 'ada', '--profile', 'bob'], { configDir: folder });
    expect(plain.stdout).toContain('ada: Hello ␛[2J');
    expect(plain.stdout).not.toContain('\u001b');
  });

  test('the same client_msg_id makes no second message, and another text under it is refused', async () => {
    const args = ['send', '--to', 'bob', 'once', '--client-msg-id', 'k-2'];
    const [first, second] = [await as('ada', args), await as('ada', args)];
    expect(second.lines).toEqual(first.lines);
    const other = await as('ada', ['send', '--to', 'bob', 'twice', '--client-msg-id', 'k-2']);
    expect([other.code, other.stdout]).toEqual([1, '']);
    expect(parseObject(other.stderr)['error']).toMatchObject({ code: 'id_reused', retry: 'no' });
  });

  test('--stdin: one result a line in order; a bad line fails alone, and a second run adds nothing', async () => {
    const input = `one\n\n${'x'.repeat(8001)}\ntwo\r\nthree`;
    const args = ['send', '--to', 'cy', '--stdin', '--client-msg-id-prefix', 'run'];
    const first = await as('ada', args, input);
    expect(first.code).toBe(1);
    expect(first.lines).toMatchObject([
      { line: 1, seq: 1, client_msg_id: 'run-1' },
      { line: 3, error: { code: 'invalid_field', retry: 'no' } },
      { line: 4, seq: 2 },
      { line: 5, seq: 3 },
    ]);
    expect(parseObject(first.stderr)['error']).toMatchObject({
      line: 3,
      message: expect.stringContaining('Line 3'),
    });
    expect((await as('ada', args, input)).lines).toEqual(first.lines);
    const { lines } = await as('cy', ['history', '--with', 'ada']);
    expect(lines.map((line) => line['text'])).toEqual(['one', 'two', 'three']);
  });

  test('--from is the first shown, --limit alone the last, both the first from there', async () => {
    const seqs = async (...args: readonly string[]): Promise<unknown[]> =>
      (await as('cy', ['history', '--with', 'ada', ...args])).lines.map((line) => line['seq']);
    expect(await seqs('--from', '2')).toEqual([2, 3]);
    expect(await seqs('--limit', '2')).toEqual([2, 3]);
    expect(await seqs('--from', '1', '--limit', '2')).toEqual([1, 2]);
    expect(await seqs('--from', '9')).toEqual([]);
  });

  test('an unknown user is refused by name', async () => {
    for (const args of [
      ['send', '--to', 'nobody', 'hi'],
      ['history', '--with', 'nobody'],
      ['history', '--with', 'No body'],
    ]) {
      const finished = await as('ada', args);
      expect([finished.code, parseObject(finished.stderr)['error']]).toEqual([
        1,
        expect.objectContaining({ code: 'not_found', message: expect.stringContaining(`"${args[2]}"`) }),
      ]);
    }
  });

  test('history with somebody to whom nothing was said yet says so, and begins no conversation', async () => {
    const args = ['history', '--with', 'bob', '--profile', 'cy'];
    const plain = await runCli(args, { configDir: folder });
    expect(plain).toEqual({ code: 0, stdout: '', stderr: 'No messages with bob yet.\n' });
    expect(await runCli([...args, '--json'], { configDir: folder })).toEqual({
      code: 0,
      stdout: '',
      stderr: '',
    });
    const { lines } = await as('cy', ['conversations']);
    expect(lines.map((line) => line['peer'])).toEqual([expect.objectContaining({ name: 'ada' })]);
  });
});

describe('groups', () => {
  test('create, add, rename, role, remove, leave, members and list', async () => {
    const created = await as('ada', ['group', 'create', 'Team', '--member', 'bob', '--history', 'all']);
    const id = String(created.lines[0]?.['conversation_id']);
    const change = (name: string, ...args: readonly string[]): ReturnType<typeof as> =>
      as(name, ['group', ...args, '--conversation', id]);
    expect((await change('ada', 'add', 'cy')).lines).toMatchObject([{ conversation_id: id, seq: 2 }]);
    expect((await change('ada', 'rename', 'Crew')).lines).toMatchObject([{ seq: 3 }]);
    expect((await change('ada', 'role', 'bob', 'admin')).lines).toMatchObject([{ seq: 4 }]);
    expect((await change('bob', 'remove', 'cy')).lines).toMatchObject([{ seq: 5 }]);
    expect((await change('ada', 'leave')).lines).toMatchObject([{ seq: 6 }]);
    expect((await change('bob', 'members')).lines).toMatchObject([{ name: 'bob', role: 'owner' }]);
    expect((await as('bob', ['group', 'list'])).lines).toMatchObject([
      { conversation_id: id, title: 'Crew', kind: 'group' },
    ]);
    const forbidden = await change('cy', 'rename', 'Mine');
    expect([forbidden.code, parseObject(forbidden.stderr)['error']]).toMatchObject([1, { retry: 'no' }]);
    const { lines } = await as('bob', ['history', '--conversation', 'Crew']);
    expect(lines).toMatchObject([
      { seq: 1, kind: 'group_created', title: 'Team', members: [{ name: 'ada' }, { name: 'bob' }] },
      { seq: 2, kind: 'members_added', members: [{ name: 'cy', role: 'member' }] },
      { seq: 3, kind: 'group_renamed', title: 'Crew' },
      { seq: 4, kind: 'role_changed', name: 'bob', role: 'admin' },
      { seq: 5, kind: 'member_removed', sender: 'bob', name: 'cy' },
      { seq: 6, kind: 'member_left', sender: 'ada', new_owner_name: 'bob' },
    ]);
  });
});

test('one is one in words, and a hint names the profile', async () => {
  const created = await runCli(['group', 'create', 'Alone', '--profile', 'cy'], { configDir: folder });
  expect(created.stdout).toMatch(
    /^Created "Alone" with 1 member\.\nTry: parley chat --conversation \d+ --profile cy\n$/,
  );
  const list = await runCli(['group', 'list', '--profile', 'cy'], { configDir: folder });
  expect(list.stdout).toContain('Alone  (1 member, you are owner, 1 entry');
});

describe('tail', () => {
  test('what was missed, then queue_empty, then live; on SIGTERM it ends with 0 and repeats nothing later', async () => {
    const conversation = (await as('cy', ['send', '--to', 'bob', 'missed'])).lines[0]?.['conversation_id'];
    const tail = startCli(['tail', '--profile', 'bob', '--json'], { configDir: folder });
    const lines = jsonLines(tail.stdout);
    const until = async (
      matches: (line: Record<string, unknown>) => boolean,
    ): Promise<Record<string, unknown>[]> => {
      const seen: Record<string, unknown>[] = [];
      for (;;) {
        const { value } = await lines.next();
        if (value === undefined) throw new Error('tail ended');
        seen.push(value);
        if (matches(value)) return seen;
      }
    };
    const missed = await until((line) => line['queue_empty'] === true);
    expect(missed.filter((line) => line['conversation_id'] === conversation)).toMatchObject([
      { seq: 1, text: 'missed', sender: 'cy' },
    ]);
    await as('cy', ['send', '--to', 'bob', 'live']);
    expect(await until((line) => line['text'] === 'live')).toHaveLength(1);
    tail.kill('SIGTERM');
    expect(await tail.exited).toBe(0);
    const again = startCli(['tail', '--profile', 'bob', '--json'], { configDir: folder });
    expect(await nextLine(jsonLines(again.stdout))).toEqual({ queue_empty: true });
    again.kill('SIGINT');
    expect(await again.exited).toBe(0);
  });

  test('without its reader it ends by itself, with 0', async () => {
    const main = join(import.meta.dir, 'main.ts');
    const script = `"$0" "$1" tail --profile ada --json | head -n 1 >/dev/null; "$0" "$1" send --profile cy --to ada x >/dev/null`;
    const child = Bun.spawn(['bash', '-c', `set -o pipefail; ${script}`, process.execPath, main], {
      env: { HOME: folder, PARLEY_CONFIG_DIR: folder },
    });
    // `head` is gone after the first line; the next line that tail writes ends it.
    for (const text of ['a', 'b', 'c', 'd']) await as('cy', ['send', '--to', 'ada', text]);
    expect(await child.exited).toBe(0);
  });
});

describe('serve', () => {
  test('a second server on the folder is refused, and says what to do', async () => {
    const second = await runCli(['serve', '--port', '0', '--data', join(folder, 'data'), '--json'], {
      configDir: folder,
    });
    expect([second.code, second.stdout]).toEqual([1, '']);
    expect(parseObject(second.stderr)['error']).toMatchObject({
      code: 'folder_in_use',
      message: expect.stringContaining('--data'),
    });
  });

  test('a port that is in use is refused, and says what to do', async () => {
    const args = ['serve', '--port', String(new URL(url).port), '--data', join(folder, 'other')];
    const second = await runCli(args, { configDir: folder });
    expect([second.code, second.stderr]).toEqual([1, expect.stringContaining('--port')]);
  });
});

describe('edit, delete, react, reply, pin', () => {
  let id = '';
  const change = (name: string, ...args: readonly string[]): ReturnType<typeof as> =>
    as(name, [...args, '--conversation', id]);
  const code = ({ stderr }: Finished): unknown => Object(parseObject(stderr)['error']);

  test('each answers with its entry; history shows the message as it is, --log shows every entry', async () => {
    const created = await as('ada', ['group', 'create', 'Changes', '--member', 'bob']);
    id = String(created.lines[0]?.['conversation_id']);
    expect((await change('ada', 'send', 'one')).lines).toMatchObject([{ seq: 2 }]);
    const reply = await change('bob', 'reply', '--seq', '2', 'two', '--client-msg-id', 'r-1');
    expect(Object.keys(reply.lines[0] ?? {}).toSorted()).toEqual(
      ['at', 'client_msg_id', 'conversation_id', 'message_id', 'seq'].toSorted(),
    );
    expect(reply.lines).toMatchObject([{ seq: 3, client_msg_id: 'r-1' }]);
    expect((await change('ada', 'edit', '--seq', '2', 'ONE', '--client-msg-id', 'e-1')).lines).toEqual([
      { seq: 4, version: 4 },
    ]);
    // The same id again is the same edit.
    expect((await change('ada', 'edit', '--seq', '2', 'ONE', '--client-msg-id', 'e-1')).lines).toEqual([
      { seq: 4, version: 4 },
    ]);
    expect((await change('bob', 'react', '--seq', '2', '👍')).lines).toEqual([{ seq: 5 }]);
    expect((await change('ada', 'pin', '--seq', '3')).lines).toEqual([{ seq: 6 }]);
    expect((await change('bob', 'history')).lines).toMatchObject([
      { seq: 1, kind: 'group_created' },
      {
        seq: 2,
        text: 'ONE',
        version: 4,
        deleted: false,
        reactions: [{ emoji: '👍', count: 1, users: ['bob'] }],
      },
      { seq: 3, text: 'two', reply_to: 2, pinned: true, version: 3, reactions: [] },
    ]);
    expect((await change('bob', 'history', '--limit', '1')).lines).toMatchObject([{ seq: 3 }]);
    expect((await change('bob', 'history', '--log')).lines).toMatchObject([
      { seq: 1, kind: 'group_created' },
      { seq: 2, kind: 'message', text: 'one' },
      { seq: 3, kind: 'message', reply_to: 2 },
      { seq: 4, kind: 'message_edited', target: 2, text: 'ONE' },
      { seq: 5, kind: 'reaction_added', target: 2, emoji: '👍' },
      { seq: 6, kind: 'message_pinned', target: 3 },
    ]);
    const plain = await runCli(['history', '--conversation', id, '--profile', 'bob'], { configDir: folder });
    expect(plain.stdout).toContain('ada: ONE  (edited)  👍 1\n    ↪ ada: ONE\n');
  });

  test('refusals: a stale version names the present one; others may not; twice is once too often', async () => {
    expect(code(await change('ada', 'edit', '--seq', '2', 'x', '--version', '2'))).toMatchObject({
      code: 'stale_version',
      version: 4,
      retry: 'no',
    });
    expect(code(await change('bob', 'edit', '--seq', '2', 'x'))).toMatchObject({ code: 'forbidden' });
    expect(code(await change('bob', 'react', '--seq', '2', '👍'))).toMatchObject({ code: 'invalid_field' });
    expect(code(await change('ada', 'edit', '--seq', '4', 'x'))).toMatchObject({ code: 'not_found' });
  });

  test('--remove takes back; delete is for good, and its text is nowhere', async () => {
    expect((await change('bob', 'react', '--seq', '2', '👍', '--remove')).lines).toEqual([{ seq: 7 }]);
    expect((await change('ada', 'pin', '--seq', '3', '--remove')).lines).toEqual([{ seq: 8 }]);
    expect((await change('ada', 'delete', '--seq', '2')).lines).toEqual([{ seq: 9 }]);
    expect(code(await change('ada', 'delete', '--seq', '2'))).toMatchObject({ code: 'deleted' });
    const now = await change('bob', 'history', '--from', '2');
    expect(now.lines).toMatchObject([{ seq: 2, deleted: true, reactions: [] }, { seq: 3 }]);
    expect(now.lines[0]).not.toContainKey('text');
    const log = await change('bob', 'history', '--log');
    expect(log.stdout + now.stdout).not.toMatch(/"one"|"ONE"/i);
    expect(log.lines.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });
});

describe('audit', () => {
  test('finds nothing wrong in the data of the running server', async () => {
    const finished = await runCli(['audit', '--data', join(folder, 'data'), '--json'], { configDir: folder });
    expect([finished.code, finished.stderr]).toEqual([0, '']);
    expect(parseObject(finished.stdout)).toMatchObject({
      ok: true,
      holes: 0,
      duplicate_seqs: 0,
      duplicate_message_ids: 0,
      inbox_behind: 0,
    });
  });

  test('a folder without data is refused', async () => {
    const finished = await runCli(['audit', '--data', join(folder, 'nothing')], { configDir: folder });
    expect([finished.code, finished.stderr]).toEqual([1, expect.stringContaining('no Parley data')]);
  });
});
