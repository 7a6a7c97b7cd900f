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

function world() {
  const { stores, timers, log } = new ServerFixture();
  const asked: ConversationId[] = [];
  const pushes = new ReceiptPushes({
    receipts: stores.receipts,
    settings: new UserSettings(stores.contacts),
    sessions: new LiveSessions(),
    membersOf: (conversation) => {
      asked.push(conversation);
      return Promise.resolve([ADA]);
    },
    timers,
    log,
  });
  return { pushes, timers, asked };
}

test('[RECEIPT-3] receipts of more conversations than can wait are not told, and room is made as time passes', async () => {
  const { pushes, timers, asked } = world();
  const before = timers.pendingCount;
  for (let at = 0; at < RECEIPTS_TOLD_MAX_COUNT; at++) pushes.received(id(at), ADA, 1);
  pushes.received(id(RECEIPTS_TOLD_MAX_COUNT), ADA, 1);
  // Those that wait already take more.
  pushes.read(id(0), ADA, 1);
  expect(timers.pendingCount).toBe(before + RECEIPTS_TOLD_MAX_COUNT);
  pushes.stop();
  expect(timers.pendingCount).toBe(before);
  pushes.received(id(RECEIPTS_TOLD_MAX_COUNT), ADA, 1);
  await timers.advance(100);
  expect(asked).toEqual([id(RECEIPTS_TOLD_MAX_COUNT)]);
});
