// Runs tasks of one key one after another, and tasks of different keys side by side.

export class KeyedQueue {
  readonly #tails = new Map<string, Promise<unknown>>();

  /** Resolves or rejects as the task does; a task that rejects does not hold up the next. */
  run<Result>(key: string, task: () => Promise<Result>): Promise<Result> {
    const before = this.#tails.get(key) ?? Promise.resolve();
    const result = before.then(task, task);
    this.#tails.set(key, result);
    const clean = () => {
      if (this.#tails.get(key) === result) this.#tails.delete(key);
    };
    // Cannot reject: both outcomes are handled, and the caller gets `result` itself.
    void result.then(clean, clean);
    return result;
  }

  /** Keys with a task that is not done. */
  get size(): number {
    return this.#tails.size;
  }
}
