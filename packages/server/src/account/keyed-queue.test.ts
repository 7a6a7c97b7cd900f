// One after another per key, side by side between keys.
import { expect, test } from 'bun:test';
import { settle } from './account-fixture.ts';
import { KeyedQueue } from './keyed-queue.ts';

test('tasks of one key run one after another, also after one that fails; the key is gone afterwards', async () => {
  const queue = new KeyedQueue();
  const order: string[] = [];
  const task = (name: string) => async () => {
    order.push(`${name} begins`);
    await settle();
    order.push(`${name} ends`);
    if (name === 'a') throw new Error('a fails');
    return name;
  };
  const failing = queue.run('key', task('a'));
  const second = queue.run('key', task('b'));
  await expect(failing).rejects.toThrow('a fails');
  expect(await second).toBe('b');
  expect(order).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
  await settle();
  expect(queue.size).toBe(0);
});

test('another key does not wait', async () => {
  const queue = new KeyedQueue();
  const never = new Promise<void>(() => undefined);
  void queue.run('key', () => never);
  expect(await queue.run('other', () => Promise.resolve('done'))).toBe('done');
});
