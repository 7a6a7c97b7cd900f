// Who views what, and that nothing is kept of those who do not.
import { expect, test } from 'bun:test';
import type { ConversationId, DeviceId, UserId } from '@parley/protocol/ids';
import { LiveSessions, type LiveSession } from './live-sessions.ts';
import { Viewers } from './viewers.ts';

const [ONE, TWO] = ['1', '2'] as ConversationId[] as [ConversationId, ConversationId];

function session(sessions: LiveSessions, name: string): LiveSession {
  const user = name as UserId;
  const made: LiveSession = {
    user,
    device: name as DeviceId,
    push: () => undefined,
    revoke: () => undefined,
  };
  sessions.attach(made);
  return made;
}

test('[LARGE-1] each view is the whole list, and who views on has done so since the first time', () => {
  const sessions = new LiveSessions();
  const viewers = new Viewers(sessions);
  const [a, b] = [session(sessions, 'a'), session(sessions, 'b')];
  viewers.view(a, [ONE, ONE]);
  const since = viewers.now;
  viewers.view(b, [ONE, TWO]);
  viewers.view(a, [TWO, ONE]);
  expect([...viewers.of(ONE)]).toEqual([
    [a, since],
    [b, since + 1],
  ]);
  viewers.view(a, [TWO]);
  expect([...viewers.of(ONE).keys()]).toEqual([b]);
  expect([...viewers.of(TWO).keys()]).toEqual([b, a]);
});

test('[LARGE-1] nothing is kept of a session that is gone or views nothing', () => {
  const sessions = new LiveSessions();
  const viewers = new Viewers(sessions);
  const [a, b] = [session(sessions, 'a'), session(sessions, 'b')];
  viewers.view(a, [ONE]);
  viewers.view(b, [ONE, TWO]);
  expect(viewers.size).toBe(2);
  viewers.view(a, []);
  sessions.detach(b, b.user);
  expect(viewers.size).toBe(0);
  expect([viewers.of(ONE).size, viewers.of(TWO).size]).toEqual([0, 0]);
});
