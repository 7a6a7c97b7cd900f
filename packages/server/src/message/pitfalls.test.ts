// Bugs that real chat systems shipped, as they would look here, where no other test stands for them.
import { expect, test } from 'bun:test';
import { ServerFixture } from '../testing/server-fixture.ts';

test('[PITFALL: offline members never get group messages] a group reaches who was offline, joined while offline included', async () => {
  const fixture = new ServerFixture();
  const ada = await fixture.join('ada');
  const bob = await fixture.join('bob');
  const eve = await fixture.register('eve');
  bob.cut();
  const group = await ada.group('room', [bob.userId]);
  await ada.text(group, 'to bob');
  await ada.change('add_members', group, 'add', { user_ids: [eve.user_id] });
  await ada.text(group, 'to both');
  for (const token of [bob.token, eve.token]) {
    const client = await fixture.connect(token);
    expect(client.last('heads').rows.map((row) => [row.conversation_id, row.head])).toEqual([[group, 4]]);
    expect((await client.pull(group, 0)).entries.map((entry) => entry.seq)).toEqual([1, 2, 3, 4]);
  }
});

test('[PITFALL: a new, verified device cannot read history] a new device reads all that the old one could', async () => {
  const fixture = new ServerFixture();
  const ada = await fixture.join('ada');
  const bob = await fixture.join('bob');
  const conversation = await ada.direct(bob.userId);
  for (let at = 1; at <= 5; at++) await ada.text(conversation, `text ${at}`);
  await bob.mark(conversation, 5);
  const old = await bob.pull(conversation, 0);
  const phone = await fixture.connect((await fixture.login('bob')).token);
  expect(phone.last('heads').rows).toEqual([
    { conversation_id: conversation, head: 5, floor: 0, received: 0 },
  ]);
  expect((await phone.pull(conversation)).entries).toEqual(old.entries);
});

test('[PITFALL: everyone reconnects at once and the database falls over] a reconnect without news costs the same calls in 50 conversations as in one', async () => {
  const costs = [];
  for (const conversations of [1, 50]) {
    const fixture = new ServerFixture();
    const ada = await fixture.join('ada');
    const bob = await fixture.join('bob');
    for (let at = 1; at <= conversations; at++) {
      const group = await ada.group(`room-${at}`, [bob.userId]);
      await bob.mark(group, 1);
    }
    // The marks are stored before the count begins.
    await fixture.timers.advance(6_000);
    bob.cut();
    fixture.faults.calls.length = 0;
    await fixture.connect(bob.token);
    costs.push(fixture.faults.calls.length);
  }
  expect(costs[1]).toBe(costs[0] as number);
  expect(costs[0]).toBeLessThan(12);
});
