// What a raise tells: the steps that are news to others, with the watermarks of their user as they are then.
import { expect, test } from 'bun:test';
import { describeWithEngine } from '@parley/ports/conformance/engine';
import { ALICE, BOB, conversationId, deviceId, LARGEST_ID, userId } from '@parley/ports/conformance/fixture';
import type { ReceiptStep } from '@parley/ports/receipt-store';
import { testWorlds } from './test-worlds.ts';

const C = conversationId(LARGEST_ID);
const [PHONE, LAPTOP] = [deviceId(71), deviceId(LARGEST_ID)];

const step = (fields: Partial<ReceiptStep> & { readonly seq: number }): ReceiptStep => ({
  conversation: C,
  user: BOB,
  device: PHONE,
  at: 1,
  timed: true,
  ...fields,
});
const reading = (seq: number): ReceiptStep => step({ seq, device: undefined });
const rose = (by: 'received' | 'read', received: number, read: number, user = BOB) => ({
  conversation: C,
  by,
  row: { user, received, read },
});

describeWithEngine('postgres', (url) => {
  const { open } = testWorlds(url);

  test('a step that raises a watermark of its user is news, in order, as it stood with it', async () => {
    await using world = await open();
    const raise = (...steps: ReceiptStep[]) => world.receipts.raise(steps);
    expect(await raise()).toEqual([]);
    const first = [
      step({ seq: 5 }),
      reading(3),
      step({ seq: 7, timed: false }),
      step({ seq: 2, user: ALICE }),
    ];
    expect(await raise(...first)).toEqual([
      rose('received', 5, 0),
      rose('read', 5, 3),
      rose('received', 7, 3),
      rose('received', 2, 0, ALICE),
    ]);
    expect(await raise(...first)).toEqual([]);
  });

  test('a device that is behind another of its user is no news, also beside a step that is', async () => {
    await using world = await open();
    const raise = (...steps: ReceiptStep[]) => world.receipts.raise(steps);
    await raise(step({ seq: 8 }));
    expect(await raise(step({ seq: 6, device: LAPTOP }))).toEqual([]);
    expect(await raise(step({ seq: 7, device: LAPTOP }), reading(4))).toEqual([rose('read', 8, 4)]);
    expect(await raise(reading(2), step({ seq: 9, device: LAPTOP }))).toEqual([rose('received', 9, 4)]);
  });

  test('more steps than one statement takes are told in order too', async () => {
    await using world = await open();
    const steps = Array.from({ length: 2_500 }, (_, index) => step({ seq: 1, user: userId(9_000 - index) }));
    const raised = await world.receipts.raise(steps);
    expect(raised.map(({ row }) => row.user)).toEqual(steps.map(({ user }) => user));
  });
});
