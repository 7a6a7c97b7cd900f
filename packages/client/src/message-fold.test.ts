// [STATE-2] However entries and states come, the messages are the same in the end.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { knownEntrySchema } from '@parley/protocol/entry';
import { conversationIdSchema } from '@parley/protocol/ids';
import { changed, unchanged, type MessageState } from '@parley/protocol/message-state';
import { test } from '../test/test.ts';
import { message } from '../test/harness.ts';
import type { AppEntry } from './event.ts';
import { messageOf, partsOf, type Message, type MessageEntry } from './message.ts';
import { foldEntries, MessageFold } from './message-fold.ts';

function entry(seq: number, more: object = {}): AppEntry {
  const conversation_id = conversationIdSchema.parse('70');
  return { ...knownEntrySchema.parse(message(seq, more)), conversation_id };
}

const edited = (seq: number, target: number, more: object = {}): AppEntry =>
  entry(seq, { kind: 'message_edited', target, content: { kind: 'text', text: `edit ${seq}` }, ...more });
const reacted = (seq: number, target: number, sender: string, kind = 'reaction_added'): AppEntry =>
  entry(seq, { kind, target, emoji: '👍', sender });

type Said = MessageEntry & AppEntry;
const isSaid = (one: AppEntry): one is Said => one.kind === 'message';

function stateOf(seq: number, log: readonly AppEntry[]): MessageState {
  return log.reduce((state, one) => changed(state, knownEntrySchema.parse(one)), unchanged(seq));
}

test('[CHANGE-1] [CHANGE-3] [CHANGE-4] edits, reactions, pins and replies are seen in the message', () => {
  const log = [
    entry(1, { mentions: { users: ['12'] } }),
    entry(2, { reply_to: 1, thread: 1 }),
    edited(3, 1, { mentions: { everyone: 'all' } }),
    reacted(4, 1, '11'),
    reacted(5, 1, '12'),
    entry(6, { kind: 'message_pinned', target: 1 }),
  ];
  const [first, second, ...more] = foldEntries(log);
  assert.deepEqual(more, []);
  assert.deepEqual(
    [first?.content.text, first?.version, first?.edits, first?.mentions, first?.pinned],
    ['edit 3', 3, [3], { everyone: 'all' }, true],
  );
  assert.deepEqual(
    [first?.reactions, first?.replies, first?.last_reply],
    [[{ emoji: '👍', users: ['11', '12'] }], 1, 2],
  );
  assert.deepEqual([second?.reply_to, second?.thread, second?.version], [1, 1, 2]);
  // An edit that mentions nobody.
  assert.equal(foldEntries([...log, edited(7, 1)])[0]?.mentions, undefined);
});

test('[CHANGE-2] a deleted message keeps its place, in a thread as well, and nothing else, and nothing changes it any more', () => {
  const fold = new MessageFold();
  fold.add(entry(1, { mentions: { everyone: 'all' }, reply_to: 0, thread: 0 }));
  fold.add(edited(2, 1));
  fold.add(reacted(3, 1, '12'));
  assert.equal(fold.add(entry(4, { kind: 'message_deleted', target: 1 }))?.deleted, true);
  fold.add(edited(5, 1));
  fold.add(reacted(6, 1, '11'));
  const gone = {
    content: { kind: 'deleted' },
    deleted: true,
    pinned: false,
    reactions: [],
    edits: [],
    replies: 0,
  };
  const { as_of, version, ...rest } = fold.get(1)!;
  assert.deepEqual([as_of, version], [6, 4]);
  const { content: _, kind: __, ...bare } = entry(1) as AppEntry & { content: unknown };
  assert.deepEqual(rest, { ...bare, ...gone, thread: 0 });
  // Its entry alone, as the server gives it from then on, says so as well.
  assert.equal(foldEntries([entry(1, { content: { kind: 'deleted' } })])[0]?.deleted, true);
});

