// What people do with messages besides sending them, as scripts do it: each command against a real server, which is
// killed between an answer and the next look.
import { describe, expect, test } from 'bun:test';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { castPerTest } from './lib/cast.ts';
import { type Json, passwordOf } from './lib/parley.ts';
import { until } from './lib/poll.ts';

const cast = castPerTest();
const at = expect.any(Number);

describe('what is read', () => {
  test('[READ-1] [READ-4] read, read --unread, unread, receipts: answered means durable', async () => {
    const [sent] = await cast().as('ada', 'send', '--to', 'bob', 'one');
    const id = String(sent?.['conversation_id']);
    await cast().as('ada', 'send', '--to', 'bob', 'two');
    const counts = (unread: number): Json[] => [{ conversation_id: id, unread, mentions: 0 }];
    expect(await cast().as('bob', 'unread')).toEqual(counts(2));
    expect(await cast().as('bob', 'read', '--to', 'ada', '--seq', '1')).toEqual([{ read_seq: 1 }]);
    await cast().crash();
    expect(await cast().as('bob', 'unread')).toEqual(counts(1));
    expect(await cast().refused('bob', 'read', '--to', 'ada', '--seq', '9')).toMatchObject({
      code: 'invalid_field',
      field: 'seq',
      exit: 1,
    });
    expect(await cast().as('bob', 'read', '--conversation', id)).toEqual([{ read_seq: 2 }]);
    await cast().crash();
    expect(await cast().as('bob', 'unread')).toEqual([]);
    await cast().receive('bob');
    const look = (): Promise<Json[]> => cast().as('ada', 'receipts', '--conversation', id, '--seq', '2');
    const receipts = await until('bob has it', async () => {
      const now = await look();
      return now[0]?.['delivered_count'] === 1 && now;
    });
    expect(receipts).toEqual([
      {
        delivered: [{ user: 'bob', at }],
        read: [{ user: 'bob', at }],
        members: 1,
        delivered_count: 1,
        read_count: 1,
      },
    ]);
    // For oneself alone: what the others see does not move back.
    expect(await cast().as('bob', 'read', '--to', 'ada', '--unread', '--seq', '2')).toEqual([
      { read_seq: 1 },
    ]);
    await cast().crash();
    expect(await cast().as('bob', 'unread')).toEqual(counts(1));
    expect(await cast().as('ada', 'receipts', '--to', 'bob', '--seq', '2')).toEqual(receipts);
    const table = await cast().parley.text(['unread', '--profile', 'bob']);
    expect(table.map((line) => line.trim().split(/\s+/))).toEqual([
      ['CONVERSATION', 'UNREAD', 'MENTIONS', 'WITH'],
      [id, '1', '0', 'ada'],
      ['total', 'of', '1', '1', '0'],
    ]);
  });

  test('[RECEIPT-2] a message that nobody has yet was delivered to nobody; who tails it has it', async () => {
    await cast().as('ada', 'send', '--to', 'bob', 'one');
    const look = (): Promise<Json[]> => cast().as('ada', 'receipts', '--to', 'bob', '--seq', '1');
    expect(await look()).toMatchObject([{ delivered: [], read: [], members: 1, delivered_count: 0 }]);
    await cast().receive('bob');
    // What devices have is stored every few seconds.
    const reached = await until('bob has it', async () => {
      const [now] = await look();
      return now?.['delivered_count'] === 1 && now;
    });
    expect(reached).toMatchObject({ delivered: [{ user: 'bob', at }], read: [], read_count: 0 });
  });

  test('[RECEIPT-4] who turned read receipts off neither shows nor sees them; unread counts go on', async () => {
    await cast().as('ada', 'send', '--to', 'bob', 'one');
    expect(await cast().as('bob', 'settings', '--read-receipts', 'off')).toEqual([
      { read_receipts: false, visibility: 'everyone' },
    ]);
    await cast().crash();
    expect(await cast().as('bob', 'settings')).toEqual([{ read_receipts: false, visibility: 'everyone' }]);
    await cast().as('bob', 'read', '--to', 'ada');
    expect(await cast().as('bob', 'unread')).toEqual([]);
    expect(await cast().as('ada', 'receipts', '--to', 'bob', '--seq', '1')).toMatchObject([
      { read: [], read_count: 0 },
    ]);
  });
});

