// Connecting, staying alive, and coming back. A scripted server, a fake clock.
import assert from 'node:assert/strict';
import { test } from '../test/test.ts';
import { FakeWorld } from '../test/fake-world.ts';
import { harness, online, push, message, row, heads, welcome, WELCOME } from '../test/harness.ts';
import { MemoryClientStore } from './memory-client-store.ts';
import { ParleyError } from './parley-error.ts';

test('[HELLO-1] the first frame is hello, and nothing goes out before the welcome', async () => {
  const { world, client } = harness({ deviceName: 'Laptop', clientName: 'test/1' });
  const connected = client.connect();
  client.send('70', 'early').catch(() => {});
  await world.settle();
  const { socket } = world;
  assert.equal(socket.url, 'ws://127.0.0.1:8080/v1/socket');
  socket.accept();
  await world.settle();
  assert.deepEqual(socket.takeMessages(), [
    [
      {
        type: 'hello',
        version: 3,
        min_version: 1,
        device_name: 'Laptop',
        client: 'test/1',
        token: 'plt_test',
      },
    ],
  ]);
  assert.equal(client.self, undefined);
  socket.sendFrames(WELCOME);
  await world.settle();
  await connected;
  assert.deepEqual(client.self, { user_id: '11', name: 'ada', device_id: '31' });
  assert.equal(client.state.kind, 'online');
  assert.deepEqual(
    socket.take().map(({ type }) => type),
    ['send'],
  );
});

test('[SOCK-5] frame types, fields and entry kinds that are not known are ignored or carried along', async () => {
  const { world, socket, entries, told } = await online({}, heads(row(3, 3)));
  socket.sendFrames({ type: 'from_the_future', ref: 4 }, push(message(4, { kind: 'poll', options: ['a'] })));
  socket.sendFrames(push(message(5, { sparkle: true })));
  await world.settle();
  assert.deepEqual(
    entries.map(({ seq, kind }) => [seq, kind]),
    [
      [4, 'poll'],
      [5, 'message'],
    ],
  );
  assert.deepEqual(told('error'), []);
});

test('[ERR-2] what cannot be read is an error event; the client goes on', async () => {
  const { world, socket, seqs, told } = await online({}, heads(row(3, 3)));
  socket.sendText('not json');
  socket.sendText('[1, {"type": "entries"}]');
  socket.sendFrames({ type: 'error', code: 'brand_new', message: 'A mark beyond the head.', retry: 'later' });
  socket.sendFrames(push(message(4)));
  await world.settle();
  assert.deepEqual(
    told('error').map(({ error }) => (error as ParleyError).code),
    ['malformed', 'malformed', 'invalid_field', 'unavailable'],
  );
  assert.deepEqual(seqs(), [4]);
});

test('[LIFE-1] a heartbeat goes out when nothing else did for the interval, and not otherwise', async () => {
  const { world, socket, client } = await online();
  await world.advance(4_999);
  assert.deepEqual(socket.take(), []);
  await world.advance(1);
  assert.deepEqual(socket.take(), [{ type: 'heartbeat' }]);
  await world.advance(3_000);
  client.send('70', 'a').catch(() => {});
  await world.advance(4_999);
  assert.deepEqual(
    socket.take().map(({ type }) => type),
    ['send'],
  );
  await world.advance(1);
  assert.deepEqual(socket.take(), [{ type: 'heartbeat' }]);
});

test('[LIFE-3] a server that was silent for two beats is left; a beat in time keeps the session', async () => {
  const { world, socket, client } = await online();
  await world.advance(39_000);
  socket.sendFrames({ type: 'beat' });
  await world.advance(39_999);
  assert.equal(client.state.kind, 'online');
  await world.advance(1);
  assert.equal(socket.state, 'closed');
  assert.equal(client.state.kind, 'waiting');
});

test('[LIFE-3] an unanswered request closes the connection after 10 s, also while heartbeats go on', async () => {
  const { world, socket, client } = await online();
  client.send('70', 'a').catch(() => {});
  await world.settle();
  socket.sendFrames({ type: 'beat' });
  await world.advance(9_999);
  assert.equal(socket.state, 'open');
  await world.advance(1);
  assert.equal(socket.state, 'closed');
  await world.advance(500);
  const again = await welcome(world);
  assert.deepEqual(
    again.take().map(({ type }) => type),
    ['send'],
  );
});

