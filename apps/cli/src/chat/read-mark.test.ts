// What an open chat says was read.
import { expect, test } from 'bun:test';
import { ReadMark } from './read-mark.ts';

function marks(answer: () => Promise<unknown> = () => Promise.resolve()): {
  told: unknown[];
  mark: ReadMark;
} {
  const told: unknown[] = [];
  const markRead = (id: string, seq: number): Promise<unknown> => {
    told.push([id, seq]);
    return answer();
  };
  return { told, mark: new ReadMark({ reading: { markRead } } as never, '70') };
}

test('[READ-1] the furthest that is on the screen is told, once', async () => {
  const { told, mark } = marks();
  using _mark = mark;
  await mark.tell();
  for (const seq of [3, 5, 4]) mark.shown(seq);
  expect(told).toEqual([]);
  await mark.tell();
  await mark.tell();
  mark.shown(5);
  await mark.tell();
  expect(told).toEqual([['70', 5]]);
  mark.shown(6);
  await mark.tell();
  expect(told).toEqual([
    ['70', 5],
    ['70', 6],
  ]);
});

test('a refusal, as when another device has read further, is no failure of the chat', async () => {
  const { told, mark } = marks(() => Promise.reject(new Error('refused')));
  using _mark = mark;
  mark.shown(5);
  await mark.tell();
  expect(told).toHaveLength(1);
});
