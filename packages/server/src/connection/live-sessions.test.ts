// Which sessions a user has on this node.
import { expect, test } from 'bun:test';
import type { DeviceId, UserId } from '@parley/protocol/ids';
import { LiveSessions, type LiveSession } from './live-sessions.ts';

class FakeSession implements LiveSession {
  readonly user: UserId;
  readonly device: DeviceId;
  readonly pushed: string[] = [];
  revoked = 0;

  constructor(user: string, device: string) {
    this.user = user as UserId;
    this.device = device as DeviceId;
  }

  push(frame: string): void {
    this.pushed.push(frame);
  }

  revoke(): void {
    this.revoked += 1;
  }
}

const ada = 'ada' as UserId;
const bob = 'bob' as UserId;

test('a frame goes once to every session of the users named, and to nobody else', () => {
  const sessions = new LiveSessions();
  const all = [
    new FakeSession(ada, '1'),
    new FakeSession(ada, '2'),
    new FakeSession(ada, '3'),
    new FakeSession(bob, '4'),
  ];
  for (const session of all) sessions.attach(session);
  sessions.push([ada, 'nobody' as UserId], 'x');
  expect(all.map((session) => session.pushed.length)).toEqual([1, 1, 1, 0]);
  expect([ada, bob, 'nobody' as UserId].map((user) => sessions.count(user))).toEqual([3, 1, 0]);
});

test('a detached session gets nothing more; detaching again, or one that never came, changes nothing', () => {
  const sessions = new LiveSessions();
  const [one, two, three] = [new FakeSession(ada, '1'), new FakeSession(ada, '2'), new FakeSession(ada, '3')];
  for (const session of [one, two, three]) sessions.attach(session);
  for (const left of [2, 1, 0]) {
    const session = [three, two, one][left] as FakeSession;
    for (let times = 0; times < 2; times++) sessions.detach(session, ada);
    expect(sessions.count(ada)).toBe(left);
    sessions.push([ada], 'x');
  }
  expect([one, two, three].map((session) => session.pushed.length)).toEqual([0, 1, 2]);
});

test('which devices of a user have a session', () => {
  const sessions = new LiveSessions();
  const [one, two] = [new FakeSession(ada, '1'), new FakeSession(ada, '2')];
  for (const session of [one, two]) sessions.attach(session);
  const has = (user: UserId, device: string) => sessions.has(user, device as DeviceId);
  expect([has(ada, '1'), has(ada, '2'), has(ada, '3'), has(bob, '1')]).toEqual([true, true, false, false]);
  sessions.detach(two, ada);
  expect([has(ada, '1'), has(ada, '2')]).toEqual([true, false]);
});

test('[HELLO-6] a revocation ends all sessions of that device, also when they detach as they end', () => {
  const sessions = new LiveSessions();
  const mine = [new FakeSession(ada, '1'), new FakeSession(ada, '1'), new FakeSession(ada, '2')];
  for (const session of mine) {
    session.revoke = () => {
      session.revoked += 1;
      sessions.detach(session, ada);
    };
    sessions.attach(session);
  }
  sessions.revokeDevice(ada, '1' as DeviceId);
  expect(mine.map((session) => session.revoked)).toEqual([1, 1, 0]);
  expect(sessions.count(ada)).toBe(1);
  sessions.revokeDevice(bob, '2' as DeviceId);
  expect(mine.map((session) => session.revoked)).toEqual([1, 1, 0]);
});
