// A conversation as people read it, from pulls with states. A scripted server.
import assert from 'node:assert/strict';
import { test } from '../test/test.ts';
import type { FakeSocket } from '../test/fake-world.ts';
import type { FakeWorld } from '../test/fake-world.ts';
import { message, online, pulled } from '../test/harness.ts';

const state = { version: 1, reactions: [], edits: [], replies: 0 };

/** A log in which only every `nth` entry is a message, and message 1 has a reaction from the end of the log. */
function answerPulls(
  socket: FakeSocket,
  options: { head: number; nth: number; floor?: number },
): { pulls: number } {
  const { head, nth, floor = 0 } = options;
  const told = { pulls: 0 };
  socket.onText = (text) => {
    for (const { type, ref, after = 0, limit = 0 } of JSON.parse(text) as Asked[]) {
      if (type === 'get_conversation')
        socket.sendFrames({ type: 'conversation', ref, conversation: view(head) });
      if (type !== 'pull') continue;
      told.pulls++;
      const first = Math.max(after, floor) + 1;
      const through = Math.min(head, first - 1 + limit);
      const seqs = Array.from({ length: Math.max(0, through - first + 1) }, (_, at) => first + at);
      const entries = seqs.map((seq) =>
        seq % nth === 1 ? message(seq) : message(seq, { kind: 'reaction_added', target: 1, emoji: 'x' }),
      );
      const reactions = [{ emoji: 'x', users: ['12'] }];
      const states = seqs.includes(1) ? [{ ...state, seq: 1, as_of: head, reactions }] : [];
      socket.sendFrames(pulled({ ref, after, entries, states, through, head, floor }));
    }
  };
  return told;
}

type Asked = { type: string; ref: number; after?: number; limit?: number };

function view(head: number): object {
  const more = { role: 'member', members: 2, floor: 0, received: 0 };
  return { conversation_id: '70', kind: 'group', title: 'T', head, ...more };
}

async function all<T>(world: FakeWorld, items: AsyncIterable<T>): Promise<T[]> {
  const read: T[] = [];
  let done = false;
  const reading = (async () => {
    for await (const item of items) read.push(item);
    done = true;
  })();
  for (let round = 0; !done && round < 100; round++) await world.settle();
  await reading;
  return read;
}

test('[STATE-1] messages are as they are now, however much later in the log they were changed', async () => {
  const { world, socket, client } = await online();
  answerPulls(socket, { head: 500, nth: 300 });
  const read = await all(world, client.messages('70'));
  assert.deepEqual(
    read.map(({ seq, reactions }) => [seq, reactions.length]),
    [
      [1, 1],
      [301, 0],
    ],
  );
  assert.equal((await all(world, client.messages('70', { limit: 1 }))).length, 1);
  assert.deepEqual(
    (await all(world, client.messages('70', { after: 1, to: 301 }))).map(({ seq }) => seq),
    [301],
  );
});

test('the last messages are found however many changes lie behind them, and above the floor', async () => {
  const { world, socket, client } = await online();
  answerPulls(socket, { head: 1_000, nth: 100 });
  const seqs = async (range: object): Promise<number[]> =>
    (await all(world, client.messages('70', range))).map(({ seq }) => seq);
  assert.deepEqual(await seqs({ last: 2 }), [801, 901]);
  assert.deepEqual(await seqs({ last: 3 }), [701, 801, 901]);
  assert.deepEqual(await seqs({ last: 2, to: 801 }), [701, 801]);
  assert.deepEqual(await seqs({ last: 2, after: 850 }), [901]);
  assert.deepEqual(await seqs({ last: 100 }), [1, 101, 201, 301, 401, 501, 601, 701, 801, 901]);
  assert.deepEqual(await seqs({ last: 0 }), []);
  const told = answerPulls(socket, { head: 1_000, nth: 100, floor: 850 });
  assert.deepEqual([await seqs({ last: 5 }), told.pulls], [[901], 2]);
});

test('the timeline has the changes of the group and unknown kinds between the messages', async () => {
  const { world, socket, client } = await online();
  const entries = [
    message(1, { kind: 'group_created', title: 'T', history: 'all', members: [] }),
    message(2),
    message(3, { kind: 'message_deleted', target: 2 }),
    message(4, { kind: 'poll' }),
  ];
  const states = [{ ...state, seq: 2, as_of: 3, version: 3, deleted: true }];
  socket.onText = (text) => {
    for (const { type, ref } of JSON.parse(text) as Asked[])
      if (type === 'pull') socket.sendFrames(pulled({ ref, after: 0, entries, states, head: 4 }));
  };
  const read = await all(world, client.timeline('70'));
  assert.deepEqual(
    read.map((item) =>
      item.kind === 'message' ? [item.message.seq, item.message.deleted] : item.entry.kind,
    ),
    ['group_created', [2, true], 'poll'],
  );
});

test('[OWN-2] what the user hid is left out of messages and timeline, and does not count; history and the message itself stay', async () => {
  const { world, socket, client } = await online();
  const entries = [message(1), message(2), message(3), message(4)];
  socket.onText = (text) => {
    for (const { type, ref, after = 0 } of JSON.parse(text) as Asked[]) {
      if (type === 'get_conversation')
        socket.sendFrames({ type: 'conversation', ref, conversation: view(4) });
      if (type !== 'pull') continue;
      const hidden = [2, 4].filter((seq) => seq > after);
      socket.sendFrames({ ...pulled({ ref, after, entries: entries.slice(after), head: 4 }), hidden });
    }
  };
  const seqs = (messages: { seq: number }[]): number[] => messages.map(({ seq }) => seq);
  assert.deepEqual(seqs(await all(world, client.messages('70'))), [1, 3]);
  assert.deepEqual(seqs(await all(world, client.messages('70', { last: 2 }))), [1, 3]);
  assert.equal((await all(world, client.timeline('70', { last: 1 }))).length, 1);
  assert.deepEqual(seqs(await all(world, client.history('70'))), [1, 2, 3, 4]);
  const one = client.message('70', 2);
  await world.settle();
  assert.equal((await one)?.seq, 2);
});
