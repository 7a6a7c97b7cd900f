// Settings and blocks: the requests, and what a blocked user cannot do.
import { describe, expect, test } from 'bun:test';
import type { Down } from '@parley/protocol/down';
import type { ClientMsgId, UserId } from '@parley/protocol/ids';
import { ServerFixture } from '../testing/server-fixture.ts';
import type { TestClient } from '../testing/test-client.ts';

async function pair() {
  const fixture = new ServerFixture();
  const ada = await fixture.join('ada');
  const bob = await fixture.join('bob');
  return { fixture, ada, bob };
}

const block = (client: TestClient, user_id: UserId) => client.request({ type: 'block_user', user_id });
const unblock = (client: TestClient, user_id: UserId) => client.request({ type: 'unblock_user', user_id });
const codeOf = (answer: Down) => ('code' in answer ? answer.code : answer.type);

describe('settings', () => {
  test("[SET-1] a change is answered and pushed to the user's other sessions, and survives a restart", async () => {
    const { fixture, ada, bob } = await pair();
    const second = await fixture.connect((await fixture.login('ada')).token);
    expect(await ada.request({ type: 'get_settings' })).toMatchObject({
      type: 'settings',
      read_receipts: true,
      visibility: 'everyone',
    });
    const changed = { read_receipts: false, visibility: 'everyone' };
    expect(await ada.request({ type: 'set_settings', read_receipts: false })).toMatchObject(changed);
    expect(second.last('settings')).toEqual({ type: 'settings', ...changed } as never);
    expect([ada.all('settings').length, bob.all('settings').length]).toEqual([2, 0]);
    const again = await fixture.restart().connect(ada.token);
    expect(await again.request({ type: 'get_settings' })).toMatchObject(changed);
  });
});

describe('blocking', () => {
  test("[BLOCK-1] is answered with done, told to the user's other sessions, and listed in pages", async () => {
    const { fixture, ada, bob } = await pair();
    const cy = await fixture.register('cy');
    const second = await fixture.connect((await fixture.login('ada')).token);
    expect(codeOf(await block(ada, bob.userId))).toBe('done');
    expect(second.last('user_blocked')).toMatchObject({ user_id: bob.userId, blocked: true });
    await block(ada, cy.user_id);
    const first = await ada.request({ type: 'list_blocked', limit: 1 });
    expect(first).toMatchObject({ rows: [{ user_id: bob.userId, name: 'bob' }], next: bob.userId });
    expect(await second.request({ type: 'list_blocked', after: bob.userId })).toMatchObject({
      rows: [{ user_id: cy.user_id, name: 'cy' }],
    });
    expect(codeOf(await unblock(ada, bob.userId))).toBe('done');
    expect(second.last('user_blocked')).toMatchObject({ user_id: bob.userId, blocked: false });
    expect([ada.all('user_blocked'), bob.all('user_blocked')]).toEqual([[], []]);
  });

  test('[BLOCK-1] nobody blocks an unknown user, or himself, or too many', async () => {
    const { fixture, ada, bob } = await pair();
    expect(codeOf(await block(ada, '999999' as UserId))).toBe('not_found');
    expect(codeOf(await block(ada, ada.userId))).toBe('invalid_field');
    const many = await fixture.registerMany(1_000);
    for (const user of many) await fixture.stores.contacts.block(ada.userId, user, 1_000);
    expect(codeOf(await block(ada, bob.userId))).toBe('limit_reached');
  });
});

/** What may be done to the other in a direct conversation, by who is blocked and by who blocks. */
const CHANGES = [
  ['edit_message', { version: 1, content: { kind: 'text', text: 'other' } }],
  ['delete_message', {}],
  ['react', { emoji: '👍' }],
  ['pin_message', {}],
] as const;

