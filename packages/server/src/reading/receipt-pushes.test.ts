// [RECEIPT-3] The bounds of what waits to be told.
import { expect, test } from 'bun:test';
import type { ConversationId, UserId } from '@parley/protocol/ids';
import { LiveSessions } from '../connection/live-sessions.ts';
import { UserSettings } from '../presence/user-settings.ts';
import { ServerFixture } from '../testing/server-fixture.ts';
import { RECEIPTS_TOLD_MAX_COUNT } from './limits.ts';
import { ReceiptPushes } from './receipt-pushes.ts';

const ADA = '1' as UserId;
const id = (at: number) => String(10_000 + at) as ConversationId;
const raised = (at: number, by: 'received' | 'read') => ({
  conversation: id(at),
  by,
  row: { user: ADA, received: 1, read: 1 },
});

function world() {
  const { stores, timers, log } = new ServerFixture();
  const asked: ConversationId[] = [];
  const fails: true[] = [];
  const sessions = new LiveSessions();
  const pushes = new ReceiptPushes({
    settings: new UserSettings(stores.contacts),
    sessions,
    membersOf: (conversation) => {
      asked.push(conversation);
      return fails.pop() ? Promise.reject(new Error('the store is away')) : Promise.resolve([ADA]);
    },
    timers,
    log,
  });
  return { pushes, timers, sessions, asked, fails };
}

test('[RECEIPT-3] receipts of more conversations than can wait are not told, and room is made as time passes', async () => {
  const { pushes, timers, asked } = world();
  const before = timers.pendingCount;
  for (let at = 0; at < RECEIPTS_TOLD_MAX_COUNT; at++) pushes.add(raised(at, 'received'));
  pushes.add(raised(RECEIPTS_TOLD_MAX_COUNT, 'received'));
  // Those that wait already take more.
  pushes.add(raised(0, 'read'));
  expect(timers.pendingCount).toBe(before + RECEIPTS_TOLD_MAX_COUNT);
  pushes.stop();
  expect(timers.pendingCount).toBe(before);
  pushes.add(raised(RECEIPTS_TOLD_MAX_COUNT, 'received'));
  await timers.advance(100);
  expect(asked).toEqual([id(RECEIPTS_TOLD_MAX_COUNT)]);
});