test('[STATE-2] what an entry repeats, or a state has already, changes nothing', () => {
  const log = [entry(1), edited(2, 1), reacted(3, 1, '11')];
  const fold = new MessageFold();
  fold.addStates([stateOf(1, log)]);
  for (const one of [...log, ...log]) fold.add(one);
  fold.addStates([stateOf(1, log.slice(0, 2)), unchanged(1)]);
  assert.deepEqual(fold.messages, foldEntries(log));
  assert.equal(fold.add(reacted(3, 1, '11')), undefined);
  assert.equal(fold.add(entry(9, { kind: 'group_renamed', title: 'T' })), undefined);
});

test('changes that come before their message are kept for it, within a bound', () => {
  const fold = new MessageFold();
  for (let seq = 2; seq < 1_100; seq++) fold.add(reacted(seq, seq % 2 === 0 ? 1 : 5_000, '11'));
  fold.add(edited(1_100, 1));
  fold.addMessage(messageOf([entry(1)].filter(isSaid)[0]!));
  assert.deepEqual([fold.get(1)?.content.text, fold.get(1)?.reactions.length], ['edit 1100', 1]);
});

const change = fc.record({
  target: fc.integer({ min: 1, max: 4 }),
  sender: fc.constantFrom('11', '12', '13'),
  kind: fc.constantFrom(
    'reaction_added',
    'reaction_removed',
    'message_edited',
    'message_pinned',
    'message_unpinned',
    'message_deleted',
    'message',
  ),
});

test('[STATE-1] [STATE-2] live, after a window of history at any point, and afresh: the same messages', () => {
  fc.assert(
    fc.property(
      fc.array(change, { maxLength: 30 }),
      fc.nat(),
      fc.nat(),
      fc.boolean(),
      (changes, one, other, whole) => {
        const log = [1, 2, 3, 4].map((seq) => entry(seq));
        changes.forEach(({ target, sender, kind }, at) => {
          const seq = at + 5;
          if (kind === 'message_edited') log.push(edited(seq, target, { sender }));
          else if (kind === 'message') log.push(entry(seq, { sender, thread: target }));
          else
            log.push(
              entry(seq, { kind, target, sender, ...(kind.startsWith('reaction') ? { emoji: '👍' } : {}) }),
            );
        });
        const live = foldEntries(log);
        const fresh = log.filter(isSaid).map((each) => messageOf(each, stateOf(each.seq, log)));
        assert.deepEqual(live, fresh);
        // A window that was read when the log had `read` entries comes when `shown` were handed over.
        const read = one % (log.length + 1);
        const shown = other % (log.length + 1);
        const fold = new MessageFold();
        const start = whole ? 0 : Math.min(read, shown);
        const window: Message[] = log
          .slice(0, read)
          .filter(isSaid)
          .map((each) => messageOf(each, stateOf(each.seq, log.slice(0, read))));
        for (const each of log.slice(start, shown)) fold.add(each);
        for (const each of window) fold.addMessage(each);
        for (const each of log.slice(shown)) fold.add(each);
        assert.deepEqual(fold.messages, live);
        for (const each of live) assert.deepEqual(messageOf(partsOf(each).entry, partsOf(each).state), each);
      },
    ),
    { numRuns: 500 },
  );
});

test('[OWN-2] a message that the user hid is left out, whether it came before or comes after', () => {
  const fold = new MessageFold();
  fold.add(entry(1));
  fold.hide([1, 3]);
  fold.add(entry(2));
  assert.equal(fold.add(entry(3)), undefined);
  assert.equal(fold.add(reacted(4, 1, '12')), undefined);
  assert.deepEqual([fold.get(1), fold.messages.map(({ seq }) => seq)], [undefined, [2]]);
  assert.deepEqual(
    foldEntries([entry(1), entry(2)], [], [2]).map(({ seq }) => seq),
    [1],
  );
});
