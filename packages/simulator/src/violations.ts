// What a run found wrong, by the name of the invariant (see PROTOCOL.md and ARCHITECTURE.md), with the events around it.
import type { Trace } from './trace.ts';

export type Invariant =
  | 'INV 1'
  | 'INV 2'
  | 'INV 3'
  | 'INV 4'
  | 'INV 5'
  | 'INV 6'
  | 'INV 7'
  | 'INV 8'
  | 'INV 9'
  | 'INV 10'
  | 'INV 11'
  | 'INV 12'
  | 'INV 15'
  | 'INV 16'
  | 'INV 21'
  /** No invariant of the log, but nothing that may happen either: an exception, a client that was told to stop. */
  | 'unexpected';

export interface Violation {
  readonly invariant: Invariant;
  readonly what: string;
  /** The last events around it. */
  readonly events: readonly string[];
}

/** Of one invariant. A run that is broken breaks everywhere; the first ones tell. */
const VIOLATIONS_MAX_COUNT = 10;
const EVENTS_SHOWN_COUNT = 60;

export class Violations {
  readonly #trace: Trace;
  readonly found: Violation[] = [];

  constructor(trace: Trace) {
    this.#trace = trace;
  }

  /** `words` pick the events to show: those that contain one of them. */
  add(invariant: Invariant, what: string, words: readonly string[] = []): void {
    this.#trace.note(`VIOLATION of ${invariant}: ${what}`);
    if (this.found.filter((violation) => violation.invariant === invariant).length === VIOLATIONS_MAX_COUNT)
      return;
    this.found.push({ invariant, what, events: this.#trace.last(EVENTS_SHOWN_COUNT, words) });
  }
}
