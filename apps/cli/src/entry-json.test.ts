// The JSON lines that scripts rely on, and the words for people, of every kind of entry.
import { describe, expect, test } from 'bun:test';
import { entrySchema } from '@parley/protocol/entry';
import { conversationIdSchema } from '@parley/protocol/ids';
import { entryJson } from './entry-json.ts';
import { entryText } from './entry-text.ts';
import { usersOf, type AnyEntry } from './entry-users.ts';

const NAMES: Readonly<Record<string, string>> = { '11': 'ada', '12': 'bob', '13': 'cy\u001b[31m' };
const nameOf = (userId: string): string => NAMES[userId] ?? userId;
const conversation = conversationIdSchema.parse('70');

function entry(fields: object): AnyEntry {
  return entrySchema.parse({
    seq: 3,
    message_id: '8003',
    sender: '11',
    client_msg_id: 'a-1',
    at: 1_764_000_000_000,
    ...fields,
  });
}

function json(fields: object): Record<string, unknown> {
  return entryJson(conversation, entry(fields), nameOf);
}

function words(fields: object): string {
  const text = entryText(entry(fields), nameOf);
  return text.kind === 'event' ? text.line : `${text.sender}: ${text.lines.join(' / ')}`;
}

const both = [
  { user_id: '11', role: 'owner' },
  { user_id: '12', role: 'member' },
];

describe('entryJson', () => {
  test('a message has its sender by name and by id, and its text', () => {
    expect(JSON.stringify(json({ kind: 'message', content: { kind: 'text', text: 'Yes!\u001b' } }))).toBe(
      '{"conversation_id":"70","seq":3,"kind":"message","message_id":"8003","sender":"ada","sender_id":"11",' +
        '"text":"Yes!\\u001b","client_msg_id":"a-1","at":1764000000000}',
    );
  });

  test('changes of a group carry their fields, with names', () => {
    expect(json({ kind: 'group_created', title: 'T', history: 'all', members: both })).toMatchObject({
      title: 'T',
      history: 'all',
      members: [
        { user_id: '11', name: 'ada', role: 'owner' },
        { user_id: '12', name: 'bob', role: 'member' },
      ],
    });
    expect(json({ kind: 'group_renamed', title: 'U' })).toMatchObject({ title: 'U' });
    expect(json({ kind: 'members_added', members: both.slice(1) })).toMatchObject({
      members: [{ name: 'bob' }],
    });
    expect(json({ kind: 'member_removed', user_id: '12' })).toMatchObject({ user_id: '12', name: 'bob' });
    expect(json({ kind: 'member_left', user_id: '11', new_owner: '12' })).toMatchObject({
      name: 'ada',
      new_owner: '12',
      new_owner_name: 'bob',
    });
    expect(json({ kind: 'role_changed', user_id: '12', role: 'admin' })).toMatchObject({
      name: 'bob',
      role: 'admin',
    });
  });

  test('changes of a message carry their target, and what is new', () => {
    const content = { kind: 'text', text: 'new', format: 'markdown' };
    expect(json({ kind: 'message_edited', target: 2, content, mentions: { users: ['12'] } })).toMatchObject({
      target: 2,
      text: 'new',
      format: 'markdown',
      mentions: { users: [{ user_id: '12', name: 'bob' }] },
    });
    expect(json({ kind: 'reaction_added', target: 2, emoji: 'x' })).toMatchObject({ target: 2, emoji: 'x' });
    for (const kind of ['message_deleted', 'message_pinned', 'message_unpinned'])
      expect(json({ kind, target: 2 })).toMatchObject({ kind, target: 2 });
  });

  test('a message says what it refers to, and what is attached', () => {
    const attachments = [{ name: 'a.png', media_type: 'image/png', size_bytes: 3 }];
    const forwarded = { message_id: '7', sender: '12', at: 5 };
    const more = { reply_to: 1, thread: 2, mentions: { everyone: 'all' }, forwarded };
    expect(
      json({ kind: 'message', content: { kind: 'text', text: 'x', attachments }, ...more }),
    ).toMatchObject({
      text: 'x',
      attachments,
      reply_to: 1,
      thread: 2,
      mentions: { everyone: 'all' },
      forwarded: { message_id: '7', sender: 'bob', sender_id: '12', at: 5 },
    });
    expect(json({ kind: 'message', content: { kind: 'deleted' } })).toMatchObject({
      content: { kind: 'deleted' },
    });
  });

  test('what this version does not know is passed on whole', () => {
    expect(json({ kind: 'poll', question: 'Tea?' })).toMatchObject({
      kind: 'poll',
      question: 'Tea?',
      sender: 'ada',
    });
    expect(json({ kind: 'message', content: { kind: 'image', url: 'x' } })).toMatchObject({
      content: { kind: 'image', url: 'x' },
    });
    expect(json({ kind: 'message', from: 2, content: { kind: 'text', text: 'x' } })).toMatchObject({
      from: 2,
      seq: 3,
    });
  });
});

