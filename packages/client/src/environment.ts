// What the SDK takes from the world around it, passed in so that tests and a simulator decide what it is.

export interface Clock {
  /** Milliseconds since the Unix epoch. May step back; only ids are made from it. */
  now(): number;
  /** Milliseconds since some fixed moment; never steps back. For durations. */
  monotonic(): number;
}

export interface Timer {
  /** Safe to call twice, and after it fired. */
  cancel(): void;
}

export interface Timers {
  /** Calls once, after a delay in milliseconds. */
  after(delayMs: number, call: () => void): Timer;
  /** Calls once this turn of the event loop and its promises are through: the end of a tick. */
  soon(call: () => void): void;
}

export interface Randomness {
  /** Bytes from a cryptographically secure source (in tests: from a seed). */
  bytes(count: number): Uint8Array;
  /** From 0 up to but not including 1; for jitter, never for secrets. */
  fraction(): number;
}

export type Environment = { clock: Clock; timers: Timers; randomness: Randomness };
