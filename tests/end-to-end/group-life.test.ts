// Ways into a group, its settings, its bans and its reports, as scripts use them, with kills of the server in between.
import { expect, test } from 'bun:test';
import { castPerTest } from './lib/cast.ts';
import type { Json } from './lib/parley.ts';

const cast = castPerTest();
const at = expect.any(Number);

test('[JOIN-1] [JOIN-2] invite and join: used up, taken back and made up codes let nobody in', async () => {
  const id = await cast().group();
  const [once] = await cast().as('ada', 'invite', '--conversation', id, '--uses', '1', '--expires', '1h');
  expect(once).toEqual({ code: expect.any(String), expires_at: at, uses_max: 1 });
  await cast().crash();
  expect(await cast().as('bob', 'join', String(once?.['code']))).toEqual([{ conversation_id: id }]);
  expect(await cast().refused('cy', 'join', String(once?.['code']))).toMatchObject({
    code: 'not_found',
    exit: 1,
  });
  const [open] = await cast().as('ada', 'invite', '--conversation', id);
  const code = String(open?.['code']);
  expect(await cast().as('ada', 'invite', '--list')).toEqual([
    { code, conversation_id: id, created_by: 'ada', expires_at: at, uses: 0 },
  ]);
  expect(await cast().as('ada', 'invite', '--revoke', code)).toEqual([{ code, revoked: true }]);
  await cast().crash();
  expect(await cast().as('ada', 'invite', '--list', '--conversation', id)).toEqual([]);
  expect(await cast().refused('cy', 'join', code)).toMatchObject({ code: 'not_found', exit: 1 });
  expect(await cast().refused('cy', 'join')).toMatchObject({ code: 'usage', exit: 2 });
  expect(await cast().refused('bob', 'invite', '--conversation', id)).toMatchObject({
    code: 'forbidden',
    exit: 1,
  });
});

test('[GROUP-7] [JOIN-3] group set: a channel is found and joined, announcements and slow mode hold', async () => {
  const id = await cast().group('bob');
  const set = (...args: readonly string[]): Promise<Json[]> =>
    cast().as('ada', 'group', 'set', '--conversation', id, ...args);
  expect(await cast().refused('cy', 'join', '--channel', id)).toMatchObject({ code: 'not_found', exit: 1 });
  expect(await set('--public')).toEqual([
    { conversation_id: id, seq: 2, message_id: expect.any(String), at },
  ]);
  await cast().crash();
  expect(await cast().as('cy', 'channels', 'cre')).toEqual([
    { conversation_id: id, title: 'Crew', members: 2 },
  ]);
  expect(await cast().as('cy', 'join', '--channel', id)).toEqual([{ conversation_id: id }]);
  await set('--private', '--announcements', 'on');
  await cast().crash();
  expect(await cast().as('cy', 'channels')).toEqual([]);
  const say = ['send', '--conversation', id, 'x'];
  expect(await cast().refused('bob', ...say)).toMatchObject({ code: 'forbidden', exit: 1 });
  await set('--announcements', 'off', '--slow-mode', '3600');
  await cast().as('bob', ...say);
  const impatient = await cast().refused('bob', ...say, '--timeout', '1');
  expect(impatient).toMatchObject({ retry: 'later', exit: 1 });
  expect(await cast().refused('ada', 'group', 'set', '--conversation', id)).toMatchObject({
    code: 'usage',
    exit: 2,
  });
  const kinds = (await cast().as('ada', 'history', '--conversation', id)).map(({ kind }) => kind);
  expect(kinds).toEqual([
    'group_created',
    'group_set',
    'members_joined',
    'group_set',
    'group_set',
    'message',
  ]);
});

test('[GROUP-6] group ban keeps a user out until unban', async () => {
  const id = await cast().group('bob');
  const [open] = await cast().as('ada', 'invite', '--conversation', id);
  const change = (...args: readonly string[]): Promise<Json[]> =>
    cast().as('ada', 'group', ...args, '--conversation', id);
  expect(await change('ban', 'bob')).toMatchObject([{ conversation_id: id, seq: 2 }]);
  await cast().crash();
  const join = ['join', String(open?.['code'])];
  expect(await cast().refused('bob', ...join)).toMatchObject({ code: 'banned', exit: 1 });
  expect(await change('unban', 'bob')).toMatchObject([{ conversation_id: id, seq: 3 }]);
  expect(await cast().as('bob', ...join)).toEqual([{ conversation_id: id }]);
});

test('[REPORT-1] [REPORT-2] report keeps what the messages said; reports shows and closes it', async () => {
  const id = await cast().group('bob', 'cy');
  await cast().as('cy', 'send', '--conversation', id, 'buy this');
  await cast().as('cy', 'send', '--conversation', id, 'and this');
  const report = ['report', '--conversation', id, '--seq', '2,3', '--reason', 'spam', '--note', 'twice'];
  const [made] = await cast().as('bob', ...report, '--client-msg-id', 'r-1');
  const report_id = String(made?.['report_id']);
  expect(made).toEqual({ report_id: expect.stringMatching(/^\d+$/) });
  await cast().crash();
  expect(await cast().as('bob', ...report, '--client-msg-id', 'r-1')).toEqual([{ report_id }]);
  await cast().as('cy', 'delete', '--conversation', id, '--seq', '2');
  const [shown, ...more] = await cast().as('ada', 'reports', '--conversation', id);
  expect(more).toEqual([]);
  expect(shown).toMatchObject({ report_id, reporter: 'bob', at, reason: 'spam', note: 'twice' });
  expect(shown?.['entries']).toMatchObject([
    { seq: 2, sender: 'cy', text: 'buy this' },
    { seq: 3, sender: 'cy', text: 'and this' },
  ]);
  expect(await cast().refused('bob', 'reports', '--conversation', id)).toMatchObject({
    code: 'forbidden',
    exit: 1,
  });
  expect(await cast().as('ada', 'reports', '--close', report_id)).toEqual([{ report_id, closed: true }]);
  await cast().crash();
  expect(await cast().as('ada', 'reports')).toMatchObject([{ report_id, closed: { by: 'ada', at } }]);
  const unknown = ['report', '--conversation', id, '--seq', '99', '--reason', 'other'];
  expect(await cast().refused('bob', ...unknown)).toMatchObject({ code: 'not_found', exit: 1 });
});
