// Typing signals: to whom, how often, and that nothing of them is kept.
import { expect, test } from 'bun:test';
import type { ConversationId } from '@parley/protocol/ids';
import { TYPING_INTERVAL_MS, TYPING_SHOWN_MS } from '@parley/protocol/limits';
import { ServerFixture } from '../testing/server-fixture.ts';
import type { TestClient } from '../testing/test-client.ts';
import { TYPING_PER_USER_MAX_COUNT } from './limits.ts';

async function pair() {
  const fixture = new ServerFixture();
  const ada = await fixture.join('ada');
  const bob = await fixture.join('bob');
  const c = await ada.direct(bob.userId);
  return { fixture, ada, bob, c };
}

const type = (client: TestClient, conversation_id: ConversationId) =>
  client.send({ type: 'typing', conversation_id });
const stop = (client: TestClient, conversation_id: ConversationId) =>
  client.send({ type: 'typing', conversation_id, stopped: true });
const seen = (client: TestClient) => client.all('user_typing').map(({ for_ms }) => for_ms);

for (const loaded of ['in memory', 'not in memory'] as const) {
  test(`[TYPING-1] the other members' sessions are told, of a conversation ${loaded}`, async () => {
    const { fixture, ada, bob, c } = await pair();
    if (loaded === 'in memory') await ada.text(c, 'hello');
    const [second, other] = [
      await fixture.connect((await fixture.login('bob')).token),
      await fixture.connect((await fixture.login('ada')).token),
    ];
    ada.clear();
    await type(ada, c);
    const frame = { type: 'user_typing', conversation_id: c, user_id: ada.userId, for_ms: TYPING_SHOWN_MS };
    expect([bob.all('user_typing'), second.all('user_typing')]).toEqual([[frame], [frame]] as never);
    expect([ada.frames, other.all('user_typing')]).toEqual([[], []]);
    await stop(ada, c);
    await stop(ada, c);
    expect(seen(bob)).toEqual([TYPING_SHOWN_MS, 0]);
  });
}

test('[TYPING-1] what comes again within 3 s is ignored, also when it stopped in between', async () => {
  const { fixture, ada, bob, c } = await pair();
  await type(ada, c);
  await fixture.timers.advance(TYPING_INTERVAL_MS - 1);
  await type(ada, c);
  await stop(ada, c);
  await type(ada, c);
  expect(seen(bob)).toEqual([TYPING_SHOWN_MS, 0]);
  await fixture.timers.advance(1);
  await type(ada, c);
  expect(seen(bob)).toEqual([TYPING_SHOWN_MS, 0, TYPING_SHOWN_MS]);
});

test('[TYPING-1] who stops without having begun, or long after, is not passed on', async () => {
  const { fixture, ada, bob, c } = await pair();
  await stop(ada, c);
  await type(ada, c);
  await fixture.timers.advance(TYPING_SHOWN_MS);
  await stop(ada, c);
  expect(seen(bob)).toEqual([TYPING_SHOWN_MS]);
});

test('[TYPING-1] a stop never overtakes what it stops', async () => {
  const { fixture, ada, bob, c } = await pair();
  const { members } = fixture.stores;
  const membership = members.membership.bind(members);
  const slow = [50];
  members.membership = async (...args) => {
    for (let turn = slow.pop() ?? 0; turn > 0; turn -= 1) await Promise.resolve();
    return membership(...args);
  };
  await ada.raw(
    JSON.stringify([
      { type: 'typing', conversation_id: c },
      { type: 'typing', conversation_id: c, stopped: true },
    ]),
  );
  expect(seen(bob)).toEqual([TYPING_SHOWN_MS, 0]);
});

for (const loaded of ['in memory', 'not in memory'] as const) {
  test(`[TYPING-2] in a group of more than 100 nothing is passed on, in one of 100 it is, ${loaded}`, async () => {
    for (const [size, expected] of [
      [100, [TYPING_SHOWN_MS]],
      [101, []],
    ] as const) {
      const first = new ServerFixture();
      const [ada, bob] = [await first.join('ada'), await first.join('bob')];
      const c = await ada.group('many', [bob.userId, ...(await first.registerMany(size - 2))]);
      const fixture = loaded === 'in memory' ? first : first.restart();
      const [writer, reader] = [await fixture.connect(ada.token), await fixture.connect(bob.token)];
      await type(writer, c);
      expect(seen(reader)).toEqual([...expected]);
    }
  });

  test(`[TYPING-2] of a stranger, or one who left, nothing is passed on, ${loaded}`, async () => {
    const first = new ServerFixture();
    const [ada, bob, cy] = [await first.join('ada'), await first.join('bob'), await first.join('cy')];
    const c = await ada.group('few', [bob.userId]);
    await bob.change('leave_group', c, 'l1');
    const fixture = loaded === 'in memory' ? first : first.restart();
    const reader = await fixture.connect(ada.token);
    for (const { token } of [bob, cy]) await type(await fixture.connect(token), c);
    await type(reader, '424242' as ConversationId);
    expect(seen(reader)).toEqual([]);
  });
}

test('what is known of who writes is bounded by user, and forgotten as soon as it is shown no more', async () => {
  const { fixture, ada, bob } = await pair();
  const groups = [];
  for (let at = 0; at <= TYPING_PER_USER_MAX_COUNT; at += 1)
    groups.push(await ada.group(`g${at}`, [bob.userId]));
  for (const group of groups) await type(ada, group);
  expect(seen(bob)).toHaveLength(TYPING_PER_USER_MAX_COUNT);
  await fixture.timers.advance(TYPING_SHOWN_MS);
  for (const group of groups) await type(ada, group);
  expect(seen(bob)).toHaveLength(2 * TYPING_PER_USER_MAX_COUNT);
});

test('[TYPING-2] [BLOCK-3] to one who blocks the writer nothing is passed on, in a direct one or a group', async () => {
  const { fixture, ada, bob, c } = await pair();
  const cy = await fixture.join('cy');
  const group = await ada.group('three', [bob.userId, cy.userId]);
  await bob.request({ type: 'block_user', user_id: ada.userId });
  await type(ada, c);
  await type(ada, group);
  await type(bob, group);
  expect([seen(bob), seen(cy).length, seen(ada).length]).toEqual([[], 2, 1]);
});
