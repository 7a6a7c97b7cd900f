// No address takes the whole pool of password hashing: it has a share, and what is beyond it is told to come back.
import { throttleKey } from './throttle-key.ts';

/** Passwords of one address that are hashed or wait for it; the pool has places for four such addresses. */
export const HASHES_PER_ADDRESS_MAX_COUNT = 16;

export class HashingShare {
  readonly #busy = new Map<string, number>();

  /** Addresses with work under way. */
  get size(): number {
    return this.#busy.size;
  }

  /** Does the work, or returns undefined at once when the address has its share. */
  async run<Result>(address: string, work: () => Promise<Result>): Promise<Result | undefined> {
    const key = throttleKey(address);
    const count = this.#busy.get(key) ?? 0;
    if (count >= HASHES_PER_ADDRESS_MAX_COUNT) return undefined;
    this.#busy.set(key, count + 1);
    try {
      return await work();
    } finally {
      const left = (this.#busy.get(key) ?? 1) - 1;
      if (left === 0) this.#busy.delete(key);
      else this.#busy.set(key, left);
    }
  }
}
