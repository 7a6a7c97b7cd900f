// The values that were used last, as many as fit, in two generations: what was not used since the last change of them goes.

interface Generation<Key, Value> {
  readonly values: Map<Key, Value>;
  weight: number;
}

/** A use moves a value at most once a generation: to keep all in their order would make each use a change of the map. */
export class RecentCache<Key, Value> {
  readonly #max: number;
  readonly #weightOf: (value: Value) => number;
  #young: Generation<Key, Value> = empty();
  #old: Generation<Key, Value> = empty();

  /** Values together weigh at most `max`; each weighs 1 unless something else is said. */
  constructor(max: number, weightOf: (value: Value) => number = () => 1) {
    this.#max = max;
    this.#weightOf = weightOf;
  }

  get weight(): number {
    return this.#young.weight + this.#old.weight;
  }

  get(key: Key): Value | undefined {
    const value = this.#young.values.get(key);
    if (value !== undefined) return value;
    const old = this.#old.values.get(key);
    if (old !== undefined) this.set(key, old);
    return old;
  }

  set(key: Key, value: Value): void {
    this.delete(key);
    const weight = this.#weightOf(value);
    if (this.#young.weight > 0 && this.#young.weight + weight > this.#max / 2) {
      this.#old = this.#young;
      this.#young = empty();
    }
    this.#young.values.set(key, value);
    this.#young.weight += weight;
    if (this.weight > this.#max) this.#old = empty();
    if (this.weight > this.#max) this.#young = empty();
  }

  delete(key: Key): void {
    for (const generation of [this.#young, this.#old]) {
      const value = generation.values.get(key);
      if (value === undefined) continue;
      generation.values.delete(key);
      generation.weight -= this.#weightOf(value);
    }
  }

  clear(): void {
    this.#young = empty();
    this.#old = empty();
  }
}

function empty<Key, Value>(): Generation<Key, Value> {
  return { values: new Map(), weight: 0 };
}
