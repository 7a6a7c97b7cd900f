// A node whose conversation another node has taken over finds out by the look at a queue, without a write of its own.
import { expect, test } from 'bun:test';
import { ServerFixture } from '../testing/server-fixture.ts';

test('[INV 10] [SYNC-4] a node that another one has overtaken answers pulls and marks by the store after one look', async () => {
  const first = new ServerFixture();
  const second = first.second();
  const ada = await first.join('ada');
  const bob = await first.join('bob');
  const conversation = await ada.direct(bob.userId);
  await ada.text(conversation, 'the first node owns it');

  const adaMoved = await second.connect(ada.token);
  await adaMoved.text(conversation, 'the second node owns it');
  // Nothing crosses between the nodes: bob's session on the first one learns of it by its poll.
  expect(bob.pushedTexts()).toEqual(['the first node owns it']);
  bob.clear();
  await bob.mark(conversation, 1);
  for (let waited = 0; waited < 80; waited += 4) {
    await first.timers.advance(4_000);
    await bob.send({ type: 'heartbeat' });
  }
  expect(bob.last('heads').rows).toMatchObject([{ conversation_id: conversation, head: 2, received: 1 }]);
  const { entries, head } = await bob.pull(conversation, 1);
  expect([entries.length, head]).toEqual([1, 2]);
  await bob.mark(conversation, 2);
  expect(bob.faults).toEqual([]);
});
