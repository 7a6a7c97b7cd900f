// What the app sees of a conversation, whatever the network does. A scripted server, a fake clock.
import assert from 'node:assert/strict';
import { test } from '../test/test.ts';
import { heads, message, messages, online, pulled, push, row, welcome } from '../test/harness.ts';
import { MemoryClientStore } from './memory-client-store.ts';

test('[PUSH-2] applies what continues the cursor, drops what lies below it, and pulls when something is missing', async () => {
  const { world, socket, seqs } = await online({}, heads(row(3, 3)));
  socket.sendFrames(push(message(4)), push(message(4), message(5)), push(message(3)));
  await world.settle();
  assert.deepEqual(seqs(), [4, 5]);
  assert.deepEqual(
    socket.take().filter(({ type }) => type === 'pull'),
    [],
  );

  socket.sendFrames(push(message(8)));
  await world.settle();
  assert.deepEqual(seqs(), [4, 5], 'an entry after a hole is not shown');
  const [pull] = socket.take().filter(({ type }) => type === 'pull');
  assert.equal(pull?.after, 5);
  socket.sendFrames(pulled({ ref: pull!.ref, after: 5, entries: messages(6, 8), head: 8 }));
  await world.settle();
  assert.deepEqual(seqs(), [4, 5, 6, 7, 8]);
});

test('[PUSH-2] an entry that covers a range continues the cursor by its `from`', async () => {
  const { world, socket, seqs } = await online({}, heads(row(3, 3)));
  socket.sendFrames(push(message(9, { from: 2 }), message(10)));
  await world.settle();
  assert.deepEqual(seqs(), [9, 10]);
});

test('[PUSH-2] a push of an unknown conversation is pulled without `after`; the answer tells the cursor', async () => {
  const { world, socket, seqs } = await online();
  socket.sendFrames(push(message(12)));
  await world.settle();
  const pull = socket.take()[0]!;
  assert.equal(pull.type, 'pull');
  assert.equal('after' in pull, false);
  socket.sendFrames(
    pulled({ ref: pull.ref, after: 10, entries: messages(11, 12), head: 12 }),
    push(message(13)),
  );
  await world.settle();
  assert.deepEqual(seqs(), [11, 12, 13]);
});

test('[PUSH-2] a hole that a push shows while a pull is out leads to one more pull, and only one at a time', async () => {
  const { world, socket, seqs } = await online({}, heads(row(5, 3)));
  const first = socket.take()[0]!;
  socket.sendFrames(push(message(9)));
  await world.settle();
  assert.deepEqual(socket.take(), []);
  socket.sendFrames(pulled({ ref: first.ref, after: 3, entries: messages(4, 5), head: 5 }));
  await world.settle();
  const second = socket.take().filter(({ type }) => type === 'pull');
  assert.deepEqual(
    second.map(({ after }) => after),
    [5],
  );
  socket.sendFrames(pulled({ ref: second[0]!.ref, after: 5, entries: messages(6, 9), head: 9 }));
  await world.settle();
  assert.deepEqual(seqs(), [4, 5, 6, 7, 8, 9]);
});

test('[SYNC-2] takes its own cursor, or `received` where it has none, and pulls many conversations in one message', async () => {
  const store = new MemoryClientStore();
  store.reset({ user_id: '11' as never, log_id: 'b1' });
  store.saveCursors([{ conversation_id: '70' as never, seq: 4 }]);
  const other = (id: string, received: number): object => row(6, received, { conversation_id: id });
  const { socket } = await online({ store }, heads(row(6, 3), other('71', 5), other('72', 6)));
  const sent = socket.takeMessages();
  assert.equal(sent.length, 1, 'one WebSocket message');
  const pulls = sent[0]!.filter(({ type }) => type === 'pull');
  assert.deepEqual(
    pulls.map(({ conversation_id, after }) => [conversation_id, after]),
    [
      ['70', 4],
      ['71', 5],
    ],
  );
});