describe('what a message carries', () => {
  test('[READ-3] --mention, --mention-all and a followed thread count as mentions', async () => {
    const id = await cast().group('bob', 'cy');
    const say = (...args: readonly string[]): Promise<Json[]> =>
      cast().as('ada', 'send', '--conversation', id, ...args);
    await say('to nobody in particular');
    await say('--mention', 'bob', 'you');
    await say('--mention-all', 'all of you');
    const of = async (name: string): Promise<unknown> => (await cast().as(name, 'unread'))[0];
    expect(await of('bob')).toMatchObject({ unread: 3, mentions: 2 });
    expect(await of('cy')).toMatchObject({ unread: 3, mentions: 1 });
    expect(
      await cast().refused('ada', 'send', '--conversation', id, '--mention', 'nobody', 'x'),
    ).toMatchObject({
      code: 'not_found',
      message: expect.stringContaining('"nobody"'),
    });
    expect(await cast().as('cy', 'follow', '--conversation', id, '--thread', '2')).toEqual([
      { conversation_id: id, thread: 2, following: true },
    ]);
    await cast().crash();
    await say('--thread', '2', 'an answer');
    expect(await of('cy')).toMatchObject({ unread: 4, mentions: 2 });
    expect(await cast().as('cy', 'threads')).toEqual([
      { conversation_id: id, thread: 2, replies: 1, last_reply: 5 },
    ]);
    await cast().as('cy', 'follow', '--conversation', id, '--thread', '2', '--off');
    await cast().crash();
    expect(await cast().as('cy', 'threads')).toEqual([]);
    expect(await cast().as('bob', 'history', '--conversation', id, '--from', '3')).toMatchObject([
      { mentions: { users: [{ name: 'bob' }] } },
      { mentions: { everyone: 'all' } },
      { thread: 2, text: 'an answer' },
    ]);
  });

  test('[CONTENT-1] [CONTENT-2] --markdown and --attach; a file that cannot be read sends nothing', async () => {
    const file = join(cast().parley.configDir, 'notes.png');
    writeFileSync(file, 'abc');
    await cast().as('ada', 'send', '--to', 'bob', '--markdown', '--attach', file, 'see **this**');
    expect(await cast().as('bob', 'history', '--with', 'ada')).toMatchObject([
      {
        text: 'see **this**',
        format: 'markdown',
        attachments: [
          {
            name: 'notes.png',
            media_type: 'image/png',
            size_bytes: 3,
            sha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
          },
        ],
      },
    ]);
    expect(await cast().refused('ada', 'send', '--to', 'bob', '--attach', `${file}.gone`, 'x')).toMatchObject(
      {
        code: 'io',
        field: 'attachments',
        exit: 1,
      },
    );
    expect(await cast().as('bob', 'history', '--with', 'ada')).toHaveLength(1);
  });

  test('[SEND-1] forward passes on what the message says now, and says whose it was', async () => {
    const id = await cast().group('bob');
    await cast().as('bob', 'send', '--conversation', id, 'frist');
    await cast().as('bob', 'edit', '--conversation', id, '--seq', '2', 'first');
    const forward = ['forward', '--conversation', id, '--seq', '2', '--to', 'cy', '--client-msg-id', 'f-1'];
    const [sent] = await cast().as('ada', ...forward);
    expect(sent).toMatchObject({ seq: 1, client_msg_id: 'f-1', message_id: expect.any(String), at });
    await cast().crash();
    expect(await cast().as('ada', ...forward)).toEqual([sent!]);
    expect(await cast().as('cy', 'history', '--with', 'ada')).toMatchObject([
      { text: 'first', sender: 'ada', forwarded: { sender: 'bob' } },
    ]);
    const [again] = await cast().as('cy', 'forward', '--with', 'ada', '--seq', '1', '--to', 'bob');
    expect(again).toMatchObject({ seq: 1 });
    const wrong = ['forward', '--conversation', id, '--seq', '2'];
    expect(await cast().refused('ada', ...wrong)).toMatchObject({ code: 'usage', exit: 2 });
  });
});