test('[LIFE-3] a request that the server forgot while it answers others closes the connection after a minute', async () => {
  const { world, socket, client } = await online();
  client.send('70', 'forgotten').catch(() => {});
  await world.settle();
  const answerOne = async (): Promise<void> => {
    client.users({ ids: ['12'] }).catch(() => {});
    await world.settle();
    const asked = socket.take().find(({ type }) => type === 'find_users');
    socket.sendFrames({ type: 'users', ref: asked?.ref, users: [] });
    await world.advance(5_000);
  };
  for (let second = 0; second < 60; second += 5) await answerOne();
  assert.equal(socket.state, 'open');
  await answerOne();
  await answerOne();
  assert.equal(socket.state, 'closed');
});

test('[CLOSE-2] waits between 0 and a bound that doubles from 0.5 s to 30 s, and starts over after a settled session', async () => {
  const { world, client } = harness();
  world.fraction = () => 0.5;
  void client.connect();
  await world.settle();
  const waits: number[] = [];
  const fail = async (): Promise<void> => {
    world.socket.closeFromServer(1006);
    await world.settle();
    assert.equal(client.state.kind, 'waiting');
    if (client.state.kind !== 'waiting') return;
    waits.push(client.state.until - world.now);
    await world.advance(client.state.until - world.now);
  };
  for (let count = 0; count < 8; count++) await fail();
  await welcome(world);
  await world.advance(4_000);
  await fail();
  await welcome(world);
  await world.advance(5_000);
  await fail();
  assert.deepEqual(waits, [250, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000, 250]);
});

test('[CLOSE-2] waits at least as long as the server asked for, and jitter on top', async () => {
  const { world, socket, client, told } = await online();
  world.fraction = () => 0.5;
  socket.sendFrames({ type: 'draining', retry_after_ms: 7_000 });
  await world.settle();
  assert.equal(told('draining')[0]?.retry_after_ms, 7_000);
  assert.equal(socket.state, 'closed', 'nothing is under way, so it goes at once');
  assert.equal(client.state.kind === 'waiting' && client.state.until - world.now, 7_250);
});

test('[CLOSE-3] on draining, what is out is waited for, and nothing new goes out', async () => {
  const { world, socket, client } = await online();
  const users = client.users({ ids: ['12'] });
  await world.settle();
  const { ref } = socket.take()[0]!;
  socket.sendFrames({ type: 'draining', retry_after_ms: 100 });
  client.send('70', 'a').catch(() => {});
  await world.settle();
  assert.deepEqual(socket.take(), []);
  socket.sendFrames({ type: 'users', ref, users: [{ user_id: '12', name: 'bob' }] });
  await world.settle();
  assert.equal((await users)[0]?.name, 'bob');
  assert.equal(socket.state, 'closed');
  await world.advance(1_000);
  const again = await welcome(world);
  assert.deepEqual(
    again.take().map(({ type }) => type),
    ['send'],
  );
});

const BAD_TOKEN = {
  type: 'error',
  code: 'invalid_credentials',
  message: 'The token is not valid.',
  retry: 'no',
};
const EXPIRED = { ...BAD_TOKEN, code: 'token_expired' };

test('[HELLO-4] a token that is not valid ends the client: connect rejects, and so does what waits', async () => {
  const { world, client } = harness();
  const connected = client.connect();
  const sending = client.send('70', 'a');
  const outcomes = Promise.allSettled([connected, sending]);
  await world.settle();
  world.socket.accept();
  world.socket.sendFrames(BAD_TOKEN);
  world.socket.closeFromServer(4401);
  await world.settle();
  for (const outcome of await outcomes) {
    assert.equal(
      outcome.status === 'rejected' && (outcome.reason as ParleyError).code,
      'invalid_credentials',
    );
  }
  assert.equal(client.state.kind === 'closed' && client.state.reason.kind, 'sign_in');
  await world.advance(60_000);
  assert.equal(world.sockets.length, 1);
  assert.equal(client.pending.length, 1, 'the store still has it');
});

test('[HELLO-4] a refusal counts also where a proxy hides the close code; one that may pass does not', async () => {
  const refuse = async (fault: object): Promise<string> => {
    const { world, client } = harness();
    client.connect().catch(() => {});
    await world.settle();
    world.socket.accept();
    world.socket.sendFrames(fault);
    world.socket.closeFromServer(1006);
    await world.settle();
    return client.state.kind === 'closed' ? client.state.reason.kind : client.state.kind;
  };
  assert.equal(await refuse(BAD_TOKEN), 'sign_in');
  assert.equal(await refuse({ ...BAD_TOKEN, code: 'version_unsupported' }), 'stop');
  assert.equal(await refuse({ ...BAD_TOKEN, code: 'rate_limited', retry: 'later' }), 'waiting');
});

