// The fakes pass the suites of what they stand in for.
import { testClock } from '@parley/ports/conformance/clock';
import { testIdSource } from '@parley/ports/conformance/id-source';
import { testRandomness } from '@parley/ports/conformance/randomness';
import { testTimers } from '@parley/ports/conformance/timers';
import { FakeClock } from './fake-clock.ts';
import { FakeTimers } from './fake-timers.ts';
import { SeededRandomness } from './seeded-randomness.ts';
import { SequentialIds } from './sequential-ids.ts';

testClock('fake', () => {
  const clock = new FakeClock();
  return { clock, pass: async (ms) => clock.advance(ms) };
});

testTimers('fake', () => {
  const clock = new FakeClock();
  const timers = new FakeTimers(clock);
  return { timers, clock, pass: (ms) => timers.advance(ms) };
});

testRandomness('seeded', () => new SeededRandomness(42));
testIdSource('sequential', () => new SequentialIds());
