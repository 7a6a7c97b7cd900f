// The status cache in memory, for tests and for an installation of one node.
import type { Clock } from '@parley/ports/clock';
import type { Status, StatusCache } from '@parley/ports/status-cache';
import type { UserId } from '@parley/protocol/ids';

/** Entries of one node share one: to renew them all is to move its end. */
interface Lease {
  until: number;
}

interface Entry {
  readonly status: Status;
  lease: Lease;
}

export class MemoryStatusCache implements StatusCache {
  readonly #clock: Clock;
  readonly #entries = new Map<UserId, Entry>();
  readonly #leases = new Map<string, Lease>();
  /** Entries that no renewal has seen yet, by node: the next one puts them under the node's lease. */
  readonly #fresh = new Map<string, Map<UserId, Entry>>();
  /** Offline entries end by themselves. In the order in which they were set. */
  readonly #ending = new Map<UserId, Entry>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async set(user: UserId, status: Status, until: number): Promise<boolean> {
    const there = this.#live(user);
    if (there !== undefined && isNewer(there.status, status)) return false;
    this.#delete(user);
    const entry = { status, lease: { until } };
    this.#entries.set(user, entry);
    if (status.state === 'offline') this.#ending.set(user, entry);
    else this.#freshOf(status.node).set(user, entry);
    return true;
  }

  /** Costs what was set since the last time, however many there are. Also clears away what has ended. */
  async renew(node: string, until: number): Promise<void> {
    const now = this.#clock.now();
    const present = this.#leases.get(node);
    const lease: Lease = present !== undefined && present.until > now ? present : { until };
    lease.until = until;
    this.#leases.set(node, lease);
    for (const [user, entry] of this.#freshOf(node)) {
      if (entry.lease.until > now) entry.lease = lease;
      else this.#delete(user);
    }
    this.#fresh.delete(node);
    for (const [user, entry] of this.#ending) {
      if (entry.lease.until > now) break;
      this.#delete(user);
    }
    if (present !== undefined && present !== lease) this.#dropEnded(now);
    for (const [other, { until: end }] of this.#leases) {
      if (end > now) continue;
      this.#leases.delete(other);
      this.#dropEnded(now);
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
    this.#leases.clear();
    this.#fresh.clear();
    this.#ending.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.wipe();
  }

  #freshOf(node: string): Map<UserId, Entry> {
    const present = this.#fresh.get(node) ?? new Map<UserId, Entry>();
    this.#fresh.set(node, present);
    return present;
  }

  #live(user: UserId): Entry | undefined {
    const entry = this.#entries.get(user);
    if (entry === undefined || entry.lease.until > this.#clock.now()) return entry;
    this.#delete(user);
    return undefined;
  }

  #delete(user: UserId): void {
    const entry = this.#entries.get(user);
    if (entry === undefined) return;
    this.#entries.delete(user);
    this.#ending.delete(user);
    this.#fresh.get(entry.status.node)?.delete(user);
  }

  /** A node is gone, or came back after its lease had ended: all that is under that lease goes. */
  #dropEnded(now: number): void {
    for (const [user, entry] of this.#entries) if (entry.lease.until <= now) this.#delete(user);
  }
}

const isNewer = (one: Status, other: Status) =>
  one.sessionStart === other.sessionStart
    ? one.counter > other.counter
    : one.sessionStart > other.sessionStart;
