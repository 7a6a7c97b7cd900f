// Randomness, passed in, so that a run can be repeated from its seed.

export interface Randomness {
  /** Bytes from a cryptographically secure source (in tests: from a seed). */
  bytes(count: number): Uint8Array;
  /** From 0 up to but not including 1; for jitter, never for secrets. */
  fraction(): number;
}
