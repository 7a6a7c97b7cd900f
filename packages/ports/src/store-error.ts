// How a durable store fails where the port has no outcome for it: the promise rejects with one of these.

/**
 * `storage_full`: no space; nothing was written, and it may work again later. `unavailable`: nothing was written (the
 * store is read-only, shut down or overloaded). `outcome_unknown`: it may have been written.
 */
export type StoreErrorKind = 'storage_full' | 'unavailable' | 'outcome_unknown';

export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly kind: StoreErrorKind;

  constructor(kind: StoreErrorKind, message: string) {
    super(message);
    this.kind = kind;
  }
}
