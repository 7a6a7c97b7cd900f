// [OWN-2, OWN-3] "Delete for me": on all of one's devices, for nobody else, and found again after any absence.
import { expect, test } from 'bun:test';
import { LiveSessions } from '../connection/live-sessions.ts';
import { room, says, type Person, type Room } from '../testing/reading-room.ts';
import { HiddenMessages, type HiddenParts } from './hidden-messages.ts';

const hide = (person: Person, group: Room['group'], target: number) =>
  person.request({ type: 'hide_message', conversation_id: group, target });

test('[OWN-2] a hidden message is told to the user’s other sessions, numbered, and nobody else notices', async () => {
  const { fixture, ada, bob, group } = await room();
  const phone = await fixture.connect((await fixture.login('bob')).token);
  const direct = await bob.direct(ada.userId);
  const first = await says(ada, group, 'a');
  const second = await says(ada, direct, 'b');
  const row = (number: number, conversation_id: string, seq: number) => ({ number, conversation_id, seq });
  expect(await hide(bob, group, first)).toMatchObject({ type: 'hidden', rows: [row(1, group, first)] });
  expect(phone.last('hidden')).toEqual({ type: 'hidden', rows: [row(1, group, first)] } as never);
  expect(await hide(phone as Person, direct, second)).toMatchObject({ rows: [row(2, direct, second)] });
  expect(await hide(bob, group, first)).toMatchObject({ rows: [row(1, group, first)] });
  expect(ada.all('hidden')).toEqual([]);
  expect(await ada.pull(group, 0)).not.toHaveProperty('hidden');
});

test('[OWN-2] pulled has the hidden ones among its entries, also after a restart', async () => {
  const { fixture, ada, bob, group } = await room();
  for (const text of ['a', 'b', 'c', 'd']) await says(ada, group, text);
  expect(await bob.pull(group, 0)).not.toHaveProperty('hidden');
  for (const seq of [5, 2, 4]) await hide(bob, group, seq);
  expect(await bob.pull(group, 0)).toMatchObject({ hidden: [2, 4, 5] });
  expect(await bob.pull(group, 2, 2)).toMatchObject({ through: 4, hidden: [4] });
  expect(await bob.pull(group, 2, 1)).not.toHaveProperty('hidden');
  expect(await bob.pull(group, 5)).not.toHaveProperty('hidden');
  const again = await fixture.restart().connect(bob.token);
  expect(await again.pull(group, 0)).toMatchObject({ hidden: [2, 4, 5] });
});

test('[OWN-2] the pulls of a user who hid nothing ask the store no more than once', async () => {
  const { fixture, ada, bob, group } = await room();
  const seq = await says(ada, group, 'a');
  for (let times = 0; times < 3; times++) await bob.pull(group, 0);
  const asked = () => fixture.faults.calls.filter((call) => call === 'hidden' || call === 'hiddenIn').length;
  expect(asked()).toBe(1);
  await hide(bob, group, seq);
  expect(await bob.pull(group, 0)).toMatchObject({ hidden: [seq] });
});

test('[OWN-2] a pull that looked before a message was hidden does not make the next one forget it', async () => {
  const { fixture, ada, bob, group } = await room();
  const seq = await says(ada, group, 'a');
  const { personal, messages } = fixture.stores;
  const { promise, resolve } = Promise.withResolvers<void>();
  let looks = 0;
  // The first look is answered late, with what was so before.
  const late: HiddenParts['personal'] = {
    hide: (...args) => personal.hide(...args),
    hiddenIn: (...args) => personal.hiddenIn(...args),
    hidden: async (...args) => {
      const found = await personal.hidden(...args);
      if ((looks += 1) === 1) await promise;
      return found;
    },
  };
  const access = { of: () => Promise.resolve({ visibleAfter: 0, until: seq, removed: false, members: 3 }) };
  const sessions = new LiveSessions();
  const hidden = new HiddenMessages({ personal: late, messages, access, sessions });
  const first = hidden.among(bob.userId, group, 0, seq);
  await fixture.settle();
  await hidden.hide(bob.session, { type: 'hide_message', ref: 1, conversation_id: group, target: seq });
  resolve();
  expect(await first).toEqual([]);
  expect(await hidden.among(bob.userId, group, 0, seq)).toEqual([seq]);
});

test('[OWN-2] what is no message, or none that one may read, cannot be hidden; a former member’s messages can', async () => {
  const { fixture, ada, bob, group } = await room();
  const dan = await fixture.join('dan');
  const seq = await says(ada, group, 'a');
  await ada.change('remove_member', group, 'r', { user_id: bob.userId });
  const later = await says(ada, group, 'b');
  expect(await hide(dan, group, seq)).toMatchObject({ code: 'not_found', field: 'conversation_id' });
  for (const target of [0, 1, 3, later, 99])
    expect(await hide(bob, group, target)).toMatchObject({ code: 'not_found', field: 'target' });
  expect(await hide(bob, group, seq)).toMatchObject({ rows: [{ number: 1 }] });
});

test('[OWN-2] a crash keeps what was answered; what was not is asked again and gets one number', async () => {
  const { fixture, ada, bob, group } = await room();
  const seq = await says(ada, group, 'a');
  fixture.faults.next('hide', 'unknown_applied');
  expect(await hide(bob, group, seq)).toMatchObject({ code: 'outcome_unknown' });
  expect(await hide(bob, group, seq)).toMatchObject({ rows: [{ number: 1 }] });
  const again = await fixture.restart().connect(bob.token);
  expect(await again.request({ type: 'list_hidden' })).toMatchObject({ rows: [{ number: 1, seq }] });
});

test('[OWN-3] list_hidden has what was hidden after a number, page by page', async () => {
  const { ada, bob, group } = await room();
  for (const text of ['a', 'b', 'c']) await hide(bob, group, await says(ada, group, text));
  const list = (after?: number, limit?: number) =>
    bob.request({
      type: 'list_hidden',
      ...(after === undefined ? {} : { after }),
      ...(limit === undefined ? {} : { limit }),
    });
  expect(await list(undefined, 2)).toMatchObject({ rows: [{ number: 1 }, { number: 2 }], next: 2 });
  const rest = await list(2, 2);
  expect(rest).toMatchObject({ rows: [{ number: 3, conversation_id: group, seq: 4 }] });
  expect(rest).not.toHaveProperty('next');
  expect(await list(3)).toMatchObject({ rows: [] });
  expect(await ada.request({ type: 'list_hidden' })).toMatchObject({ rows: [] });
});
