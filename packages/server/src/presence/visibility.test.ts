// PRES-5, whole: who sees what of whom, by whatever way, and at once when it changes.
import { describe, expect, test } from 'bun:test';
import { PresenceFixture, pushed, snapshots, type Client } from './presence-fixture.ts';

const VISIBILITIES = ['everyone', 'contacts', 'nobody'] as const;
const RELATIONS = ['stranger', 'contact', 'blocked stranger', 'blocked contact'] as const;

/** What is to be seen of one who is there. */
function expected(visibility: (typeof VISIBILITIES)[number], relation: (typeof RELATIONS)[number]) {
  if (relation.startsWith('blocked')) return 'offline';
  if (visibility === 'contacts') return relation === 'contact' ? 'online' : 'offline';
  return visibility === 'everyone' ? 'online' : 'offline';
}

/** Bob is watched by Ada; `relation` is what she is to him. */
async function world(relation: (typeof RELATIONS)[number]) {
  const fixture = new PresenceFixture();
  const ada = await fixture.join('ada');
  const bob = await fixture.join('bob');
  if (relation.endsWith('contact')) await fixture.watch(bob, ada.userId);
  if (relation.startsWith('blocked')) await bob.request({ type: 'block_user', user_id: ada.userId });
  return { fixture, ada, bob };
}

for (const visibility of VISIBILITIES) {
  for (const relation of RELATIONS) {
    const state = expected(visibility, relation);
    const isSeen = state === 'online';
    describe(`[PRES-5] visible to ${visibility}, seen by a ${relation}`, () => {
      test(`the answers to watch and get_presence are ${state}`, async () => {
        const { fixture, ada, bob } = await world(relation);
        await fixture.set(bob, { visibility });
        expect(await fixture.get(ada, bob.userId)).toEqual([{ user_id: bob.userId, state }]);
        expect(await fixture.watch(ada, bob.userId)).toEqual([{ user_id: bob.userId, state }]);
      });

      test(`so is the snapshot`, async () => {
        const { fixture, ada, bob } = await world(relation);
        await fixture.set(bob, { visibility });
        await fixture.watch(ada, bob.userId);
        ada.cut();
        expect(snapshots(await fixture.connect(ada.token))).toEqual([{ user_id: bob.userId, state }]);
      });

      test(`changes are ${isSeen ? '' : 'not '}pushed, last_seen is ${isSeen ? '' : 'not '}shown`, async () => {
        const { fixture, ada, bob } = await world(relation);
        await fixture.set(bob, { visibility });
        await fixture.watch(ada, bob.userId);
        ada.clear();
        await bob.request({ type: 'set_presence', state: 'away' });
        await fixture.pass(500, ada);
        await fixture.server.accounts.logout(bob.token, 'alice');
        await fixture.pass(500, ada);
        expect(pushed(ada)).toEqual(isSeen ? [`${bob.userId} away`, `${bob.userId} offline`] : []);
        const [row] = await fixture.get(ada, bob.userId);
        expect([row?.state, row?.last_seen !== undefined]).toEqual(['offline', isSeen]);
      });

      for (const after of VISIBILITIES) {
        const stateAfter = expected(after, relation);
        test(`when it becomes ${after} the watcher sees ${stateAfter}`, async () => {
          const { fixture, ada, bob } = await world(relation);
          await fixture.set(bob, { visibility });
          await fixture.watch(ada, bob.userId);
          ada.clear();
          await fixture.set(bob, { visibility: after });
          expect(await fixture.get(ada, bob.userId)).toEqual([{ user_id: bob.userId, state: stateAfter }]);
          await fixture.pass(500, ada, bob);
          // Where it makes no difference nobody learns that something was changed.
          expect(pushed(ada)).toEqual(state === stateAfter ? [] : [`${bob.userId} ${stateAfter}`]);
        });
      }
    });
  }
}