test('[OWN-1] mute, archive and pin concern the user alone, and survive a kill', async () => {
  const [sent] = await cast().as('ada', 'send', '--to', 'bob', 'one');
  const conversation_id = sent?.['conversation_id'];
  const standing = { conversation_id, read_seq: 0, unread: 1, mentions: 0 };
  const [muted] = await cast().as('bob', 'mute', '--to', 'ada', '--for', '8h');
  expect(muted).toEqual({ ...standing, muted_until: at, archived: false, pinned: false });
  const hours = (Number(muted?.['muted_until']) - Number(sent?.['at'])) / 3_600_000;
  expect(Math.round(hours)).toBe(8);
  await cast().as('bob', 'archive', '--to', 'ada');
  await cast().as('bob', 'pin', '--to', 'ada');
  await cast().crash();
  expect(await cast().as('bob', 'conversations')).toMatchObject([
    { standing: { muted_until: muted?.['muted_until'], archived: true, pinned: true } },
  ]);
  expect((await cast().as('ada', 'conversations'))[0]?.['standing']).not.toContainAnyKeys([
    'archived',
    'pinned',
  ]);
  await cast().as('bob', 'mute', '--to', 'ada', '--off');
  await cast().as('bob', 'archive', '--to', 'ada', '--off');
  expect(await cast().as('bob', 'pin', '--to', 'ada', '--remove')).toEqual([
    { ...standing, archived: false, pinned: false },
  ]);
  expect(await cast().refused('bob', 'mute', '--to', 'ada', '--for', 'soon')).toMatchObject({
    code: 'usage',
    exit: 2,
  });
  expect(await cast().refused('bob', 'mute', '--to', 'cy')).toMatchObject({ code: 'not_found', exit: 1 });
});

test('[OWN-2] delete --for-me takes the message away from one user alone, on all devices', async () => {
  for (const text of ['one', 'two']) await cast().as('ada', 'send', '--to', 'bob', text);
  const login = ['login', 'bob', '--url', cast().server.url, '--profile', 'bob2', '--password-stdin'];
  await cast().parley.json(login, `${passwordOf('bob')}\n`);
  expect(await cast().as('bob', 'delete', '--to', 'ada', '--seq', '1', '--for-me')).toEqual([{ seq: 1 }]);
  await cast().crash();
  for (const profile of ['bob', 'bob2']) {
    expect((await cast().as(profile, 'history', '--with', 'ada')).map(({ seq }) => seq)).toEqual([2]);
    const log = await cast().as(profile, 'history', '--with', 'ada', '--log');
    expect(log.map(({ seq, text, hidden }) => [seq, text, hidden])).toEqual([
      [1, undefined, true],
      [2, 'two', undefined],
    ]);
  }
  expect((await cast().as('ada', 'history', '--with', 'bob')).map(({ text }) => text)).toEqual([
    'one',
    'two',
  ]);
});

test('[TRACE-1] trace tells how a message went, to those who may read it', async () => {
  const [sent] = await cast().as('ada', 'send', '--to', 'bob', 'one');
  const message_id = String(sent?.['message_id']);
  await cast().receive('bob');
  await cast().as('bob', 'read', '--to', 'ada');
  const trace = await until('bob has it', async () => {
    const [now] = await cast().as('ada', 'trace', message_id);
    return now !== undefined && Array.isArray(now['delivered']) && now['delivered'].length === 1 && now;
  });
  expect(trace).toMatchObject({
    message_id,
    conversation_id: sent?.['conversation_id'],
    seq: 1,
    sender: 'ada',
    at: sent?.['at'],
    accepted_at: at,
    durable_at: at,
    delivered: [{ user: 'bob', device_id: expect.stringMatching(/^\d+$/), at }],
    read: [{ user: 'bob', at }],
  });
  await cast().crash();
  // The steps inside the server are forgotten; who has it and who read it is not.
  expect(await cast().as('ada', 'trace', message_id)).toMatchObject([
    { seq: 1, delivered: [{ user: 'bob' }], read: [{ user: 'bob', at }] },
  ]);
  expect(await cast().refused('cy', 'trace', message_id)).toMatchObject({ code: 'not_found', exit: 1 });
  expect(await cast().refused('ada', 'trace', 'x')).toMatchObject({ field: 'message_id', exit: 1 });
});
