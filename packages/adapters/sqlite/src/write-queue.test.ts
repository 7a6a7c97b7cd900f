import { expect, test } from 'bun:test';
import { StoreError } from '@parley/ports/store-error';
import type { WriteRequest } from './write-calls.ts';
import { BATCH_MAX_BYTES, BATCH_REQUESTS_MAX_COUNT, QUEUED_MAX_BYTES, WriteQueue } from './write-queue.ts';

function world() {
  const posted: (readonly WriteRequest[])[] = [];
  const stopped: string[] = [];
  const queue = new WriteQueue({
    post: (requests) => void posted.push(requests),
    onStopped: (reason) => void stopped.push(reason),
  });
  const write = (name = 'c', bytes = 0) => queue.call('append', bytes, name, 't', 0, []);
  return { queue, posted, stopped, write, sizes: () => posted.map((requests) => requests.length) };
}
const kindOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    (value) => value,
    (error: unknown) => (error instanceof StoreError ? error.kind : String(error)),
  );
const turn = (): Promise<void> => Promise.resolve();

test('group commit: what one turn asks for goes together, and what comes during a commit is the next batch', async () => {
  const { queue, sizes, write } = world();
  const first = [write(), write(), write()];
  expect(sizes()).toEqual([]);
  await turn();
  expect(sizes()).toEqual([3]);
  for (let index = 0; index < 100; index += 1) void write();
  await turn();
  expect(sizes()).toEqual([3]);
  queue.answered(3);
  expect(sizes()).toEqual([3, 100]);
  expect(await Promise.all(first)).toEqual([0, 0, 0]);
});

test('[INV 8] nothing is answered before the writer answered', async () => {
  const { queue, write } = world();
  let answered = 0;
  for (let index = 0; index < 5; index += 1) void write().then(() => (answered += 1));
  for (let turns = 0; turns < 20; turns += 1) await turn();
  expect(answered).toBe(0);
  queue.answered(5);
  await turn();
  expect(answered).toBe(5);
});

test('each gets its own answer, in the order of the requests', async () => {
  const { queue, write } = world();
  const calls = [write(), write(), write(), write(), write()].map(kindOf);
  await turn();
  queue.answered([
    { kind: 'done', value: 0 },
    { kind: 'failed', fault: 'storage_full', message: 'full' },
    { kind: 'failed', fault: 'outcome_unknown', message: 'eh' },
    { kind: 'failed', fault: 'invalid_request', message: 'bad' },
  ]);
  expect(await Promise.all(calls)).toEqual([
    0,
    'storage_full',
    'outcome_unknown',
    'Error: bad',
    'outcome_unknown',
  ]);
});

test('an answer for another number of requests is never taken as applied', async () => {
  const { queue, write } = world();
  const calls = [write(), write()].map(kindOf);
  await turn();
  queue.answered(1);
  expect(await Promise.all(calls)).toEqual(['outcome_unknown', 'outcome_unknown']);
});

test('a batch is bounded in count and in bytes', async () => {
  const { queue, sizes, write } = world();
  for (let index = 0; index < BATCH_REQUESTS_MAX_COUNT + 10; index += 1) void write();
  void write('c', BATCH_MAX_BYTES);
  void write();
  await turn();
  queue.answered(BATCH_REQUESTS_MAX_COUNT);
  queue.answered(11);
  expect(sizes()).toEqual([BATCH_REQUESTS_MAX_COUNT, 11, 1]);
});

test('what waits is bounded: beyond it a write is refused, and it works again after', async () => {
  const { queue, write, sizes } = world();
  void write();
  await turn();
  void write('c', QUEUED_MAX_BYTES);
  expect(await kindOf(write())).toBe('unavailable');
  queue.answered(1);
  const call = write();
  queue.answered(1);
  queue.answered(1);
  expect(await call).toBe(0);
  expect(sizes()).toEqual([1, 1, 1]);
});

test('when the writer dies, what it held is unknown and what waited was never tried', async () => {
  const { queue, write, stopped, sizes } = world();
  const held = kindOf(write());
  await turn();
  const waiting = kindOf(write());
  queue.died('it died');
  expect(await held).toBe('outcome_unknown');
  expect(await waiting).toBe('unavailable');
  expect(await kindOf(write())).toBe('unavailable');
  expect(stopped).toEqual(['it died']);
  expect(sizes()).toEqual([1]);
});

test('a stop refuses what waits; a batch that the writer has is still answered', async () => {
  const { queue, write, stopped } = world();
  const held = kindOf(write());
  await turn();
  const waiting = kindOf(write());
  queue.stop('broken');
  queue.stop('again');
  expect(await waiting).toBe('unavailable');
  queue.answered(1);
  expect(await held).toBe(0);
  expect(stopped).toEqual(['broken']);
});

test('closing settles everything that was asked for, and takes no more', async () => {
  const { queue, write } = world();
  const calls = [write()];
  await turn();
  calls.push(write());
  let closed = false;
  const closing = queue.close().then(() => (closed = true));
  expect(await kindOf(write())).toBe('unavailable');
  queue.answered(1);
  await turn();
  expect(closed).toBe(false);
  queue.answered(1);
  await closing;
  expect(await Promise.all(calls)).toEqual([0, 0]);
});