test('[PULL-2] while `through` is less than `head` the client pulls after `through`', async () => {
  const { world, socket, seqs } = await online({ limits: { pullWindowMaxCount: 2 } }, heads(row(5, 0)));
  const afters: unknown[] = [];
  for (const through of [2, 4, 5]) {
    const [pull] = socket.take().filter(({ type }) => type === 'pull');
    afters.push([pull!.after, pull!.limit]);
    const after = pull!.after!;
    socket.sendFrames(
      pulled({ ref: pull!.ref, after, entries: messages(after + 1, through), through, head: 5 }),
    );
    await world.settle();
  }
  assert.deepEqual(afters, [
    [0, 2],
    [2, 2],
    [4, 2],
  ]);
  assert.deepEqual(seqs(), [1, 2, 3, 4, 5]);
  assert.deepEqual(
    socket.take().filter(({ type }) => type === 'pull'),
    [],
  );
});

test('[PULL-3] a floor beyond the cursor is told as missing, in its place, and the cursor moves there', async () => {
  const told: unknown[] = [];
  const { world, socket } = await online(
    {
      onEntry: ({ seq }) => void told.push(seq),
      onEvent: (event) => void (event.kind === 'missing' && told.push([event.from, event.to, event.reason])),
    },
    heads(row(9, 3)),
  );
  const pull = socket.take()[0]!;
  socket.sendFrames(pulled({ ref: pull.ref, after: 3, entries: messages(8, 9), head: 9, floor: 7 }));
  await world.settle();
  assert.deepEqual(told, [[4, 7, 'gone'], 8, 9]);
  assert.deepEqual(socket.take().at(-1)?.marks, [{ conversation_id: '70', seq: 9 }]);
});

test('[PULL-3] what an answer jumps over without a floor is told as missing too, never passed in silence', async () => {
  const { world, socket, seqs, told } = await online({}, heads(row(6, 3)));
  socket.sendFrames(pulled({ ref: socket.take()[0]!.ref, after: 3, entries: [message(6)], head: 6 }));
  await world.settle();
  assert.deepEqual(seqs(), [6]);
  assert.deepEqual(
    told('missing').map(({ from, to, reason }) => [from, to, reason]),
    [[4, 5, 'gone']],
  );
});

test('[SYNC-6] expired entries move the cursor and are told as missing, older than `before`', async () => {
  const expired = { from: 4, to: 7, before: 1_700_000_000_000 };
  const { world, socket, seqs, told } = await online({}, heads(row(9, 3, { expired })));
  const pull = socket.take().find(({ type }) => type === 'pull');
  assert.equal(pull?.after, 7);
  socket.sendFrames(pulled({ ref: pull.ref, after: 7, entries: messages(8, 9), head: 9 }));
  await world.settle();
  assert.deepEqual(seqs(), [8, 9]);
  assert.deepEqual(told('missing'), [
    { kind: 'missing', conversation_id: '70', from: 4, to: 7, reason: 'expired', before: 1_700_000_000_000 },
  ]);
});

test('[SYNC-6] a cursor beyond what expired stays where it is', async () => {
  const { world, socket, told } = await online({}, heads(row(9, 9)));
  socket.sendFrames(heads(row(9, 3, { expired: { from: 4, to: 7, before: 5 } })));
  await world.settle();
  assert.deepEqual(told('missing'), []);
});

test('[RECV-1] acknowledges at once when caught up, else once a second, and what is due on close', async () => {
  let release: () => void = () => {};
  const { world, socket, client } = await online(
    { onEntry: ({ seq }) => (seq === 3 ? new Promise((resolve) => (release = resolve)) : undefined) },
    heads(row(0, 0)),
  );
  const marks = (): number[] =>
    socket.take().flatMap(({ type, marks: all }) => (type === 'received' ? all : []).map(({ seq }) => seq));
  socket.sendFrames(push(message(1)));
  await world.settle();
  assert.deepEqual(marks(), [1]);
  socket.sendFrames(push(message(2), message(3), message(4)));
  await world.settle();
  assert.deepEqual(marks(), [], 'not caught up, and not yet a second');
  await world.advance(999);
  assert.deepEqual(marks(), []);
  await world.advance(1);
  assert.deepEqual(marks(), [2], 'what the app has not handled is not acknowledged');
  const closed = client.close();
  release();
  await world.settle();
  await closed;
  assert.deepEqual(marks(), [3], 'the handler under way ended; nothing more is handed over');
});

