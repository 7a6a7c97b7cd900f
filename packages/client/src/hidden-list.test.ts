// Messages that a user hid: each is told once and in order, over gaps, reconnects and restarts. A scripted server.
import assert from 'node:assert/strict';
import { test } from '../test/test.ts';
import { FakeWorld, type FakeSocket } from '../test/fake-world.ts';
import { answering, harness, online, welcome, type Harness } from '../test/harness.ts';
import { ChatClient } from './chat-client.ts';
import { MemoryClientStore } from './memory-client-store.ts';

const PAGE = 2;

function hiddenRow(number: number): object {
  return { number, conversation_id: '70', seq: number * 10 };
}

function rows(from: number, to: number): object[] {
  return Array.from({ length: to - from + 1 }, (_, index) => hiddenRow(from + index));
}

/** Answers list_hidden of a user who hid `count` messages, in pages; tells after which number each was asked. */
function listing(socket: FakeSocket, count: () => number): number[] {
  const asked: number[] = [];
  socket.onText = (text) => {
    for (const { type, ref, after = 0 } of JSON.parse(text) as Asked[]) {
      if (type !== 'list_hidden') continue;
      asked.push(after);
      const to = Math.min(count(), after + PAGE);
      const next = to < count() ? { next: to } : {};
      socket.sendFrames({ type: 'hidden', ref, rows: rows(after + 1, to), ...next });
    }
  };
  return asked;
}

type Asked = { type: string; ref: number; after?: number };

async function begin(
  made: Harness,
  count: () => number,
  more: object = {},
): Promise<FakeSocket & { asked: number[] }> {
  const { world } = made;
  await world.settle();
  const { socket } = world;
  const asked = listing(socket, count);
  await welcome(world, more);
  return Object.assign(socket, { asked });
}

function numbers({ told }: Harness): number[] {
  return told('hidden').flatMap((event) => event.rows.map(({ number }) => number));
}

async function cut(world: FakeWorld, socket: FakeSocket): Promise<void> {
  socket.closeFromServer(1006);
  await world.advance(1_000);
}

test('[OWN-3] after each welcome a client lists what was hidden since the last number that it knows', async () => {
  const made = harness();
  made.client.connect().catch(() => {});
  const first = await begin(made, () => 3);
  assert.deepEqual(
    [first.asked, numbers(made)],
    [
      [0, 2],
      [1, 2, 3],
    ],
  );
  first.sendFrames({ type: 'hidden', rows: rows(4, 4) });
  await cut(made.world, first);
  const second = await begin(made, () => 6);
  assert.deepEqual([second.asked, numbers(made)], [[4], [1, 2, 3, 4, 5, 6]]);
});

test('[OWN-3] a gap is listed, and what is known already is not told again', async () => {
  const made = harness();
  made.client.connect().catch(() => {});
  let count = 1;
  const socket = await begin(made, () => count);
  count = 4;
  socket.sendFrames({ type: 'hidden', rows: rows(4, 4) }, { type: 'hidden', rows: rows(1, 1) });
  await made.world.settle();
  assert.deepEqual(
    [socket.asked.slice(0, 2), numbers(made)],
    [
      [0, 1],
      [1, 2, 3, 4],
    ],
  );
});

test('[OWN-3] a push that comes while the list is under way is told once', async () => {
  const made = harness();
  made.client.connect().catch(() => {});
  await made.world.settle();
  made.world.socket.nothingHidden = false;
  const socket = await welcome(made.world);
  const ref = socket.take()[0]?.ref;
  socket.sendFrames({ type: 'hidden', rows: rows(1, 1) }, { type: 'hidden', ref, rows: rows(1, 2) });
  await made.world.settle();
  assert.deepEqual(numbers(made), [1, 2]);
});

test('[OWN-3] the store remembers the number for the next client; another log_id begins at the start', async () => {
  const store = new MemoryClientStore();
  const made = harness({ store });
  made.client.connect().catch(() => {});
  await begin(made, () => 3);
  const closing = made.client.close();
  await made.world.advance(1_000);
  await closing;
  assert.equal(store.load().hidden, 3);
  const next = harness({ store });
  next.client.connect().catch(() => {});
  const socket = await begin(next, () => 4);
  assert.deepEqual([socket.asked, numbers(next)], [[3], [4]]);
  await cut(next.world, socket);
  const restored = await begin(next, () => 1, { log_id: 'b2' });
  assert.deepEqual([restored.asked, numbers(next), store.load().hidden], [[0], [4, 1], 1]);
});

test('[OWN-2] hiding is answered with its number, which is told as well; hiding again tells nothing new', async () => {
  const made = await online();
  const answer = { type: 'hidden', rows: rows(1, 1) };
  const first = await answering(made, made.client.reading.hide('70', 10), answer);
  const again = await answering(made, made.client.reading.hide('70', 10), answer);
  assert.deepEqual(first.asked, [{ type: 'hide_message', conversation_id: '70', target: 10 }]);
  assert.deepEqual([first.result, again.result, numbers(made)], [rows(1, 1), rows(1, 1), [1]]);
});

test('[OWN-3] a client that only asks lists nothing, and is told what it hides', async () => {
  const events: object[] = [];
  const world = new FakeWorld();
  const client = new ChatClient({
    url: 'http://127.0.0.1:8080',
    token: 't',
    onEvent: (event) => void events.push(event),
    ...world.options,
  });
  client.connect().catch(() => {});
  await world.settle();
  world.socket.nothingHidden = false;
  const socket = await welcome(world);
  assert.deepEqual(socket.take(), []);
  socket.sendFrames({ type: 'hidden', rows: rows(7, 7) });
  await world.settle();
  assert.deepEqual(events.at(-1), { kind: 'hidden', rows: rows(7, 7) });
});
