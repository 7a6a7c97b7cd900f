// Chance from a seed that is printed, so that a run that failed can be repeated: PARLEY_TEST_SEED=N.

export class Seeded {
  readonly seed: number;
  #state: number;

  constructor(seed: number) {
    this.seed = seed;
    this.#state = seed >>> 0;
  }

  /** From PARLEY_TEST_SEED, or another one each time. */
  static printed(title: string): Seeded {
    const given = process.env['PARLEY_TEST_SEED'];
    const seeded = new Seeded(given === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(given));
    console.log(`${title}: PARLEY_TEST_SEED=${seeded.seed}`);
    return seeded;
  }

  /** At least 0, less than 1 (mulberry32). */
  fraction(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from `min` to `max`, both included. */
  between(min: number, max: number): number {
    return min + Math.floor(this.fraction() * (max - min + 1));
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.between(0, items.length - 1)];
    if (item === undefined) throw new Error('nothing to pick from');
    return item;
  }

  chance(probability: number): boolean {
    return this.fraction() < probability;
  }
}
