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
});
