// A message as it is now: the JSON line that scripts rely on, the lines for people, and what it answers.
import { describe, expect, test } from 'bun:test';
import { foldEntries, type AppEntry, type Message } from '@parley/client';
import { entrySchema } from '@parley/protocol/entry';
import { conversationIdSchema } from '@parley/protocol/ids';
import { createColors } from './colors.ts';
import { textLines } from './entry-lines.ts';
import { messageJson } from './message-json.ts';
import { NameBook } from './name-book.ts';
import { QuoteBook } from './quote-book.ts';
import { saidText } from './said-text.ts';

const NAMES: Readonly<Record<string, string>> = { '11': 'ada', '12': 'bob', '13': 'cy\u001b[31m' };
const nameOf = (userId: string): string => NAMES[userId] ?? userId;
const conversation_id = conversationIdSchema.parse('70');
const colors = createColors({ isTerminal: false, noColor: false, term: 'xterm' });
const content = { kind: 'text', text: 'Yes!' };

function entry(seq: number, fields: object): AppEntry {
  const common = { message_id: '8003', sender: '11', client_msg_id: 'a-1', at: 1_764_000_000_000 };
  return { ...entrySchema.parse({ seq, ...common, ...fields }), conversation_id };
}

function folded(...entries: readonly AppEntry[]): Message {
  const [message] = foldEntries([entry(3, { kind: 'message', content, reply_to: 1 }), ...entries]);
  if (message === undefined) throw new Error('no message');
  return message;
}

const edited = entry(4, { kind: 'message_edited', target: 3, content: { kind: 'text', text: 'No!' } });
const reactions = ['11', '12'].map((sender, at) =>
  entry(5 + at, { kind: 'reaction_added', target: 3, emoji: '👍', sender }),
);
const pinned = entry(7, { kind: 'message_pinned', target: 3 });
const deleted = entry(8, { kind: 'message_deleted', target: 3 });

describe('messageJson', () => {
  test('a message that nothing happened to says so', () => {
    expect(JSON.stringify(messageJson(folded(), nameOf))).toBe(
      '{"conversation_id":"70","seq":3,"kind":"message","message_id":"8003","sender":"ada","sender_id":"11",' +
        '"text":"Yes!","version":3,"deleted":false,"pinned":false,"reactions":[],"reply_to":1,"replies":0,' +
        '"client_msg_id":"a-1","at":1764000000000}',
    );
  });

  test('edits, reactions by name, pins, replies; a deleted one has no text', () => {
    const reply = entry(9, { kind: 'message', content, thread: 3 });
    expect(messageJson(folded(edited, ...reactions, pinned, reply), nameOf)).toMatchObject({
      seq: 3,
      text: 'No!',
      version: 4,
      pinned: true,
      reactions: [{ emoji: '👍', count: 2, users: ['ada', 'bob'] }],
      replies: 1,
      last_reply: 9,
    });
    const gone = messageJson(folded(edited, ...reactions, deleted), nameOf);
    expect(gone).toMatchObject({ seq: 3, deleted: true, version: 8, reactions: [] });
    expect(gone).not.toContainAnyKeys(['text', 'content', 'reply_to']);
  });
});

describe('lines for people', () => {
  const lines = (message: Message, quote?: string): string[] => {
    const text = saidText(message, nameOf, quote);
    const { at, sender } = message;
    const all = textLines({ text, at, sender, place: '3', colors });
    return all.split('\n').map((line) => line.replace(/^\d{4}-\d\d-\d\d \d\d:\d\d {2}/, ''));
  };

  test('what it answers above it, what happened to it after it', () => {
    expect(lines(folded())).toEqual(['    ↪ message 1', '3  ada: Yes!', '']);
    expect(lines(folded(edited, ...reactions, pinned), 'bob: Well?')).toEqual([
      '    ↪ bob: Well?',
      '3  ada: No!  (edited)  (pinned)  👍 2',
      '',
    ]);
    expect(lines(folded(edited, deleted))).toEqual(['3  ada: (deleted)', '']);
  });

  test('nothing of others brings an escape sequence to the terminal', () => {
    const attachments = [{ name: '\u001b[2J', media_type: 'a/b' }];
    const forwarded = { message_id: '7', sender: '13', at: 5 };
    const [message] = foldEntries([
      entry(3, { kind: 'message', content: { ...content, attachments }, forwarded }),
      entry(4, { kind: 'reaction_added', target: 3, emoji: '\u001b[2J' }),
    ]);
    const text = lines(message!).join('\n');
    expect(text).toContain('[␛[2J, a/b]  ␛[2J 1');
    expect(text).toContain('forwarded from cy␛[31m');
    expect(text).not.toContain('\u001b');
  });
});

describe('QuoteBook', () => {
  const [first] = foldEntries([
    entry(1, { kind: 'message', sender: '13', content: { kind: 'text', text: `a\n${'b'.repeat(99)}` } }),
  ]);
  const names = new NameBook({ users: () => Promise.resolve([]) });

  test('what was seen is not asked for; the rest is, and may not be there', async () => {
    const asked: number[] = [];
    const message = (_: string, seq: number): Promise<Message | undefined> => {
      asked.push(seq);
      return Promise.resolve(seq === 1 ? first : undefined);
    };
    const quotes = new QuoteBook({ message }, names);
    const quote = await quotes.of(folded());
    expect(quote).toStartWith('13: a⏎bbb');
    expect(Bun.stringWidth(quote ?? '')).toBe(60);
    quotes.see(first!);
    expect(await quotes.of(folded())).toBe(quote ?? '');
    expect(asked).toEqual([1]);
    expect(await quotes.of({ ...folded(), reply_to: 2 })).toBeUndefined();
    expect(await quotes.of(first!)).toBeUndefined();
  });
});
