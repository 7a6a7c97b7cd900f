// This node's transitions in the status cache: one write a transition, and one renewal for all every few seconds.
import type { UserId } from '@parley/protocol/ids';
import type { Clock } from '@parley/ports/clock';
import type { Log } from '@parley/ports/log';
import type { Status, StatusCache } from '@parley/ports/status-cache';
import type { Timer, Timers } from '@parley/ports/timers';
import { STATUS_LEASE_MS, STATUS_RENEWAL_INTERVAL_MS } from './limits.ts';

export interface StatusWriterParts {
  readonly node: string;
  readonly status: StatusCache;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  /** Whether there is anything to renew. */
  readonly isNeeded: () => boolean;
}

export class StatusWriter {
  readonly #parts: StatusWriterParts;
  /** What the cache did not take: the next renewal brings it again. A user has one place here. */
  readonly #failed = new Map<UserId, Status>();
  readonly #renewing: Timer;
  #isReachable = true;

  constructor(parts: StatusWriterParts) {
    this.#parts = parts;
    this.#renewing = parts.timers.every(STATUS_RENEWAL_INTERVAL_MS, () => void this.#renew()); // never rejects
  }

  set(user: UserId, status: Status): void {
    this.#failed.delete(user);
    void this.#write(user, status); // never rejects
  }

  stop(): void {
    this.#renewing.cancel();
  }

  get #until(): number {
    return this.#parts.clock.now() + STATUS_LEASE_MS;
  }

  async #write(user: UserId, status: Status): Promise<void> {
    try {
      await this.#parts.status.set(user, status, this.#until);
      this.#isReachable = true;
    } catch (error) {
      this.#failed.set(user, status);
      this.#lost(error);
    }
  }

  async #renew(): Promise<void> {
    const failed = [...this.#failed];
    this.#failed.clear();
    for (const [user, status] of failed) this.set(user, status);
    if (!this.#parts.isNeeded()) return;
    try {
      await this.#parts.status.renew(this.#parts.node, this.#until);
    } catch (error) {
      this.#lost(error);
    }
  }

  /** Said once an outage: the next nodes show what they know, and this one goes on. */
  #lost(error: unknown): void {
    if (this.#isReachable) this.#parts.log.warn({ error }, 'the status cache cannot be reached');
    this.#isReachable = false;
  }
}
