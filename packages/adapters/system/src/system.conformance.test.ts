// The machine's clock, timers and randomness pass the suites of their ports.
import { testClock } from '@parley/ports/conformance/clock';
import { testRandomness } from '@parley/ports/conformance/randomness';
import { testTimers } from '@parley/ports/conformance/timers';
import { SystemClock } from './system-clock.ts';
import { SystemRandomness } from './system-randomness.ts';
import { SystemTimers } from './system-timers.ts';

/** Real time is the subject here, so the suites wait for it. */
const pass = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

testClock('system', () => ({ clock: new SystemClock(), pass }));
testTimers('system', () => ({ timers: new SystemTimers(), clock: new SystemClock(), pass }));
testRandomness('system', () => new SystemRandomness());
