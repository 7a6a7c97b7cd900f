// What reaches the store, in which order, and what happens when the store fails.
import assert from 'node:assert/strict';
import { test } from '../test/test.ts';
import { FakeWorld } from '../test/fake-world.ts';
import { storeWith } from '../test/harness.ts';
import { MemoryClientStore } from './memory-client-store.ts';
import { StoreWriter } from './store-writer.ts';

const send = (id: string): never =>
  ({ client_msg_id: id, conversation_id: '70', content: { kind: 'text', text: id } }) as never;

test('calls that come while one is under way go out together, one call at a time', async () => {
  const world = new FakeWorld();
  const calls: string[][] = [];
  let gate: () => void = () => {};
  const store = storeWith({
    savePending: (sends) => {
      calls.push(sends.map(({ client_msg_id }) => client_msg_id));
      return new Promise<void>((resolve) => (gate = resolve));
    },
  });
  const writer = new StoreWriter({ store, timers: world.timers, failed: assert.fail });
  const saves = ['a', 'b', 'c'].map((id) => writer.save(send(id)));
  await world.settle();
  assert.deepEqual(calls, [['a']]);
  gate();
  await world.settle();
  assert.deepEqual(calls, [['a'], ['b', 'c']]);
  gate();
  await Promise.all(saves);
});

test('[SEND-3] an id that was settled and is used again at once stays in the store', async () => {
  const world = new FakeWorld();
  const memory = new MemoryClientStore();
  let gate: () => void = () => {};
  const store = storeWith({ saveCursors: () => new Promise<void>((resolve) => (gate = resolve)) }, memory);
  const writer = new StoreWriter({ store, timers: world.timers, failed: assert.fail });
  await writer.save(send('a'));
  writer.moveCursor('70' as never, 1);
  await world.settle();
  writer.remove('a' as never);
  const again = writer.save(send('a'));
  gate();
  await again;
  await writer.close();
  assert.deepEqual(
    memory.load().pending.map(({ client_msg_id }) => String(client_msg_id)),
    ['a'],
  );
});

test('a store that fails is told of and tried again; saves go on meanwhile, and nothing is forgotten', async () => {
  const world = new FakeWorld();
  const store = new MemoryClientStore();
  const failures: string[] = [];
  let full = true;
  const saveCursors = store.saveCursors.bind(store);
  store.saveCursors = (cursors) => {
    if (full) throw new Error('full');
    saveCursors(cursors);
  };
  const failed = (error: Error): void => void failures.push(error.message);
  const writer = new StoreWriter({ store, timers: world.timers, failed });
  writer.moveCursor('70' as never, 4);
  await world.settle();
  writer.moveCursor('71' as never, 9);
  await writer.save(send('a'));
  assert.deepEqual(failures, ['full']);
  assert.equal(store.load().pending.length, 1);
  full = false;
  await world.advance(1_000);
  assert.deepEqual(store.load().cursors, [
    { conversation_id: '70', seq: 4 },
    { conversation_id: '71', seq: 9 },
  ]);
  await writer.close();
  assert.equal(world.pendingTimers, 0);
});

test('a removal that fails does not keep the cursors from being saved, and is tried again', async () => {
  const world = new FakeWorld();
  const memory = new MemoryClientStore();
  const failures: string[] = [];
  let failing = true;
  const removePending = (ids: Parameters<typeof memory.removePending>[0]): void => {
    if (failing) throw new Error('no removal');
    memory.removePending(ids);
  };
  const failed = (error: Error): void => void failures.push(error.message);
  const writer = new StoreWriter({
    store: storeWith({ removePending }, memory),
    timers: world.timers,
    failed,
  });
  await writer.save(send('a'));
  writer.remove('a' as never);
  writer.moveCursor('70' as never, 4);
  await world.settle();
  assert.deepEqual(memory.load().cursors, [{ conversation_id: '70', seq: 4 }]);
  assert.deepEqual(failures, ['no removal']);
  failing = false;
  await world.advance(1_000);
  assert.deepEqual(memory.load().pending, []);
  await writer.close();
});

test('[HELLO-7] cursors of the new logs are written after the old ones are forgotten', async () => {
  const world = new FakeWorld();
  const store = new MemoryClientStore();
  const writer = new StoreWriter({ store, timers: world.timers, failed: assert.fail });
  writer.moveCursor('70' as never, 4);
  writer.reset({ user_id: '11' as never, log_id: 'b2' });
  writer.moveCursor('70' as never, 1);
  await writer.close();
  assert.deepEqual(store.load().cursors, [{ conversation_id: '70', seq: 1 }]);
  assert.equal(store.load().owner?.log_id, 'b2');
});
