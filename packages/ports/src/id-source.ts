// Where 64-bit ids come from.

export interface IdSource {
  /** A decimal string of a positive 63-bit integer, unique across the installation, roughly ordered by time. */
  next(): string;
}
