// The lease store in memory passes the suite of its port, on a fake clock.
import { testLeaseStore } from '@parley/ports/conformance/lease-store';
import { FakeClock } from './fake-clock.ts';
import { MemoryLeaseStore } from './memory-lease-store.ts';
import { MemoryWorld } from './memory-world.ts';

function openOn(world: MemoryWorld, clock: FakeClock) {
  const [one, other] = [new MemoryLeaseStore({ world, clock }), new MemoryLeaseStore({ world, clock })];
  return {
    one,
    other,
    world,
    clock,
    pass: async (ms: number) => clock.advance(ms),
    occupy: async (workers: number, until: number) => {
      for (let worker = 0; worker < workers; worker++)
        world.state.workers.set(worker, { node: 'elsewhere', start: 0, until });
    },
    [Symbol.asyncDispose]: async () => {
      await one[Symbol.asyncDispose]();
      await other[Symbol.asyncDispose]();
    },
  };
}
type World = ReturnType<typeof openOn>;

testLeaseStore(
  'memory',
  async () => openOn(new MemoryWorld(), new FakeClock()),
  async (opened: World) => {
    await opened[Symbol.asyncDispose]();
    return openOn(opened.world, opened.clock);
  },
);