describe('a blocked user', () => {
  for (const loaded of ['in memory', 'not in memory'] as const) {
    test(`[BLOCK-2] cannot send in the direct conversation, which is ${loaded}, until unblocked`, async () => {
      const world = await pair();
      const c = await world.bob.direct(world.ada.userId);
      await world.bob.text(c, 'before');
      await block(world.ada, world.bob.userId);
      const fixture = loaded === 'in memory' ? world.fixture : world.fixture.restart();
      const bob = loaded === 'in memory' ? world.bob : await fixture.connect(world.bob.token);
      const ada = loaded === 'in memory' ? world.ada : await fixture.connect(world.ada.token);
      expect(await bob.text(c, 'now')).toMatchObject({ error: { code: 'blocked', retry: 'no' } });
      expect(
        await bob.texts(
          c,
          [1, 2].map((n) => ({ id: `m${n}`, text: 'x' })),
        ),
      ).toMatchObject([{ error: { code: 'blocked' } }, { error: { code: 'blocked' } }]);
      expect(await ada.text(c, 'the one who blocks may')).toMatchObject({ seq: 2 });
      await unblock(ada, bob.userId);
      expect(await bob.text(c, 'again')).toMatchObject({ seq: 3 });
    });

    test(`[BLOCK-2] is answered as before for what was stored before, ${loaded}`, async () => {
      const world = await pair();
      const c = await world.bob.direct(world.ada.userId);
      await world.bob.text(c, 'before', 'm1');
      await world.bob.change('react', c, 'r1', { target: 1, emoji: '👍' });
      await block(world.ada, world.bob.userId);
      const fixture = loaded === 'in memory' ? world.fixture : world.fixture.restart();
      const bob = loaded === 'in memory' ? world.bob : await fixture.connect(world.bob.token);
      expect(await bob.text(c, 'before', 'm1')).toMatchObject({ seq: 1 });
      expect(await bob.text(c, 'other', 'm1')).toMatchObject({ error: { code: 'id_reused' } });
      expect(await bob.change('react', c, 'r1', { target: 1, emoji: '👍' })).toMatchObject({ seq: 2 });
    });
  }

  for (const [type, fields] of CHANGES) {
    test(`[BLOCK-2] cannot ${type} in the direct conversation; who blocks can`, async () => {
      const { ada, bob } = await pair();
      const c = await bob.direct(ada.userId);
      await bob.text(c, 'bob');
      await ada.text(c, 'ada');
      await block(ada, bob.userId);
      const own = (seq: number) => ({
        target: seq,
        ...fields,
        ...('version' in fields ? { version: seq } : {}),
      });
      expect(codeOf(await bob.change(type, c, 'x', own(1)))).toBe('blocked');
      expect(codeOf(await ada.change(type, c, 'x', own(2)))).toBe('changed');
      await unblock(ada, bob.userId);
      expect(codeOf(await bob.change(type, c, 'y', own(1)))).toBe('changed');
    });
  }

  test('[BLOCK-2] cannot open the direct conversation, new or there; who blocks can', async () => {
    const { ada, bob } = await pair();
    await block(ada, bob.userId);
    const open = (client: TestClient, user_id: UserId) => client.request({ type: 'open_direct', user_id });
    expect(codeOf(await open(bob, ada.userId))).toBe('blocked');
    expect(codeOf(await open(ada, bob.userId))).toBe('conversation');
    expect(codeOf(await open(bob, ada.userId))).toBe('blocked');
    await unblock(ada, bob.userId);
    expect(codeOf(await open(bob, ada.userId))).toBe('conversation');
  });

  test('[BLOCK-2] cannot bring the other into a group; what was made before is answered as then', async () => {
    const { fixture, ada, bob } = await pair();
    const cy = await fixture.register('cy');
    const create = (id: string) =>
      bob.request({
        type: 'create_group',
        client_msg_id: id as ClientMsgId,
        title: id,
        member_ids: [cy.user_id, ada.userId],
      });
    expect(codeOf(await create('early'))).toBe('conversation');
    const group = await bob.group('plans', [cy.user_id]);
    await block(ada, bob.userId);
    expect(codeOf(await create('late'))).toBe('blocked');
    expect(codeOf(await create('early'))).toBe('conversation');
    const add = (id: string) => bob.change('add_members', group, id, { user_ids: [ada.userId] });
    expect(codeOf(await add('a1'))).toBe('blocked');
    await unblock(ada, bob.userId);
    expect(codeOf(await add('a2'))).toBe('changed');
    await block(ada, bob.userId);
    expect(codeOf(await add('a2'))).toBe('changed');
  });

  test('[BLOCK-3] writes in a group that both are in, and the other reads it', async () => {
    const { ada, bob } = await pair();
    const group = await bob.group('plans', [ada.userId]);
    await block(ada, bob.userId);
    expect(await bob.text(group, 'hello')).toMatchObject({ seq: 2 });
    expect(ada.pushedTexts()).toContain('hello');
  });

  test('[BLOCK-2] is refused from the answer on, also while the conversation is being loaded', async () => {
    const { fixture, ada, bob } = await pair();
    const c = await bob.direct(ada.userId);
    await bob.text(c, 'before', 'm1');
    const next = fixture.restart();
    const [again, other] = [await next.connect(bob.token), await next.connect(ada.token)];
    // The load has read that there is no block, and waits for its first effects while one is made.
    const { messages } = next.stores;
    const read = messages.read.bind(messages);
    const gate = Promise.withResolvers<void>();
    let isHeld = true;
    messages.read = async (...args) => {
      if (isHeld) await gate.promise;
      return read(...args);
    };
    const first = again.start({
      type: 'send',
      conversation_id: c,
      messages: [{ client_msg_id: 'm2' as ClientMsgId, content: { kind: 'text', text: 'during' } }],
    });
    await next.settle();
    const blocked = other.start({ type: 'block_user', user_id: bob.userId });
    await next.settle();
    expect(other.answer(blocked)?.type).toBe('done');
    isHeld = false;
    gate.resolve();
    await next.settle();
    expect(again.answer(first)).toMatchObject({ type: 'sent', results: [{ error: { code: 'blocked' } }] });
    expect(await again.text(c, 'after')).toMatchObject({ error: { code: 'blocked' } });
  });

  test('[BLOCK-2] a plain send where nobody is blocked asks the store for no block', async () => {
    const { fixture, ada, bob } = await pair();
    const c = await bob.direct(ada.userId);
    await bob.text(c, 'first');
    const { contacts } = fixture.stores;
    contacts.blockersAmong = () => Promise.reject(new Error('asked'));
    contacts.blocked = () => Promise.reject(new Error('asked'));
    expect(await bob.text(c, 'second')).toMatchObject({ seq: 2 });
  });
});
