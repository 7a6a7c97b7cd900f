// One client_msg_id is one message, whatever fails and however often it is asked for.
import { expect, test } from 'bun:test';
import type { SendResult } from '@parley/protocol/send';
import { ServerFixture } from '../testing/server-fixture.ts';
import { sendOf } from '../testing/test-client.ts';

async function pair(server?: ServerFixture) {
  const fixture = server ?? new ServerFixture();
  const ada = await fixture.join('ada');
  const bob = await fixture.join('bob');
  return { fixture, ada, bob, conversation: await ada.direct(bob.userId) };
}

const seqs = (results: readonly SendResult[]) =>
  results.map((result) => ('seq' in result ? result.seq : result.error.code));

test('[SEND-3] [INV 6] the same id gets the same answer: in one frame, in two, on two sessions', async () => {
  const { fixture, ada, bob, conversation } = await pair();
  const phone = await fixture.connect((await fixture.login('ada')).token);
  const twice = await ada.texts(conversation, [
    { id: 'a', text: 'x' },
    { id: 'a', text: 'x' },
  ]);
  const again = await ada.text(conversation, 'x', 'a');
  const elsewhere = await phone.text(conversation, 'x', 'a');
  expect(twice[0]).toMatchObject({ seq: 1 });
  expect([twice[1], again, elsewhere]).toEqual([twice[0], twice[0], twice[0]] as SendResult[]);
  expect(bob.pushedTexts()).toEqual(['x']);
});

test('[SEND-3] [INV 6] concurrent duplicates on two sessions share one entry', async () => {
  const { fixture, ada, bob, conversation } = await pair();
  const phone = await fixture.connect(ada.token);
  const clients = [ada, phone, ada, phone, ada];
  const refs = clients.map(
    (client) => [client, client.start(sendOf(conversation, [{ id: 'a', text: 'x' }]))] as const,
  );
  await fixture.settle();
  const results = refs.map(([client, ref]) => {
    const answer = client.answer(ref);
    return answer?.type === 'sent' ? answer.results[0] : undefined;
  });
  expect(results[0]).toMatchObject({ seq: 1 });
  expect(new Set(results.map((result) => JSON.stringify(result))).size).toBe(1);
  expect(bob.pushedTexts()).toEqual(['x']);
});

test('[SEND-3] [PITFALL: a retry makes a second message] the answer is the same after a crash and a day', async () => {
  const { fixture, ada, bob, conversation } = await pair();
  const before = await ada.text(conversation, 'x', 'a');
  await bob.text(conversation, 'y');
  const next = fixture.restart();
  next.clock.advance(24 * 3_600_000);
  const again = await next.connect(ada.token);
  expect(await again.text(conversation, 'x', 'a')).toEqual(before);
  expect((await again.pull(conversation, 0)).head).toBe(2);
});

test('[SEND-3] other content under a used id is answered with id_reused, whenever it comes', async () => {
  const { fixture, ada, bob, conversation } = await pair();
  const frame = await ada.texts(conversation, [
    { id: 'a', text: 'x' },
    { id: 'a', text: 'other' },
  ]);
  expect(seqs(frame)).toEqual([1, 'id_reused']);
  expect(seqs([await ada.text(conversation, 'other', 'a')])).toEqual(['id_reused']);
  const again = await fixture.restart().connect(ada.token);
  expect(seqs([await again.text(conversation, 'other', 'a')])).toEqual(['id_reused']);
  expect(bob.pushedTexts()).toEqual(['x']);
});

test('[SEND-3] ids are told apart by user and conversation', async () => {
  const { fixture, ada, bob, conversation } = await pair();
  const eve = await fixture.join('eve');
  const other = await ada.direct(eve.userId);
  expect(await ada.text(conversation, 'x', 'a')).toMatchObject({ seq: 1 });
  expect(await bob.text(conversation, 'y', 'a')).toMatchObject({ seq: 2 });
  expect(await ada.text(other, 'z', 'a')).toMatchObject({ seq: 1 });
});

test('[SEND-3] an id of a message is used for a change of the group too, and the other way round', async () => {
  const { ada, bob } = await pair();
  const group = await ada.group('room', [bob.userId]);
  await ada.text(group, 'x', 'a');
  expect(await ada.change('rename_group', group, 'a', { title: 'new' })).toMatchObject({ code: 'id_reused' });
  await ada.change('rename_group', group, 'b', { title: 'new' });
  expect(await ada.text(group, 'new', 'b')).toMatchObject({ error: { code: 'id_reused' } });
});

test.each(['unknown_applied', 'unknown_not_applied'] as const)(
  '[SEND-6] [INV 9] an append that is %s and can be looked up is decided before the answer',
  async (fault) => {
    const { fixture, ada, bob, conversation } = await pair();
    fixture.faults.next('append', fault);
    const result = await ada.text(conversation, 'x', 'a');
    expect(result).toMatchObject({ seq: 1 });
    expect(await ada.text(conversation, 'x', 'a')).toEqual(result);
    expect(bob.pushedTexts()).toEqual(['x']);
  },
);

