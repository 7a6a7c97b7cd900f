// [RECEIPT-4] Read receipts turned off: nothing is shown of what one reads, and nothing of what others read is seen.
import { expect, test } from 'bun:test';
import {
  counts,
  read,
  receiptsOf,
  room,
  says,
  setReceipts,
  told,
  watermarks,
} from '../testing/reading-room.ts';

test('[RECEIPT-4] what one reads from then on is shown to nobody; what was shown before, and delivery, stay', async () => {
  const { fixture, ada, bob, group } = await room();
  const first = await says(ada, group, 'a');
  await read(bob, group, first);
  await setReceipts(bob, false);
  const second = await says(ada, group, 'b');
  await bob.mark(group, second);
  await read(bob, group, second);
  await told(fixture);
  const shown = { user_id: bob.userId, received: second, read: first };
  expect((await watermarks(ada, group)).find(({ user_id }) => user_id === bob.userId)).toEqual(shown);
  expect(await receiptsOf(ada, group, first)).toMatchObject({ delivered: 1, read: 1 });
  expect(await receiptsOf(ada, group, second)).toMatchObject({ delivered: 1, read: 0 });
  for (const { rows } of ada.all('receipts'))
    for (const row of rows) expect(row.read).toBeLessThanOrEqual(first);
  // Unread counts are as before.
  expect(await counts(bob, group)).toEqual([second, 0, 0]);
});

test('[RECEIPT-4] what one read while it was off is not shown later, until one reads on', async () => {
  const { fixture, ada, bob, group } = await room();
  const first = await says(ada, group, 'a');
  await setReceipts(bob, false);
  await read(bob, group, first);
  await setReceipts(bob, true);
  const second = await says(ada, group, 'b');
  await told(fixture);
  expect(await receiptsOf(ada, group, first)).toMatchObject({ read: 0, rows: [] });
  await read(bob, group, second);
  expect(await receiptsOf(ada, group, second)).toMatchObject({ read: 1 });
});

test('[RECEIPT-4] one is shown no read of others: not by receipts, watermarks, counts or pushes; one’s own is no secret', async () => {
  const { fixture, ada, bob, cleo, group } = await room();
  const seq = await says(ada, group, 'a');
  await read(bob, group, seq);
  await told(fixture);
  await setReceipts(bob, false);
  bob.clear();
  await read(cleo, group, seq);
  await told(fixture);
  // That somebody read would be told by the push alone.
  expect(bob.all('receipts')).toEqual([]);
  expect(ada.last('receipts')).toMatchObject({ rows: [{ user_id: cleo.userId, read: seq }] });
  await cleo.mark(group, seq);
  await told(fixture);
  expect(bob.all('receipts')).toMatchObject([{ rows: [{ user_id: cleo.userId, received: seq, read: 0 }] }]);
  expect(ada.last('receipts')).toMatchObject({ rows: [{ user_id: cleo.userId, received: seq, read: seq }] });
  expect(await watermarks(bob, group)).toEqual([
    { user_id: ada.userId, received: 0, read: 0 },
    { user_id: bob.userId, received: 0, read: seq },
    { user_id: cleo.userId, received: seq, read: 0 },
  ]);
  const receipts = await receiptsOf(bob, group, seq);
  expect(receipts).toMatchObject({ members: 2, delivered: 1, read: 1 });
  expect(receipts.rows).toMatchObject([
    { user_id: bob.userId, read: {} },
    { user_id: cleo.userId, delivered: {} },
  ]);
  expect(receipts.rows[1]).not.toHaveProperty('read');
});

test('[RECEIPT-4] the author who shows nothing is told of nobody who read, also where nothing was delivered', async () => {
  const { fixture, ada, bob, group } = await room();
  await setReceipts(ada, false);
  const seq = await says(ada, group, 'a');
  await read(bob, group, seq);
  await told(fixture);
  expect(await receiptsOf(ada, group, seq)).toMatchObject({ members: 2, delivered: 0, read: 0, rows: [] });
  await setReceipts(ada, true);
  expect(await receiptsOf(ada, group, seq)).toMatchObject({ read: 1, rows: [{ user_id: bob.userId }] });
});

test('[RECEIPT-4] [TRACE-1] a timeline shows no readers to one who turned it off', async () => {
  const { fixture, ada, bob, group } = await room();
  const seq = await says(ada, group, 'a');
  await read(bob, group, seq);
  await bob.mark(group, seq);
  await told(fixture);
  const id = (await ada.pull(group, 0)).entries.find((entry) => entry.seq === seq)?.message_id;
  if (id === undefined) throw new Error('no message');
  const timeline = () => ada.request({ type: 'get_timeline', message_id: id });
  expect(await timeline()).toMatchObject({ read: [{ user_id: bob.userId }] });
  await setReceipts(ada, false);
  expect(await timeline()).toMatchObject({ read: [], delivered: [{ user_id: bob.userId }] });
});

test('[RECEIPT-4] the setting holds after a restart', async () => {
  const { fixture, ada, bob, group } = await room();
  await setReceipts(bob, false);
  const seq = await says(ada, group, 'a');
  const after = fixture.restart();
  await read(await after.connect(bob.token), group, seq);
  expect(await receiptsOf(await after.connect(ada.token), group, seq)).toMatchObject({ read: 0 });
});
