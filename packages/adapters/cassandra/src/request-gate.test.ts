// What is asked of the engine is bounded, and what was refused was not sent.
import { expect, test } from 'bun:test';
import { FakeClock } from '@parley/adapter-memory/fake-clock';
import { FakeTimers } from '@parley/adapter-memory/fake-timers';
import { rejection } from '@parley/ports/conformance/fixture';
import { RequestGate } from './request-gate.ts';

function open(inFlightMaxCount = 2, waitingMaxCount = 2) {
  const timers = new FakeTimers(new FakeClock());
  const gate = new RequestGate({ timers, inFlightMaxCount, waitingMaxCount, waitMaxMs: 100 });
  const sent: string[] = [];
  const ends = new Map<string, () => void>();
  const run = (name: string) =>
    gate.run(async () => {
      sent.push(name);
      const { promise, resolve } = Promise.withResolvers<void>();
      ends.set(name, resolve);
      await promise;
      return name;
    });
  return { timers, gate, sent, run, end: (name: string) => ends.get(name)?.() };
}

test('no more requests than the limit are in flight; the others have their turn in order', async () => {
  const { run, sent, end } = open();
  const all = ['a', 'b', 'c', 'd'].map(run);
  await Promise.resolve();
  expect(sent).toEqual(['a', 'b']);
  end('b');
  expect(await all[1]!).toBe('b');
  await Promise.resolve();
  expect(sent).toEqual(['a', 'b', 'c']);
  for (const name of ['a', 'c', 'd']) {
    end(name);
    expect(await all.find((_, index) => 'abcd'[index] === name)!).toBe(name);
  }
  expect(sent).toEqual(['a', 'b', 'c', 'd']);
});

test('more than may wait, or waiting for too long, is refused as unavailable and never sent', async () => {
  const { run, sent, end, timers } = open(1, 1);
  const [first, second] = [run('a'), run('b')];
  expect(await rejection(() => run('c'))).toMatchObject({ kind: 'unavailable' });
  const refused = rejection(() => second);
  await timers.advance(100);
  expect(await refused).toMatchObject({ kind: 'unavailable' });
  end('a');
  await first;
  expect(sent).toEqual(['a']);
});

test('a request that fails leaves its place to the next', async () => {
  const { gate } = open(1);
  const failed = rejection(() => gate.run(async () => Promise.reject(new Error('no'))));
  expect(await gate.run(async () => 'next')).toBe('next');
  expect(await failed).toMatchObject({ message: 'no' });
});

test('closing refuses what waits and what comes, and ends when nothing is in flight', async () => {
  const { gate, run, sent, end } = open(1);
  const first = run('a');
  const waiting = rejection(() => run('b'));
  await Promise.resolve();
  let closed = false;
  const closing = gate.close().then(() => (closed = true));
  expect(await waiting).toMatchObject({ kind: 'unavailable' });
  expect(await rejection(() => run('c'))).toMatchObject({ kind: 'unavailable' });
  expect(closed).toBe(false);
  end('a');
  await first;
  await closing;
  expect(sent).toEqual(['a']);
});
