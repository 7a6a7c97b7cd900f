// What happened in a run, line by line: hashed as a whole, so that two runs can be compared, and kept for a while.
import type { FakeClock } from '@parley/adapter-memory/fake-clock';

/** Lines that are kept to be shown around a violation. */
const LINES_MAX_COUNT = 20_000;
const LINE_SHOWN_MAX_CHARS = 400;

export class Trace {
  readonly #clock: FakeClock;
  readonly #hasher = new Bun.CryptoHasher('sha256');
  #lines: string[] = [];
  count = 0;

  constructor(clock: FakeClock) {
    this.#clock = clock;
  }

  get nowMs(): number {
    return this.#clock.monotonic();
  }

  note(line: string): void {
    const stamped = `${this.#clock.monotonic()} ${line}`;
    this.#hasher.update(`${stamped}\n`);
    this.count += 1;
    this.#lines.push(stamped);
    if (this.#lines.length > 2 * LINES_MAX_COUNT) this.#lines = this.#lines.slice(-LINES_MAX_COUNT);
  }

  /** Names the whole run so far. */
  digest(): string {
    return this.#hasher.copy().digest('hex').slice(0, 16);
  }

  /** The last lines that contain one of these words; the last lines of all where there are no words. */
  last(count: number, words: readonly string[] = []): string[] {
    const about =
      words.length === 0
        ? this.#lines
        : this.#lines.filter((line) => words.some((word) => line.includes(word)));
    return about.slice(-count).map((line) => line.slice(0, LINE_SHOWN_MAX_CHARS));
  }
}
