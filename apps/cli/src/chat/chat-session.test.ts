// What a chat says of its connection and of removals, without a terminal: the output is kept as text.
import { expect, test } from 'bun:test';
import type { ClientEvent, ConversationView } from '@parley/client';
import { createColors } from '../colors.ts';
import { Ending } from '../ending.ts';
import { clockTime } from '../moment.ts';
import { ChatRoom } from './chat-room.ts';
import { ChatSession } from './chat-session.ts';

const COLORS = createColors({ isTerminal: false, noColor: true, term: undefined });
const GROUP = { conversation_id: '70', kind: 'group', title: 'Crew', members: 2, head: 9, received: 9 };
const REMOVED = { kind: 'removed', conversation_id: '70', seq: 5 } as ClientEvent;

/** What a chat writes about an event, where the server says this of the conversation; undefined: nothing. */
async function told(event: ClientEvent, view: object | undefined): Promise<string> {
  using ending = new Ending();
  let text = '';
  const write = (more: string): Promise<void> => {
    text += more;
    return Promise.resolve();
  };
  const conversation = (): Promise<unknown> =>
    view === undefined ? Promise.reject(new Error('no answer')) : Promise.resolve({ ...GROUP, ...view });
  const session = new ChatSession({
    context: { stdout: { write }, colors: COLORS } as never,
    session: { client: { conversation }, profile: { user_id: '11', name: 'ada' } } as never,
    conversation: { ...GROUP, role: 'member' } as ConversationView,
    ending,
  });
  session.event(event);
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  return text;
}

test('[SYNC-5] a removal is told by the title, and not where the user is a member again', async () => {
  expect(await told(REMOVED, { title: 'Crew two' })).toContain('You are no member of Crew two any more.');
  expect(await told(REMOVED, { role: 'member' })).not.toContain('no member');
  expect(await told(REMOVED, undefined)).toContain('You are no member of Crew any more.');
  const elsewhere = { ...REMOVED, conversation_id: '71' } as ClientEvent;
  expect(await told(elsewhere, { title: 'Others' })).toContain('You are no member of Others any more.');
  expect(await told(elsewhere, undefined)).toContain('You are no member of conversation 71 any more.');
});

test('without a connection the room says when the next try is, and that Enter tries now', () => {
  const room = new ChatRoom({
    self: { user_id: '11', name: 'ada' },
    colors: COLORS,
    editor: { line: '', cursor: 0 },
  });
  const status = (): string | undefined => room.live({ columns: 120, rows: 24 }).rows.at(-2);
  expect(status()).toBeUndefined();
  const until = new Date(2026, 10, 24, 9, 5, 7).getTime();
  room.connection({ kind: 'waiting', until, code: 1006 });
  expect(clockTime(until)).toBe('09:05:07');
  expect(status()).toBe('no connection, next try at 09:05:07, Enter tries now');
  room.own.add('hello');
  expect(status()).toContain('; what waits is sent then');
  room.connection({ kind: 'connecting' });
  expect(status()).toContain('no connection, trying now');
});
