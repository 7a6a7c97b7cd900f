// The values that were used last, as many as fit: what was not used for longest is let go.

export class RecentCache<Key, Value> {
  readonly #max: number;
  readonly #weightOf: (value: Value) => number;
  /** In the order of their last use. */
  readonly #values = new Map<Key, Value>();
  #weight = 0;

  /** Values together weigh at most `max`; each weighs 1 unless something else is said. */
  constructor(max: number, weightOf: (value: Value) => number = () => 1) {
    this.#max = max;
    this.#weightOf = weightOf;
  }

  get weight(): number {
    return this.#weight;
  }

  get(key: Key): Value | undefined {
    const value = this.#values.get(key);
    if (value === undefined) return undefined;
    this.#values.delete(key);
    this.#values.set(key, value);
    return value;
  }

  set(key: Key, value: Value): void {
    this.delete(key);
    this.#values.set(key, value);
    this.#weight += this.#weightOf(value);
    for (const oldest of this.#values.keys()) {
      if (this.#weight <= this.#max) return;
      this.delete(oldest);
    }
  }

  delete(key: Key): void {
    const value = this.#values.get(key);
    if (value === undefined) return;
    this.#values.delete(key);
    this.#weight -= this.#weightOf(value);
  }
}
