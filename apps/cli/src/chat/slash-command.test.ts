// Commands begin with a slash; everything else is a message.
import { expect, test } from 'bun:test';
import { readTypedLine } from './slash-command.ts';

test('commands, messages, and messages that look like commands', () => {
  expect(readTypedLine('  ')).toEqual({ kind: 'nothing' });
  expect(readTypedLine('/help')).toEqual({ kind: 'help' });
  expect(readTypedLine('/members ')).toEqual({ kind: 'members' });
  expect(readTypedLine('/quit')).toEqual({ kind: 'quit' });
  expect(readTypedLine('/qiut now')).toEqual({ kind: 'unknown', command: '/qiut' });
  expect(readTypedLine('//etc/hosts')).toEqual({ kind: 'message', text: '/etc/hosts' });
  expect(readTypedLine('/one\ntwo')).toEqual({ kind: 'message', text: '/one\ntwo' });
  expect(readTypedLine(' hi ')).toEqual({ kind: 'message', text: ' hi ' });
  expect(readTypedLine('/numbers')).toEqual({ kind: 'numbers' });
});

test('commands about a message name its number; a text may have several lines', () => {
  expect(readTypedLine('/edit 12 new  text')).toEqual({ kind: 'edit', seq: 12, text: 'new  text' });
  expect(readTypedLine('/reply #3 one\ntwo')).toEqual({ kind: 'reply', seq: 3, text: 'one\ntwo' });
  expect(readTypedLine('/delete 3 ')).toEqual({ kind: 'delete', seq: 3 });
  expect(readTypedLine('/react 3 👍🏽')).toEqual({ kind: 'react', seq: 3, emoji: '👍🏽', remove: false });
  expect(readTypedLine('/react 3 -👍🏽')).toEqual({ kind: 'react', seq: 3, emoji: '👍🏽', remove: true });
  for (const line of ['/edit', '/edit 12', '/edit new text', '/edit 12 \t '])
    expect(readTypedLine(line)).toEqual({ kind: 'incomplete', usage: '/edit N TEXT' });
  expect(readTypedLine('/delete 3 4')).toEqual({ kind: 'incomplete', usage: '/delete N' });
  expect(readTypedLine('/react 3 two words')).toEqual({ kind: 'incomplete', usage: '/react N EMOJI' });
  expect(readTypedLine('/constructor 3')).toEqual({ kind: 'unknown', command: '/constructor' });
});