test.each(['unknown_applied', 'unknown_not_applied'] as const)(
  '[SEND-6] [INV 9] an append that is %s and cannot be looked up is answered outcome_unknown; a retry decides',
  async (fault) => {
    const { fixture, ada, bob, conversation } = await pair();
    await ada.text(conversation, 'before');
    fixture.faults.next('append', fault);
    fixture.faults.next('state', 'unavailable');
    const texts = [
      { id: 'a', text: 'x' },
      { id: 'b', text: 'y' },
    ];
    const unknown = await ada.texts(conversation, texts);
    expect(unknown).toMatchObject([
      { error: { code: 'outcome_unknown', retry: 'later' } },
      { error: { code: 'outcome_unknown' } },
    ]);
    expect(bob.pushedTexts()).toEqual(['before']);
    const decided = await ada.texts(conversation, texts);
    expect(seqs(decided)).toEqual([2, 3]);
    const { entries, head } = await bob.pull(conversation, 0);
    expect(entries.map((entry) => entry.client_msg_id)).toEqual(['m-before', 'a', 'b'] as never);
    expect(head).toBe(3);
  },
);

test.each(['storage_full', 'unavailable'] as const)(
  '[SEND-6] [INV 9] %s leaves no trace, and the same message goes through later',
  async (fault) => {
    const { fixture, ada, bob, conversation } = await pair();
    await ada.text(conversation, 'before');
    fixture.faults.next('append', fault);
    const refused = await ada.text(conversation, 'x', 'a');
    expect(refused).toMatchObject({ error: { code: fault, retry: 'later' } });
    expect((await bob.pull(conversation, 0)).head).toBe(1);
    expect(await ada.text(conversation, 'x', 'a')).toMatchObject({ seq: 2 });
    expect(bob.pushedTexts()).toEqual(['before', 'x']);
  },
);

test('[SEND-5] when a message is refused with `later`, so are all that follow it in the frame', async () => {
  const { fixture, ada, bob, conversation } = await pair();
  await ada.text(conversation, 'old', 'old');
  fixture.faults.next('append', undefined, 'unavailable');
  const results = await ada.texts(conversation, [
    { id: 'old', text: 'old' },
    { id: 'a', text: 'x' },
    { id: 'a', text: 'never this' },
    { id: 'b', text: 'y' },
  ]);
  expect(seqs(results)).toEqual([1, 'unavailable', 'unavailable', 'unavailable']);
  expect(bob.pushedTexts()).toEqual(['old']);
});

test('[SEND-6] a claim that fails refuses what waits, and the next send claims again', async () => {
  const { fixture, ada, conversation } = await pair();
  fixture.faults.next('claim', 'unavailable');
  expect(await ada.text(conversation, 'x', 'a')).toMatchObject({ error: { code: 'unavailable' } });
  fixture.faults.next('claim', 'unknown_applied');
  expect(await ada.text(conversation, 'x', 'a')).toMatchObject({ seq: 1 });
});

test('[SEND-6] a claim that loses races waits and tries again, and gives up with unavailable', async () => {
  const { fixture, ada, conversation } = await pair();
  fixture.faults.next('claim', 'lost_race', 'unknown_not_applied');
  const ref = ada.start(sendOf(conversation, [{ id: 'a', text: 'x' }]));
  await fixture.timers.advance(200);
  expect(ada.answer(ref)).toMatchObject({ results: [{ seq: 1 }] });
  const next = fixture.restart();
  const again = await next.connect(ada.token);
  next.faults.next('claim', ...Array.from({ length: 8 }, () => 'lost_race' as const));
  const other = again.start(sendOf(conversation, [{ id: 'b', text: 'y' }]));
  await next.timers.advance(1_000);
  expect(again.answer(other)).toMatchObject({ results: [{ error: { code: 'unavailable' } }] });
  expect(next.faults.unmet).toBe(0);
});

test('[INV 9] an effect that fails after the append is answered as unknown, and redone before the retry is answered', async () => {
  const fixture = new ServerFixture({ inbox: 'written' });
  const { ada, bob, conversation } = await pair(fixture);
  fixture.faults.next('advance', 'unavailable');
  expect(await ada.text(conversation, 'x', 'a')).toMatchObject({ error: { code: 'outcome_unknown' } });
  expect(fixture.stores.world.state.inbox.get(bob.userId)?.get(conversation)).toBeUndefined();
  expect(await ada.text(conversation, 'x', 'a')).toMatchObject({ seq: 1 });
  expect(fixture.stores.world.state.inbox.get(bob.userId)?.get(conversation)).toBe(1);
});

test('[SEND-3] a former member is answered as before for what was stored, and refused for the rest', async () => {
  const { fixture, ada, bob } = await pair();
  const group = await ada.group('room', [bob.userId]);
  const stored = await bob.text(group, 'mine', 'a');
  await ada.change('remove_member', group, 'r', { user_id: bob.userId });
  expect(await bob.text(group, 'mine', 'a')).toEqual(stored);
  expect(await bob.text(group, 'other', 'a')).toMatchObject({ error: { code: 'id_reused' } });
  expect(await bob.text(group, 'new', 'b')).toMatchObject({ error: { code: 'not_member' } });
  fixture.faults.next('find', 'unavailable');
  expect(await bob.text(group, 'mine', 'a')).toMatchObject({
    error: { code: 'unavailable', retry: 'later' },
  });
});
