// Timers, passed in. A pending timer never keeps the process alive by itself.

export interface Timer {
  /** Safe to call twice, and after it fired. */
  cancel(): void;
}

export interface Timers {
  /** Calls once, after a delay in milliseconds. */
  after(delayMs: number, call: () => void): Timer;
  /** Calls again and again, first after one interval. */
  every(intervalMs: number, call: () => void): Timer;
  /** Calls once this turn of the event loop and all its promises are through: the end of a tick. */
  soon(call: () => void): void;
}
