import { expect, test } from 'bun:test';
import { StoreError } from '@parley/ports/store-error';
import type { ReadRequest } from './read-calls.ts';
import { READ_BATCH_MAX_COUNT, ReadQueue, READS_MAX_COUNT } from './read-queue.ts';

function world() {
  const posted: (readonly ReadRequest[])[] = [];
  const queue = new ReadQueue({ post: (requests) => void posted.push(requests) });
  const read = (name = 'a') => queue.call('userByName', name);
  return { queue, posted, read };
}
const kindOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    (value) => value,
    (error: unknown) => (error instanceof StoreError ? error.kind : String(error)),
  );

test('reads of one turn cross together, in bounded batches, and are answered in order', async () => {
  const { queue, posted, read } = world();
  const calls = Array.from({ length: READ_BATCH_MAX_COUNT + 2 }, (_, index) => read(String(index)));
  await Promise.resolve();
  expect(posted.map((requests) => requests.length)).toEqual([READ_BATCH_MAX_COUNT, 2]);
  for (const requests of posted) queue.answered(requests.map(([, name]) => ({ kind: 'done', value: name })));
  expect<unknown>(await Promise.all(calls)).toEqual(calls.map((_, index) => String(index)));
});

test('a failed read rejects alone', async () => {
  const { queue, read } = world();
  const calls = [read(), read()].map(kindOf);
  await Promise.resolve();
  queue.answered([
    { kind: 'failed', message: 'no' },
    { kind: 'done', value: 7 },
  ]);
  expect(await Promise.all(calls)).toEqual(['unavailable', 7]);
});

test('reads that wait are bounded', async () => {
  const { read } = world();
  for (let index = 0; index < READS_MAX_COUNT; index += 1) void kindOf(read());
  expect(await kindOf(read())).toBe('unavailable');
});

test('a stop rejects what waits and what comes; a close waits for what was asked', async () => {
  const stopping = world();
  const calls = [kindOf(stopping.read())];
  await Promise.resolve();
  calls.push(kindOf(stopping.read()));
  stopping.queue.stop('broken');
  calls.push(kindOf(stopping.read()));
  expect(await Promise.all(calls)).toEqual(['unavailable', 'unavailable', 'unavailable']);
  const closing = world();
  const asked = closing.read();
  let closed = false;
  const done = closing.queue.close().then(() => (closed = true));
  expect(await kindOf(closing.read())).toBe('unavailable');
  await Promise.resolve();
  expect(closed).toBe(false);
  closing.queue.answered([{ kind: 'done', value: undefined }]);
  await done;
  expect(await asked).toBeUndefined();
});