test('[HELLO-4] with a token function an expired token is replaced once, and a second refusal is final', async () => {
  const tokens = ['old', 'new', 'newer'];
  const { world, client } = harness({ token: () => Promise.resolve(tokens.shift() ?? 'none') });
  const outcome = client.connect().catch((error: unknown) => error);
  await world.settle();
  for (const expected of ['old', 'new']) {
    world.socket.accept();
    assert.equal(world.socket.take()[0]?.token, expected);
    world.socket.sendFrames(EXPIRED);
    world.socket.closeFromServer(4401);
    await world.advance(1_000);
  }
  const error = await outcome;
  assert.equal(error instanceof ParleyError && error.code, 'token_expired');
  assert.equal(world.sockets.length, 2);
});

test('[HELLO-6] a session that is closed because its token ran out comes back with a fresh one', async () => {
  let asked = 0;
  const { world, client } = harness({ token: () => `t${++asked}` });
  void client.connect();
  (await welcome(world)).closeFromServer(4401);
  await world.advance(1_000);
  world.socket.accept();
  assert.equal(world.socket.take()[0]?.token, 't2');
});

test('[CLOSE-1] close codes that say stop stop, others reconnect', async () => {
  for (const [code, kind] of [
    [4400, 'closed'],
    [4406, 'closed'],
    [4413, 'closed'],
    [4408, 'waiting'],
    [4430, 'waiting'],
    [4500, 'waiting'],
    [4503, 'waiting'],
    [1001, 'waiting'],
  ] as const) {
    const { world, client, socket } = await online();
    socket.closeFromServer(code);
    await world.settle();
    assert.equal(client.state.kind, kind, `close code ${code}`);
  }
});

test('[CLOSE-2] reconnectNow does not wait, and does nothing where there is no wait', async () => {
  const { world, client, socket } = await online();
  world.fraction = () => 0.999;
  const state = (): string => client.state.kind;
  client.reconnectNow();
  socket.closeFromServer(1006);
  await world.settle();
  assert.equal(world.sockets.length, 1);
  client.reconnectNow();
  client.reconnectNow();
  assert.equal(state(), 'connecting');
  await world.advance(500);
  assert.equal(world.sockets.length, 2, 'the wait was left, and there is one attempt only');
  const again = await welcome(world);
  again.sendFrames({ type: 'draining', retry_after_ms: 7_000 });
  await world.advance(6_999);
  client.reconnectNow();
  assert.equal(state(), 'waiting', 'the server asked for this wait');
  await world.advance(1);
  client.reconnectNow();
  assert.equal(state(), 'connecting', 'and not for the jitter on top');
});

test('[CLOSE-2] a socket that never opens, or is never welcomed, is given up after 10 s', async () => {
  const { world, client } = harness();
  void client.connect();
  await world.advance(10_000);
  assert.equal(client.state.kind, 'waiting');
  await world.advance(500);
  world.socket.accept();
  await world.advance(9_999);
  assert.equal(client.state.kind, 'connecting');
});

test('[HELLO-2] a store of another user is not used: its sends would go out under a wrong name', async () => {
  const store = new MemoryClientStore();
  store.reset({ user_id: '99' as never, log_id: 'b1' });
  const { world, client } = harness({ store });
  const outcome = client.connect().catch((error: unknown) => error);
  await welcome(world);
  const error = await outcome;
  assert.equal(error instanceof ParleyError && error.code, 'forbidden');
  assert.equal(client.state.kind === 'closed' && client.state.reason.kind, 'stop');
});

test('[SOCK-2] all frames of one tick go out in one WebSocket message', async () => {
  const { world, socket, client } = await online({}, heads(row(3, 3)));
  socket.sendFrames(push(message(4)), { ...heads(row(2, 0, { conversation_id: '71' })) });
  client.send('70', 'a').catch(() => {});
  client.conversation('70').catch(() => {});
  await world.settle();
  const sent = socket.takeMessages();
  assert.deepEqual(
    sent.map((frames) => frames.map(({ type }) => type).sort()),
    [['get_conversation', 'pull', 'received', 'send']],
  );
});

test('await using closes the client, and leaves no timer behind', async () => {
  const world = new FakeWorld();
  {
    await using used = (await online({ world })).client;
    assert.equal(used.state.kind, 'online');
  }
  assert.equal(world.socket.state, 'closed');
  assert.equal(world.pendingTimers, 0);
});

test('an event handler that throws is told of, and disturbs nothing', async () => {
  const seen: string[] = [];
  const { client } = await online({
    onEvent: (event) => {
      seen.push(event.kind);
      if (event.kind === 'connection') throw new Error('a bug of the app');
    },
  });
  assert.equal(client.state.kind, 'online');
  assert.deepEqual(seen.slice(0, 2), ['connection', 'error']);
});