test('[RECV-2] a mark that was refused as unavailable is repeated a second later, other refusals are not', async () => {
  const { world, socket } = await online({}, heads(row(0, 0)), push(message(1), message(2)));
  const marks = [{ conversation_id: '70', seq: 2 }];
  assert.deepEqual(socket.take()[0]?.marks, marks);
  socket.sendFrames({ type: 'error', code: 'invalid_field', message: 'Beyond the head.', retry: 'no' });
  await world.advance(2_000);
  assert.deepEqual(socket.take(), []);
  socket.sendFrames({ type: 'error', code: 'unavailable', message: 'Not now.', retry: 'later' });
  await world.advance(999);
  assert.deepEqual(socket.take(), []);
  await world.advance(1);
  assert.deepEqual(
    socket.take().map(({ marks: sent }) => sent),
    [marks],
  );
  await world.advance(2_000);
  assert.deepEqual(socket.take(), [], 'once');
});

test('[RECV-1] an entry whose handler fails comes again after a growing pause; later ones wait', async () => {
  const offered: number[] = [];
  let failures = 2;
  const { world, socket, told } = await online(
    {
      onEntry: ({ seq }) => {
        offered.push(seq);
        if (failures-- > 0) throw new Error('the disk of the app is full');
      },
    },
    heads(row(0, 0)),
  );
  world.fraction = () => 0.999;
  socket.sendFrames(push(message(1), message(2)));
  await world.settle();
  assert.deepEqual(offered, [1]);
  assert.equal(told('error')[0]?.error.message, 'the disk of the app is full');
  await world.advance(500);
  assert.deepEqual(offered, [1, 1]);
  await world.advance(500);
  assert.deepEqual(offered, [1, 1], 'the pause grows');
  assert.deepEqual(socket.take(), []);
  await world.advance(500);
  assert.deepEqual(offered, [1, 1, 1, 2]);
  assert.deepEqual(socket.take()[0]?.marks, [{ conversation_id: '70', seq: 2 }]);
});

test('[RECV-3] entries that are offered again after the server lost its marks are dropped, and the mark is sent again', async () => {
  const { world, client, seqs } = await online({}, heads(row(0, 0)), push(message(1), message(2)));
  world.socket.closeFromServer(1006);
  await world.advance(1_000);
  const again = await welcome(world, {}, heads(row(2, 0)), push(message(1)));
  assert.deepEqual(seqs(), [1, 2]);
  assert.deepEqual(
    again.take().map(({ type, marks }) => [type, marks]),
    [['received', [{ conversation_id: '70', seq: 2 }]]],
  );
  assert.equal(client.state.kind, 'online');
});

test('[RECV-1] what the app handled while there was no connection is acknowledged after the next welcome', async () => {
  let release: () => void = () => {};
  const { world } = await online(
    { onEntry: () => new Promise((resolve) => (release = resolve)) },
    heads(row(0, 0)),
    push(message(1)),
  );
  world.socket.closeFromServer(1006);
  await world.settle();
  release();
  await world.advance(1_000);
  const again = await welcome(world);
  assert.deepEqual(again.take()[0]?.marks, [{ conversation_id: '70', seq: 1 }]);
});

test('[HELLO-7] another log_id: cursors are forgotten, in the store as well, and everything is asked for again', async () => {
  const store = new MemoryClientStore();
  const { world, seqs } = await online({ store }, heads(row(0, 0)), push(message(1), message(2)));
  assert.deepEqual(store.load().cursors, [{ conversation_id: '70', seq: 2 }]);
  world.socket.closeFromServer(1006);
  await world.advance(1_000);
  const again = await welcome(world, { log_id: 'b2' });
  assert.deepEqual(store.load().cursors, []);
  assert.deepEqual(store.load().owner, { user_id: '11', log_id: 'b2' });
  again.sendFrames(heads(row(1, 0)));
  await world.settle();
  const pull = again.take()[0]!;
  assert.equal(pull.after, 0);
  again.sendFrames(pulled({ ref: pull.ref, after: 0, entries: [message(1)], head: 1 }));
  await world.settle();
  assert.deepEqual(seqs(), [1, 2, 1]);
});

test('[SYNC-5] a removal is told once, after the entry that did it, whether it was pushed or pulled', async () => {
  const order: unknown[] = [];
  const { world, socket } = await online(
    {
      onEntry: ({ seq }) => void order.push(seq),
      onEvent: (event) => void (event.kind === 'removed' && order.push(['removed', event.seq])),
    },
    heads(row(5, 3, { removed: true })),
  );
  const removal = message(5, { kind: 'member_removed', user_id: '11', content: undefined });
  socket.sendFrames(
    pulled({ ref: socket.take()[0]!.ref, after: 3, entries: [message(4), removal], head: 5 }),
  );
  await world.settle();
  socket.sendFrames(heads(row(5, 3, { removed: true })));
  await world.settle();
  assert.deepEqual(order, [4, 5, ['removed', 5]]);
});

