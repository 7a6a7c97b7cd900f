// What an adapter hands to the suite of the lease store.
import type { LeaseStore } from '../lease-store.ts';

/** Two stores on the same data, as two nodes have them, and how to let time pass by the store's clock. */
export interface LeaseWorld extends AsyncDisposable {
  readonly one: LeaseStore;
  readonly other: LeaseStore;
  readonly pass: (ms: number) => Promise<void>;
  /** Leases so many worker ids until then, by whatever way is quick: few are left to be fought for. */
  readonly occupy: (workers: number, until: number) => Promise<void>;
}