describe('[PRES-5] at once', () => {
  async function watched(visibility: (typeof VISIBILITIES)[number]) {
    const { fixture, ada, bob } = await world('stranger');
    await fixture.set(bob, { visibility });
    await fixture.watch(ada, bob.userId);
    ada.clear();
    const since = async (client: Client = ada) => {
      await fixture.pass(500, ada, bob);
      const rows = pushed(client);
      client.clear();
      return rows;
    };
    return { fixture, ada, bob, since };
  }

  test('who is blocked sees offline, and who is unblocked sees the state', async () => {
    const { ada, bob, since } = await watched('everyone');
    await bob.request({ type: 'block_user', user_id: ada.userId });
    expect(await since()).toEqual([`${bob.userId} offline`]);
    await bob.request({ type: 'unblock_user', user_id: ada.userId });
    expect(await since()).toEqual([`${bob.userId} online`]);
  });

  test('who is blocked and could not see anyway learns nothing', async () => {
    const { ada, bob, since } = await watched('nobody');
    await bob.request({ type: 'block_user', user_id: ada.userId });
    expect(await since()).toEqual([]);
  });

  test('who becomes a contact sees the state, and who is one no more sees offline', async () => {
    const { fixture, ada, bob, since } = await watched('contacts');
    await fixture.watch(bob, ada.userId);
    expect(await since()).toEqual([`${bob.userId} online`]);
    await bob.request({ type: 'unwatch', user_ids: [ada.userId] });
    expect(await since()).toEqual([`${bob.userId} offline`]);
  });

  test('becoming a contact says nothing where everyone or nobody sees', async () => {
    for (const visibility of ['everyone', 'nobody'] as const) {
      const { fixture, ada, bob, since } = await watched(visibility);
      await fixture.watch(bob, ada.userId);
      await bob.request({ type: 'unwatch', user_ids: [ada.userId] });
      expect(await since()).toEqual([]);
    }
  });

  test('a block and a new visibility in one moment do not hide one another', async () => {
    const { fixture, ada, bob, since } = await watched('everyone');
    await bob.request({ type: 'block_user', user_id: ada.userId });
    await fixture.set(bob, { visibility: 'nobody' });
    expect(await since()).toEqual([`${bob.userId} offline`]);
    await fixture.set(bob, { visibility: 'everyone' });
    await bob.request({ type: 'unblock_user', user_id: ada.userId });
    expect(await since()).toEqual([`${bob.userId} online`]);
  });

  test('blocking hides nothing from the one who blocks', async () => {
    const { fixture, ada, bob } = await watched('everyone');
    await ada.request({ type: 'block_user', user_id: bob.userId });
    expect(await fixture.get(ada, bob.userId)).toEqual([{ user_id: bob.userId, state: 'online' }]);
  });

  test('everyone sees himself or herself', async () => {
    const { fixture, bob } = await watched('nobody');
    expect(await fixture.get(bob, bob.userId)).toEqual([{ user_id: bob.userId, state: 'online' }]);
  });

  test('who is told is decided again when settings change while it is being decided', async () => {
    const { fixture, ada, bob, since } = await watched('contacts');
    await fixture.watch(bob, ada.userId);
    await since();
    const { contacts } = fixture.stores;
    const contactsAmong = contacts.contactsAmong.bind(contacts);
    contacts.contactsAmong = async (...args) => {
      const found = await contactsAmong(...args);
      contacts.contactsAmong = contactsAmong;
      bob.start({ type: 'set_settings', visibility: 'nobody' });
      await fixture.settle();
      return found;
    };
    await bob.request({ type: 'set_presence', state: 'away' });
    expect(await since()).toEqual([`${bob.userId} offline`]);
  });

  test('who watches himself or herself is told of every change, whatever the visibility', async () => {
    const { fixture, bob, since } = await watched('nobody');
    await fixture.watch(bob, bob.userId);
    await bob.request({ type: 'set_presence', state: 'away' });
    expect(await since(bob)).toEqual([`${bob.userId} away`]);
  });

  test('an answer that was under way while settings changed is looked up again', async () => {
    const { fixture, ada, bob } = await watched('everyone');
    const { contacts } = fixture.stores;
    const lastSeen = contacts.lastSeen.bind(contacts);
    const gate = Promise.withResolvers<void>();
    contacts.lastSeen = async (users) => {
      contacts.lastSeen = lastSeen;
      await gate.promise;
      return lastSeen(users);
    };
    const cy = await fixture.register('cy');
    const asked = ada.start({ type: 'get_presence', user_ids: [bob.userId, cy.user_id] });
    await fixture.settle();
    await fixture.set(bob, { visibility: 'nobody' });
    gate.resolve();
    await fixture.settle();
    expect(ada.answer(asked)).toMatchObject({ rows: [{ state: 'offline' }, { state: 'offline' }] });
  });

  test('what could not be decided for want of the store is told later', async () => {
    const { fixture, ada, bob, since } = await watched('contacts');
    await fixture.watch(bob, ada.userId);
    const { contacts } = fixture.stores;
    const contactsAmong = contacts.contactsAmong.bind(contacts);
    contacts.contactsAmong = () => Promise.reject(new Error('no'));
    expect(await since()).toEqual([]);
    contacts.contactsAmong = contactsAmong;
    await fixture.pass(1_000, ada, bob);
    expect(await since()).toEqual([`${bob.userId} online`]);
  });
});
