// [STATE-2] How entries fold into the state of a message.
import { expect, test } from 'bun:test';
import type { Entry } from './entry.ts';
import { changed, targetOf, unchanged, type MessageState } from './message-state.ts';

const TARGET = 3;
const text = (words: string) => ({ kind: 'text', text: words });

function entry(seq: number, fields: object, sender = '1'): Entry {
  const common = { seq, message_id: `${seq}`, sender, client_msg_id: `c-${seq}`, at: 0 };
  return { ...common, target: TARGET, ...fields } as Entry;
}

function folded(entries: readonly Entry[], from: MessageState = unchanged(TARGET)): MessageState {
  return entries.reduce(changed, from);
}

const HISTORY: readonly Entry[] = [
  entry(4, { kind: 'message_edited', content: text('one'), mentions: { everyone: 'all' } }),
  entry(5, { kind: 'reaction_added', emoji: '👍' }),
  entry(6, { kind: 'reaction_added', emoji: '👍' }, '2'),
  entry(7, { kind: 'reaction_added', emoji: '🎉' }, '2'),
  entry(8, { kind: 'message_pinned' }),
  entry(9, { kind: 'message', content: text('reply'), thread: TARGET }),
  entry(10, { kind: 'message_edited', content: text('two') }),
  entry(11, { kind: 'reaction_removed', emoji: '👍' }),
  entry(12, { kind: 'message_unpinned' }),
];

test('[STATE-1] the last edit stands, reactions are kept by user, pins and threads are counted', () => {
  expect(folded(HISTORY.slice(0, 6))).toEqual({
    seq: 3,
    as_of: 9,
    version: 4,
    content: text('one'),
    mentions: { everyone: 'all' },
    pinned: true,
    reactions: [
      { emoji: '👍', users: ['1', '2'] },
      { emoji: '🎉', users: ['2'] },
    ],
    edits: [4],
    replies: 1,
    last_reply: 9,
  } as never);
  // Mentions are those of the last edit, and it has none.
  expect(folded(HISTORY)).toEqual({
    seq: 3,
    as_of: 12,
    version: 10,
    content: text('two'),
    reactions: [
      { emoji: '👍', users: ['2'] },
      { emoji: '🎉', users: ['2'] },
    ],
    edits: [4, 10],
    replies: 1,
    last_reply: 9,
  } as never);
});

test('[STATE-2] an entry at or below as_of changes nothing: folding may begin anywhere, and again', () => {
  const whole = folded(HISTORY);
  for (let from = 0; from <= HISTORY.length; from++) {
    const given = folded(HISTORY.slice(0, from));
    expect(folded(HISTORY, given)).toEqual(whole);
    expect(folded(HISTORY.slice(from), given)).toEqual(whole);
  }
  const [first] = HISTORY as [Entry];
  expect(changed(whole, first)).toBe(whole);
});

test('[CHANGE-2] [INV 14] a deletion leaves the place and the thread, and nothing after it changes more', () => {
  const deletion = entry(13, { kind: 'message_deleted' });
  const deleted = folded([...HISTORY, deletion]);
  const left = { seq: 3, version: 13, deleted: true as const, reactions: [], edits: [], last_reply: 9 };
  expect(deleted).toEqual({ ...left, as_of: 13, replies: 1 });
  const later = HISTORY.map((each) => ({ ...each, seq: each.seq + 100 }));
  expect(folded(later, deleted)).toEqual({ ...left, as_of: 112, replies: 2, last_reply: 109 });
});

test('entries of other messages and of the group change nothing', () => {
  const state = folded(HISTORY);
  const others = [
    entry(20, { kind: 'message_edited', target: 4, content: text('other') }),
    entry(21, { kind: 'message', content: text('no thread'), target: undefined }),
    entry(22, { kind: 'group_renamed', title: 'new' }),
  ];
  for (const other of others) expect(changed(state, other)).toBe(state);
  expect(others.map(targetOf)).toEqual([4, undefined, undefined]);
});

test('a reaction that is set twice, or taken back without being there, is counted once and not at all', () => {
  const twice = [
    entry(4, { kind: 'reaction_added', emoji: '👍' }),
    entry(5, { kind: 'reaction_added', emoji: '👍' }),
  ];
  expect(folded(twice).reactions).toEqual([{ emoji: '👍', users: ['1'] }] as never);
  const back = [...twice, entry(6, { kind: 'reaction_removed', emoji: '👍' })];
  expect(folded(back).reactions).toEqual([]);
  expect(folded([...back, entry(7, { kind: 'reaction_removed', emoji: '👍' })]).reactions).toEqual([]);
});