describe('entryText', () => {
  test('says each kind in words', () => {
    expect(words({ kind: 'message', content: { kind: 'text', text: 'a\nb' } })).toBe('ada: a / b');
    expect(words({ kind: 'message', content: { kind: 'image' } })).toContain('cannot show (image)');
    expect(words({ kind: 'group_created', title: 'T', history: 'all', members: both })).toBe(
      'ada created the group "T" with bob',
    );
    expect(words({ kind: 'group_renamed', title: 'U' })).toBe('ada renamed the group to "U"');
    expect(words({ kind: 'members_added', members: both.slice(1) })).toBe('ada added bob');
    expect(words({ kind: 'member_removed', user_id: '12' })).toBe('ada removed bob');
    expect(words({ kind: 'member_left', user_id: '11' })).toBe('ada left');
    expect(words({ kind: 'member_left', user_id: '11', new_owner: '12' })).toBe(
      'ada left; bob is the owner now',
    );
    expect(words({ kind: 'role_changed', user_id: '12', role: 'owner' })).toBe('ada made bob the owner');
    expect(words({ kind: 'role_changed', user_id: '12', role: 'member' })).toBe('ada made bob a member');
    expect(words({ kind: 'poll' })).toContain('cannot show (poll)');
    const content = { kind: 'text', text: 'a\nb' };
    expect(words({ kind: 'message_edited', target: 2, content })).toBe('ada edited message 2: a⏎b');
    expect(words({ kind: 'message_edited', target: 2, content: { kind: 'deleted' } })).toBe(
      'ada edited message 2: (deleted)',
    );
    expect(words({ kind: 'message_deleted', target: 2 })).toBe('ada deleted message 2');
    expect(words({ kind: 'reaction_added', target: 2, emoji: '👍' })).toBe('ada reacted 👍 to message 2');
    expect(words({ kind: 'reaction_removed', target: 2, emoji: '👍' })).toBe(
      'ada took 👍 back from message 2',
    );
    expect(words({ kind: 'message_pinned', target: 2 })).toBe('ada pinned message 2');
    expect(words({ kind: 'message_unpinned', target: 2 })).toBe('ada unpinned message 2');
  });

  test('no name, title or text brings an escape sequence to the terminal', () => {
    expect(words({ kind: 'member_removed', user_id: '13' })).toBe('ada removed cy␛[31m');
    expect(words({ kind: 'group_renamed', title: '\u001b]0;x\u0007' })).not.toContain('\u001b');
    expect(words({ kind: 'message', content: { kind: 'text', text: '\u001b[2J' } })).toBe('ada: ␛[2J');
    expect(words({ kind: 'reaction_added', target: 2, emoji: '\u001b[2J' })).toContain('␛[2J');
    const content = { kind: 'text', text: '\u001b[2J' };
    expect(words({ kind: 'message_edited', target: 2, content })).toContain('␛[2J');
  });

  test('usersOf names everyone whose name is shown', () => {
    expect(
      usersOf(entry({ kind: 'group_created', title: 'T', history: 'all', members: both })).map(String),
    ).toEqual(['11', '11', '12']);
    const mentions = { users: ['12'] };
    const forwarded = { message_id: '7', sender: '13', at: 5 };
    const content = { kind: 'text', text: 'x' };
    expect(usersOf(entry({ kind: 'message', content, mentions, forwarded })).map(String)).toEqual([
      '11',
      '12',
      '13',
    ]);
    expect(usersOf(entry({ kind: 'member_left', user_id: '11', new_owner: '12' })).map(String)).toEqual([
      '11',
      '12',
    ]);
    expect(usersOf(entry({ kind: 'role_changed', user_id: '12', role: 'admin' })).map(String)).toEqual([
      '11',
      '12',
    ]);
  });
});

test('[OWN-2] of a message that the user hid nothing is shown, also where the log is shown as it is', () => {
  const hidden = {
    ...entry({ kind: 'message', content: { kind: 'text', text: 'secret' } }),
    hidden: true,
  } as const;
  expect(entryJson(conversation, hidden, nameOf)).toMatchObject({ seq: 3, kind: 'message', hidden: true });
  expect(JSON.stringify(entryJson(conversation, hidden, nameOf))).not.toContain('secret');
  expect(entryText(hidden, nameOf)).toEqual({ kind: 'event', line: 'message 3 is deleted for you' });
});

test.each([
  [{ kind: 'members_joined', members: both }, { members: expect.any(Array) }, 'ada, bob joined'],
  [{ kind: 'member_removed', user_id: '12', banned: true }, { name: 'bob', banned: true }, 'ada banned bob'],
  [{ kind: 'member_unbanned', user_id: '12' }, { name: 'bob' }, 'ada lifted the ban of bob'],
  [
    { kind: 'group_set', announcements: true, slow_mode_s: 0 },
    { announcements: true, slow_mode_s: 0 },
    'ada changed the group: only admins write, no slow mode',
  ],
])('%j is a line for scripts and one for people', (fields, expected, line) => {
  expect(json(fields)).toMatchObject(expected);
  expect(words(fields)).toBe(line);
});
