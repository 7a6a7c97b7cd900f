// The statuses that this node has in the cache, so that they can be written again: Redis may lose them, users may not flap.
import type { Status } from '@parley/ports/status-cache';
import type { UserId } from '@parley/protocol/ids';
import { OWN_STATUSES_MAX_COUNT } from './limits.ts';

export interface OwnStatus {
  readonly user: UserId;
  readonly status: Status;
  /** Its own end by the clock, should no renewal come. */
  readonly until: number;
}

export class OwnStatuses {
  readonly #all = new Map<UserId, OwnStatus>();
  /** Those that are not in the cache under the present lease of their node. */
  readonly #unsaved = new Map<UserId, OwnStatus>();

  /** The status is in the cache, under the node's lease or on its own. */
  keep(own: OwnStatus, isUnderLease: boolean): void {
    const { user } = own;
    this.drop(user);
    if (this.#all.size >= OWN_STATUSES_MAX_COUNT) return;
    this.#all.set(user, own);
    if (!isUnderLease) this.#unsaved.set(user, own);
  }

  drop(user: UserId): void {
    this.#all.delete(user);
    this.#unsaved.delete(user);
  }

  /** The lease of the node had ended: only what lives by its own end lives on. */
  dropEnded(node: string, now: number): void {
    for (const { user, status, until } of this.#all.values()) {
      if (status.node === node && until <= now) this.drop(user);
    }
  }

  /** All of the node are to be written again. */
  distrust(node: string): void {
    for (const own of this.#all.values()) if (own.status.node === node) this.#unsaved.set(own.user, own);
  }

  unsaved(node: string): OwnStatus[] {
    return [...this.#unsaved.values()].filter((own) => own.status.node === node);
  }

  /** It was written, or another node's is newer. Nothing happens if there is another by now. */
  settle(own: OwnStatus, isStored: boolean): void {
    if (this.#all.get(own.user) !== own) return;
    if (isStored) this.#unsaved.delete(own.user);
    else this.drop(own.user);
  }
}
