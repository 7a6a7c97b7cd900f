// Two servers and one conversation: the fence keeps the log whole, whoever believes to own it.
import { expect, test } from 'bun:test';
import { MemoryWorld } from '@parley/adapter-memory/memory-world';
import { SeededRandomness } from '@parley/adapter-memory/seeded-randomness';
import { findViolations, type Asked } from '../testing/log-check.ts';
import { ServerFixture } from '../testing/server-fixture.ts';
import { StoreFaults } from '../testing/store-faults.ts';
import { sendOf, type TestClient } from '../testing/test-client.ts';

async function twoServers() {
  const fixture = new ServerFixture();
  const ada = await fixture.join('ada');
  const bob = await fixture.join('bob');
  const conversation = await ada.direct(bob.userId);
  const other = fixture.second();
  return { fixture, other, ada, bob: await other.connect(bob.token), conversation };
}

test('[INV 2] a server that lost the conversation is refused, forgets it, and goes on after a retry', async () => {
  const { ada, bob, conversation } = await twoServers();
  expect(await ada.text(conversation, 'a')).toMatchObject({ seq: 1 });
  expect(await bob.text(conversation, 'b')).toMatchObject({ seq: 2 });
  expect(await ada.text(conversation, 'c')).toMatchObject({ error: { code: 'unavailable', retry: 'later' } });
  expect(await ada.text(conversation, 'c')).toMatchObject({ seq: 3 });
  expect(await bob.text(conversation, 'd')).toMatchObject({ error: { code: 'unavailable' } });
  expect(await bob.text(conversation, 'd')).toMatchObject({ seq: 4 });
  const { entries } = await ada.pull(conversation, 0);
  expect(entries.map((entry) => entry.client_msg_id)).toEqual(['m-a', 'm-b', 'm-c'] as never);
  expect((await bob.pull(conversation, 0)).entries).toHaveLength(4);
});

test('[INV 9] what is queued while another server takes over is refused as a whole, without a trace', async () => {
  const { fixture, ada, bob, conversation } = await twoServers();
  await ada.text(conversation, 'first');
  const held = fixture.faults.hold('append');
  const refs = Array.from({ length: 5 }, (_, at) =>
    ada.start(sendOf(conversation, [{ id: `a-${at}`, text: `${at}` }])),
  );
  await fixture.settle();
  expect(held.reached).toBe(true);
  expect(await bob.text(conversation, 'taken')).toMatchObject({ seq: 2 });
  held.release();
  await fixture.settle();
  for (const ref of refs)
    expect(ada.answer(ref)).toMatchObject({ results: [{ error: { code: 'unavailable' } }] });
  expect((await bob.pull(conversation, 0)).head).toBe(2);
});

test('[INV 6] a message that both servers are asked to store is stored once', async () => {
  const { fixture, other, ada, conversation } = await twoServers();
  const twin = await other.connect(ada.token);
  const held = fixture.faults.hold('append');
  const ref = ada.start(sendOf(conversation, [{ id: 'a', text: 'x' }]));
  await fixture.settle();
  const stored = await twin.text(conversation, 'x', 'a');
  expect(stored).toMatchObject({ seq: 1 });
  held.release();
  await fixture.settle();
  expect(ada.answer(ref)).toMatchObject({ results: [{ error: { code: 'unavailable' } }] });
  expect(await ada.text(conversation, 'x', 'a')).toEqual(stored);
});

/** Every message is asked for until it is answered as stored, now here, now there. */
async function duel(seed: number): Promise<string[]> {
  const chance = new SeededRandomness(seed);
  const pause = async () => {
    for (let turns = chance.below(5); turns > 0; turns--) await Promise.resolve();
  };
  const faults = new StoreFaults(pause);
  const fixture = new ServerFixture({ world: new MemoryWorld({ pause: faults.pause }), faults, seed });
  const ada = await fixture.join('ada');
  const bob = await fixture.join('bob');
  const conversation = await ada.direct(bob.userId);
  const clients: TestClient[] = [ada, await fixture.second({ seed: seed + 1 }).connect(ada.token)];
  faults.always = ({ method }) => {
    if (method === 'append' && chance.below(8) === 0)
      return chance.below(2) === 0 ? 'unknown_applied' : 'unknown_not_applied';
    if (method === 'state' && chance.below(12) === 0) return 'unavailable';
    return method === 'claim' && chance.below(8) === 0 ? 'lost_race' : undefined;
  };
  const asked: Asked[] = Array.from({ length: 30 }, (_, at) => {
    return {
      user: ada.userId,
      conversation,
      clientMsgId: `id-${at}`,
      acks: [],
      refused: false,
      undecided: true,
      takenBack: false,
    };
  });
  const open = new Map<number, { client: TestClient; at: number }>();
  for (let round = 0; round < 60; round++) {
    const client = clients[chance.below(2)] as TestClient;
    const at = chance.below(asked.length);
    const ref = client.start(sendOf(conversation, [{ id: `id-${at}`, text: `${at}` }]));
    open.set(ref * 2 + clients.indexOf(client), { client, at });
    if (chance.below(3) === 0) await fixture.settle();
    else for (let turns = chance.below(12); turns > 0; turns--) await Promise.resolve();
  }
  faults.always = () => undefined;
  await fixture.timers.advance(1_000);
  for (let at = 0; at < asked.length; at++) {
    for (let left = 5; left > 0; left--) {
      const client = clients[left % 2] as TestClient;
      open.set(client.start(sendOf(conversation, [{ id: `id-${at}`, text: `${at}` }])) * 2 + (left % 2), {
        client,
        at,
      });
      await fixture.timers.advance(100);
    }
  }
  const answers = new Map(clients.map((client) => [client, client.answers()]));
  for (const [key, { client, at }] of open) {
    const answer = answers.get(client)?.get(key >> 1);
    const [result] = answer?.type === 'sent' ? answer.results : [];
    if (result === undefined) return [`id-${at} was not answered`];
    if ('seq' in result) asked[at]?.acks.push(result);
    else if (result.error.retry !== 'later') return [`id-${at}: ${result.error.code}`];
  }
  const seen = clients.flatMap((client) => client.frames.map((frame) => ({ user: ada.userId, frame })));
  const unacked = asked
    .filter((each) => each.acks.length === 0)
    .map((each) => `${each.clientMsgId} never got through`);
  const { head } = fixture.stores.world.state.logs.get(conversation) ?? { head: 0 };
  const wrong = [...unacked, ...findViolations(fixture.stores.world, seen, asked)];
  return head === asked.length ? wrong : [...wrong, `head ${head}, not ${asked.length}`];
}

test('[INV 2] [INV 3] [INV 6] [INV 9] many interleavings of two servers with faults: no hole, no duplicate, no false ack', async () => {
  const first = Number(process.env['PARLEY_TEST_SEED'] ?? 1);
  for (let seed = first; seed < first + 40; seed++) {
    const wrong = await duel(seed);
    if (wrong.length > 0) throw new Error(`seed ${seed}: ${wrong.slice(0, 5).join('; ')}`);
  }
}, 30_000);
