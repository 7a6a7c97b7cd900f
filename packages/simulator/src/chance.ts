// Everything that a run decides by chance, from its seed: one stream per part, so that a change of one moves no other.
import { SeededRandomness } from '@parley/adapter-memory/seeded-randomness';

export class Chance {
  readonly randomness: SeededRandomness;
  readonly #seed: number;

  constructor(seed: number) {
    this.#seed = seed;
    this.randomness = new SeededRandomness(seed);
  }

  /** A stream of its own for a part of the run. */
  fork(label: string): Chance {
    let mixed = 0x811c9dc5 ^ this.#seed;
    for (let at = 0; at < label.length; at++) mixed = Math.imul(mixed ^ label.charCodeAt(at), 0x01000193);
    return new Chance(mixed);
  }

  /** An integer from 0 up to but not including a bound. */
  below(bound: number): number {
    return this.randomness.below(bound);
  }

  /** An integer from `min` to `max`, both included. */
  between(min: number, max: number): number {
    return min + this.below(max - min + 1);
  }

  happens(probability: number): boolean {
    return this.randomness.fraction() < probability;
  }

  pick<Item>(items: readonly Item[]): Item | undefined {
    return items[this.below(items.length)];
  }

  /** One of the keys, as often as its weight says. */
  weighted<Key extends string>(weights: Readonly<Record<Key, number>>): Key {
    const keys = Object.keys(weights) as Key[];
    let left = this.randomness.fraction() * keys.reduce((sum, key) => sum + weights[key], 0);
    for (const key of keys) {
      left -= weights[key];
      if (left < 0) return key;
    }
    return keys[0] as Key;
  }
}
