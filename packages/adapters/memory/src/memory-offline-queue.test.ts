// The queue that answers from what `advance` wrote shows an effect that was forgotten.
import { expect, test } from 'bun:test';
import { ALICE, append, BOB, conversationId, deviceId, makeEntry } from '@parley/ports/conformance/fixture';
import { directRecord } from '@parley/ports/conformance/member-fixture';
import { MemoryStores } from './memory-stores.ts';

const C = conversationId(500);

async function sent(inbox: 'join' | 'written') {
  const stores = new MemoryStores({ inbox });
  await stores.members.createConversation(directRecord(C));
  await append(stores.messages, C, [makeEntry()]);
  return stores;
}

test('`written` shows nothing before advance, and then only to those whom it names', async () => {
  await using stores = await sent('written');
  const behind = async (user: typeof ALICE) =>
    (await stores.queue.behind(user, deviceId(71), undefined, 10)).rows.length;
  expect(await behind(ALICE)).toBe(0);
  await stores.queue.advance(C, 1, [ALICE]);
  expect(await behind(ALICE)).toBe(1);
  expect(await behind(BOB)).toBe(0);
});

test('`join` needs no advance', async () => {
  await using stores = await sent('join');
  expect((await stores.queue.behind(BOB, deviceId(71), undefined, 10)).rows).toHaveLength(1);
});
