// The ports that may forget everything pass their suites, in memory and on a fake clock.
import { testConnectionRegistry } from '@parley/ports/conformance/connection-registry';
import { testNodeBus } from '@parley/ports/conformance/node-bus';
import { testStatusCache } from '@parley/ports/conformance/status-cache';
import { FakeClock } from './fake-clock.ts';
import { FakeTimers } from './fake-timers.ts';
import { MemoryConnectionRegistry } from './memory-connection-registry.ts';
import { MemoryBusHub, MemoryNodeBus } from './memory-node-bus.ts';
import { MemoryStatusCache } from './memory-status-cache.ts';

testStatusCache('memory', async () => {
  const clock = new FakeClock();
  const cache = new MemoryStatusCache(clock);
  return { cache, clock, pass: async (ms) => clock.advance(ms), [Symbol.asyncDispose]: async () => {} };
});

testConnectionRegistry('memory', async () => {
  const clock = new FakeClock();
  const registry = new MemoryConnectionRegistry(clock);
  return { registry, clock, pass: async (ms) => clock.advance(ms), [Symbol.asyncDispose]: async () => {} };
});

testNodeBus('memory', async () => {
  const timers = new FakeTimers(new FakeClock());
  const hub = new MemoryBusHub({ timers });
  const [one, other] = [new MemoryNodeBus(hub), new MemoryNodeBus(hub)];
  return {
    one,
    other,
    pass: (ms) => timers.advance(ms),
    interrupt: () => one.interrupt(),
    [Symbol.asyncDispose]: async () => {
      await one[Symbol.asyncDispose]();
      await other[Symbol.asyncDispose]();
    },
  };
});
