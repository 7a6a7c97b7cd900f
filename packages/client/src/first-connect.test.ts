// What keeps a client from connecting on its own side: the app's token function and its store.
import assert from 'node:assert/strict';
import { test } from '../test/test.ts';
import { harness, storeWith, welcome } from '../test/harness.ts';
import { MemoryClientStore } from './memory-client-store.ts';
import { ParleyError } from './parley-error.ts';

test('[HELLO-4] a token function that throws at the first attempt rejects connect, which may be called again', async () => {
  let failing = true;
  const { world, client, told } = harness({
    token: () => {
      if (failing) throw new Error('the back end is away');
      return 't';
    },
  });
  await assert.rejects(client.connect(), /the back end is away/);
  assert.deepEqual(
    told('error').map(({ error }) => error.message),
    ['the back end is away'],
  );
  assert.equal(client.state.kind, 'idle');
  await world.advance(60_000);
  assert.equal(world.sockets.length, 0, 'nothing goes on behind the back of the app');
  failing = false;
  const connected = client.connect();
  const socket = await welcome(world);
  await connected;
  failing = true;
  socket.closeFromServer(1006);
  await world.advance(500);
  assert.equal(client.state.kind, 'waiting', 'later it is asked again');
  failing = false;
  await world.advance(1_000);
  assert.equal(world.sockets.length, 2);
});

test('[HELLO-4] a token function that never answers is given up after 30 s, and its late answer is not taken', async () => {
  const asked: ((token: string) => void)[] = [];
  const { world, client } = harness({ token: () => new Promise((resolve) => asked.push(resolve)) });
  world.fraction = () => 0.999;
  const outcome = client.connect().catch((error: unknown) => error);
  await world.advance(29_999);
  assert.equal(client.state.kind, 'connecting');
  await world.advance(1);
  const error = await outcome;
  assert.ok(error instanceof ParleyError);
  assert.deepEqual([error.code, error.retry], ['unavailable', 'later']);
  asked[0]?.('late');
  await world.settle();
  assert.equal(world.sockets.length, 0);
  void client.connect();
  await world.settle();
  asked[1]?.('fresh');
  (await welcome(world)).closeFromServer(1006);
  await world.advance(30_500);
  assert.equal(client.state.kind, 'waiting');
  await world.advance(1_000);
  assert.equal(asked.length, 4);
  await client.close();
  assert.equal(world.pendingTimers, 0);
});

test('a store that could not be read is read again at the next connect or send', async () => {
  const memory = new MemoryClientStore();
  let failing = true;
  const store = storeWith(
    {
      load: () => {
        if (failing) throw new Error('locked');
        return memory.load();
      },
    },
    memory,
  );
  const { world, client } = harness({ store });
  await assert.rejects(client.connect(), /locked/);
  await assert.rejects(client.send('70', 'a'), /locked/);
  failing = false;
  const sending = client.send('70', 'b').catch(() => {});
  void client.connect();
  await welcome(world);
  assert.equal(client.state.kind, 'online');
  await client.close();
  await sending;
});
