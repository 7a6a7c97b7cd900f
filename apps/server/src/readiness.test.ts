// Readiness: what engines answer, asked seldom and never waited for long.
import { expect, test } from 'bun:test';
import { FakeClock } from '@parley/adapter-memory/fake-clock';
import { FakeTimers } from '@parley/adapter-memory/fake-timers';
import { Readiness } from './readiness.ts';

function start(...probes: (() => Promise<unknown>)[]) {
  const clock = new FakeClock();
  const timers = new FakeTimers(clock);
  return { clock, timers, readiness: new Readiness(probes, { clock, timers }) };
}

test('ready when all engines answer, not when one fails', async () => {
  const good = () => Promise.resolve();
  expect(await start(good, good).readiness.ask()).toBe(true);
  expect(await start(good, () => Promise.reject(new Error('away'))).readiness.ask()).toBe(false);
});

test('an engine that does not answer in 2 s counts as away', async () => {
  const { timers, readiness } = start(() => new Promise(() => {}));
  const asked = readiness.ask();
  await timers.advance(2_000);
  expect(await asked).toBe(false);
});

test('however often it is asked, the engines are once a second', async () => {
  let count = 0;
  const { clock, readiness } = start(async () => (count += 1));
  for (let asked = 0; asked < 5; asked += 1) await readiness.ask();
  expect(count).toBe(1);
  clock.advance(1_000);
  await readiness.ask();
  expect(count).toBe(2);
});
