// How fake time passes.
import { expect, test } from 'bun:test';
import { FakeClock } from './fake-clock.ts';
import { FakeTimers } from './fake-timers.ts';

function fake() {
  const clock = new FakeClock();
  return { clock, timers: new FakeTimers(clock), start: clock.now() };
}

test('each timer fires at its own time, in order, with intervals in between', async () => {
  const { clock, timers, start } = fake();
  const calls: [string, number][] = [];
  const note = (name: string) => () => calls.push([name, clock.now() - start]);
  timers.after(25, note('late'));
  timers.every(10, note('every'));
  timers.after(10, note('after'));
  await timers.advance(30);
  expect(calls).toEqual([
    ['every', 10],
    ['after', 10],
    ['every', 20],
    ['late', 25],
    ['every', 30],
  ]);
  expect([clock.now() - start, clock.monotonic()]).toEqual([30, 30]);
  expect(timers.pendingCount).toBe(1);
});

test('promises and calls of `soon` are through before the next timer fires', async () => {
  const { timers } = fake();
  const calls: string[] = [];
  const chain = async () => {
    for (let link = 0; link < 200; link++) await Promise.resolve();
    timers.soon(() => calls.push('soon'));
    calls.push('promises');
  };
  timers.after(1, () => void chain()); // cannot reject
  timers.after(1, () => calls.push('next'));
  await timers.advance(1);
  expect(calls).toEqual(['promises', 'soon', 'next']);
});

test('a timer that is started while time passes fires within it, when it is due', async () => {
  const { clock, timers } = fake();
  const calls: number[] = [];
  timers.after(10, () => timers.after(10, () => calls.push(clock.monotonic())));
  await timers.advance(19);
  expect(calls).toEqual([]);
  await timers.advance(1);
  expect(calls).toEqual([20]);
});

test('nothing fires by itself, and settling takes no time', async () => {
  const { clock, timers } = fake();
  let calls = 0;
  timers.after(0, () => (calls += 1));
  await timers.settle();
  expect([calls, clock.monotonic()]).toEqual([0, 0]);
  await timers.advance(0);
  expect(calls).toBe(1);
});

test('a call of `soon` that asks for itself for ever is found', async () => {
  const { timers } = fake();
  const again = () => timers.soon(again);
  again();
  let message = '';
  await timers.settle().catch((error: Error) => (message = error.message));
  expect(message).toContain('without end');
});

test('a step of the wall clock moves no timer', async () => {
  const { clock, timers, start } = fake();
  let calls = 0;
  timers.after(10, () => (calls += 1));
  clock.step(-3_600_000);
  await timers.advance(9);
  expect(calls).toBe(0);
  await timers.advance(1);
  expect([calls, clock.now()]).toEqual([1, start - 3_600_000 + 10]);
  expect(() => clock.advance(-1)).toThrow(RangeError);
});
