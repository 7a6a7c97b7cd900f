// One timer for all sessions: each stands in the slot of its next visit. No timer per connection, and no other list.
import { WHEEL_SLOT_MS } from './limits.ts';

export interface Visited {
  /** Does what is due. Returns after how many milliseconds to come again; undefined when the session is gone. */
  visit(nowMs: number): number | undefined;
}

/** A visit may be early or late by one slot: what is due is decided by the time at the visit. */
export class TimingWheel<Each extends Visited> {
  readonly #slots: Each[][];
  #turn = 0;

  constructor(spanMs: number) {
    this.#slots = Array.from({ length: Math.ceil(spanMs / WHEEL_SLOT_MS) + 2 }, () => []);
  }

  add(visited: Each, delayMs: number): void {
    const ahead = Math.min(Math.max(1, Math.ceil(delayMs / WHEEL_SLOT_MS)), this.#slots.length - 1);
    this.#slots[(this.#turn + ahead) % this.#slots.length]?.push(visited);
  }

  /** Everything that stands in it, also what has gone since its last visit. Not to be called by a visit. */
  *all(): Iterable<Each> {
    for (const slot of this.#slots) yield* slot;
  }

  /** To be called every WHEEL_SLOT_MS. */
  turn(nowMs: number): void {
    this.#turn += 1;
    const index = this.#turn % this.#slots.length;
    const due = this.#slots[index] ?? [];
    this.#slots[index] = [];
    for (const visited of due) {
      const again = visited.visit(nowMs);
      if (again !== undefined) this.add(visited, again);
    }
  }
}
