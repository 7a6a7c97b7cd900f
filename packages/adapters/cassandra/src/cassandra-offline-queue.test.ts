// What the offline queue on Cassandra does that a join would not need: rows by seq, and large groups by their heads.
import { expect, setDefaultTimeout, test } from 'bun:test';
import { ALICE, append, BOB, conversationId, deviceId, makeEntries } from '@parley/ports/conformance/fixture';
import { describeWithEngine } from '@parley/ports/conformance/engine';
import { change, directRecord, groupRecord, membership } from '@parley/ports/conformance/member-fixture';
import { BUCKET_SEQS_COUNT } from './buckets.ts';
import { testWorlds } from './testing/test-worlds.ts';

setDefaultTimeout(30_000);

const C = conversationId(500);
const PHONE = deviceId(71);

describeWithEngine('cassandra', (url) => {
  const { keyspace, open } = testWorlds(url, BUCKET_SEQS_COUNT);

  test('[DESIGN 4] a cell of the inbox has the seq that it carries as its timestamp, and an older one never beats it', async () => {
    await using world = await open();
    await world.members.createConversation(directRecord(C));
    for (const head of [5, 3, 9, 4]) await world.queue.advance(C, head, [ALICE]);
    await world.queue.markReceived(ALICE, PHONE, [{ conversation: C, seq: 2 }]);
    const stamped = async (query: string) =>
      (await keyspace().client.execute(query)).rows.map((row) => row.values().map(String));
    expect(await stamped('SELECT head, WRITETIME(head) FROM inbox')).toEqual([['9', '9']]);
    expect(await stamped('SELECT seq, WRITETIME(seq) FROM marks')).toEqual([['2', '2']]);
  });

  test('[LARGE-1] members of a large group are behind though no send wrote to their inboxes', async () => {
    await using world = await open();
    const stores = await keyspace().open(world.members, { largeGroupMembers: 2 });
    await using _ = stores;
    await world.members.createConversation(groupRecord(C));
    await world.members.apply(C, [change(1, [membership(ALICE), membership(BOB)])]);
    await append(world.messages, C, makeEntries(3));
    expect((await stores.queue.behind(ALICE, PHONE, undefined, 10)).rows).toEqual([
      { conversation: C, head: 3, received: 0, removed: false },
    ]);
    await stores.queue.markReceived(ALICE, PHONE, [{ conversation: C, seq: 3 }]);
    expect((await stores.queue.behind(ALICE, PHONE, undefined, 10)).rows).toEqual([]);
  });

  test('[INV 15] one who was removed learns of it though the removal was never written to the inbox', async () => {
    await using world = await open();
    await world.members.createConversation(groupRecord(C));
    await world.members.apply(C, [change(1, [membership(ALICE), membership(BOB)])]);
    await append(world.messages, C, makeEntries(4));
    await world.members.apply(C, [change(4, [membership(BOB, { leftSeq: 4 })])]);
    expect((await world.queue.behind(BOB, PHONE, undefined, 10)).rows).toEqual([
      { conversation: C, head: 4, received: 0, removed: true },
    ]);
  });
});
