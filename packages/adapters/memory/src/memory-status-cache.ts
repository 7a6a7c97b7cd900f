// The status cache in memory, for tests and for an installation of one node.
import type { Clock } from '@parley/ports/clock';
import type { Status, StatusCache } from '@parley/ports/status-cache';
import type { UserId } from '@parley/protocol/ids';

interface Entry {
  readonly status: Status;
  readonly until: number;
}

export class MemoryStatusCache implements StatusCache {
  readonly #clock: Clock;
  readonly #entries = new Map<UserId, Entry>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async set(user: UserId, status: Status, until: number): Promise<boolean> {
    const there = this.#live(user);
    if (there !== undefined && isNewer(there.status, status)) return false;
    this.#entries.set(user, { status, until });
    return true;
  }

  /** Also clears away what has ended, so that the cache is bounded by the users of one lease. */
  async renew(node: string, until: number): Promise<void> {
    const now = this.#clock.now();
    for (const [user, entry] of this.#entries) {
      if (entry.until <= now) this.#entries.delete(user);
      else if (entry.status.node === node) this.#entries.set(user, { ...entry, until });
    }
  }

  async get(users: readonly UserId[]): Promise<ReadonlyMap<UserId, Status>> {
    const found = new Map<UserId, Status>();
    for (const user of users) {
      const entry = this.#live(user);
      if (entry !== undefined) found.set(user, entry.status);
    }
    return found;
  }

  /** Forgets everything, as a cache may at any time. */
  wipe(): void {
    this.#entries.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.wipe();
  }

  #live(user: UserId): Entry | undefined {
    const entry = this.#entries.get(user);
    if (entry === undefined || entry.until > this.#clock.now()) return entry;
    this.#entries.delete(user);
    return undefined;
  }
}

const isNewer = (one: Status, other: Status) =>
  one.sessionStart === other.sessionStart
    ? one.counter > other.counter
    : one.sessionStart > other.sessionStart;
