// Randomness that repeats itself from a seed: xoshiro128** by Blackman and Vigna, seeded by splitmix32. Never for secrets.
import type { Randomness } from '@parley/ports/randomness';

export type XoshiroState = [number, number, number, number];

const rotateLeft = (value: number, by: number) => (value << by) | (value >>> (32 - by));

/** The next 32 bits; moves the state on. */
export function xoshiro128StarStar(state: XoshiroState): number {
  const result = Math.imul(rotateLeft(Math.imul(state[1], 5), 7), 9) >>> 0;
  const shifted = state[1] << 9;
  state[2] ^= state[0];
  state[3] ^= state[1];
  state[1] ^= state[2];
  state[0] ^= state[3];
  state[2] ^= shifted;
  state[3] = rotateLeft(state[3], 11);
  return result;
}

/** Spreads a seed over 32 bits; any seed will do, also 0. */
function splitmix32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  };
}

export class SeededRandomness implements Randomness {
  readonly #state: XoshiroState;

  /** The same seed (an integer, of which 32 bits count) gives the same values for ever. */
  constructor(seed: number) {
    const next = splitmix32(seed);
    this.#state = [next(), next(), next(), next()];
  }

  bytes(count: number): Uint8Array {
    const bytes = new Uint8Array(count);
    for (let at = 0; at < count; at += 4) {
      const word = this.#next();
      for (let part = 0; part < 4 && at + part < count; part++) bytes[at + part] = word >>> (8 * part);
    }
    return bytes;
  }

  fraction(): number {
    return ((this.#next() >>> 5) * 2 ** 26 + (this.#next() >>> 6)) / 2 ** 53;
  }

  /** From 0 up to but not including a bound below 2^32. */
  below(bound: number): number {
    return Math.floor(this.fraction() * bound);
  }

  #next(): number {
    return xoshiro128StarStar(this.#state);
  }
}
