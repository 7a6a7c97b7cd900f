// Time, passed in, so that tests and the simulator decide what it is.

export interface Clock {
  /** Milliseconds since the Unix epoch. May step back: nothing that must be safe may depend on it. */
  now(): number;
  /** Milliseconds since some fixed moment; never steps back. For durations and time-outs. */
  monotonic(): number;
}
