// The machine's cryptographically secure randomness.
import { randomFillSync } from 'node:crypto';
import type { Randomness } from '@parley/ports/randomness';

export class SystemRandomness implements Randomness {
  bytes(count: number): Uint8Array {
    return randomFillSync(new Uint8Array(count));
  }

  /** Not secure, as the port allows: it is for jitter, and asked for often. */
  fraction(): number {
    return Math.random();
  }
}