test('[PUSH-4] pushes beyond the bound are dropped and pulled again once the app has caught up', async () => {
  const waiting: (() => void)[] = [];
  const seen: number[] = [];
  const { world, socket } = await online(
    {
      limits: { bufferedEntriesMaxCount: 4, pullWindowMaxCount: 4 },
      onEntry: ({ seq }) => {
        seen.push(seq);
        return new Promise<void>((resolve) => waiting.push(resolve));
      },
    },
    heads(row(0, 0)),
  );
  const handleOne = async (): Promise<void> => {
    waiting.shift()?.();
    await world.settle();
  };
  socket.sendFrames(push(...messages(1, 9)));
  await world.settle();
  assert.deepEqual(socket.take(), [], 'no pull while the queue is full');
  await handleOne();
  await handleOne();
  const pull = socket.take().find(({ type }) => type === 'pull');
  assert.equal(pull?.after, 4);
  socket.sendFrames(pulled({ ref: pull.ref, after: 4, entries: messages(5, 8), through: 8, head: 9 }));
  await world.settle();
  for (let count = 0; count < 6; count++) await handleOne();
  const last = socket.take().find(({ type }) => type === 'pull');
  assert.equal(last?.after, 8);
  socket.sendFrames(pulled({ ref: last.ref, after: 8, entries: [message(9)], head: 9 }));
  await world.settle();
  await handleOne();
  assert.deepEqual(seen, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test('[PULL-2] an answer that gets no further is not asked for again at once', async () => {
  const { world, socket, told } = await online({}, heads(row(5, 3)));
  socket.sendFrames(pulled({ ref: socket.take()[0]!.ref, after: 3, entries: [], through: 3, head: 5 }));
  await world.settle();
  assert.deepEqual(socket.take(), []);
  assert.equal(told('error').length, 1);
  await world.advance(500);
  assert.equal(socket.take()[0]?.after, 3);
});

test('[PULL-1] pulls in flight have a bound; an answer, a refusal included, makes room for the next', async () => {
  const rows = ['71', '72', '73', '74'].map((conversation_id) => row(1, 0, { conversation_id }));
  const { world, socket } = await online({ limits: { pullsInFlightMaxCount: 2 } }, heads(...rows));
  const asked = (): string[] => {
    const pulls = socket.take().filter(({ type }) => type === 'pull');
    refs.push(...pulls.map(({ ref }) => ref));
    return pulls.map(({ conversation_id }) => conversation_id);
  };
  const refs: number[] = [];
  assert.deepEqual(asked(), ['71', '72']);
  socket.sendFrames({ type: 'error', ref: refs[0], code: 'not_found', message: 'No.', retry: 'no' });
  await world.settle();
  assert.deepEqual(asked(), ['73']);
  const answer = pulled({ ref: refs[1]!, after: 0, entries: [message(1)], head: 1 });
  socket.sendFrames({ ...answer, conversation_id: '72' });
  await world.settle();
  assert.deepEqual(asked(), ['74']);
});

test('[PULL-4] a conversation that the server does not give is given up, and told', async () => {
  const { world, socket, told } = await online();
  socket.sendFrames(push(message(2)));
  await world.settle();
  const { ref } = socket.take()[0]!;
  socket.sendFrames({ type: 'error', ref, code: 'not_found', message: 'No such conversation.', retry: 'no' });
  await world.advance(60_000);
  assert.deepEqual(
    socket.take().filter(({ type }) => type === 'pull'),
    [],
  );
  assert.equal(told('error')[0]?.conversation_id, '70');
});

test('[RECV-1] a client without onEntry acknowledges nothing and pulls nothing', async () => {
  const { FakeWorld } = await import('../test/fake-world.ts');
  const { ChatClient } = await import('./chat-client.ts');
  const world = new FakeWorld();
  const client = new ChatClient({ url: 'ws://127.0.0.1:1', token: 't', ...world.options });
  const connected = client.connect();
  const socket = await welcome(world, {}, heads(row(5, 3)), push(message(6)));
  await connected;
  await world.advance(2_000);
  assert.deepEqual(socket.take(), []);
});
