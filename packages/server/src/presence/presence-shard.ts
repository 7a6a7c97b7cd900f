// A share of all users: how present each is, transitions in their order, and who watches whom.
import type { UserId } from '@parley/protocol/ids';
import type { Status } from '@parley/ports/status-cache';
import { OFFLINE_KEPT_MS } from './limits.ts';

export class PresenceShard {
  /** Users who are online or away. */
  readonly #present = new Map<UserId, Status>();
  /** Those who went offline lately, in that order, with when that was. */
  readonly #offline = new Map<UserId, { readonly status: Status; readonly sinceMs: number }>();
  /** Most users have few watchers: a lone one is kept without a set around it. */
  readonly #watchers = new Map<UserId, UserId | Set<UserId>>();

  /** False when a newer transition of this user is known: it changes nothing then. */
  apply(user: UserId, status: Status, nowMs: number): boolean {
    this.#forgetOffline(nowMs);
    const known = this.statusOf(user);
    if (known !== undefined && !isNewer(status, known)) return false;
    this.#offline.delete(user);
    if (status.state === 'offline') {
      this.#present.delete(user);
      this.#offline.set(user, { status, sinceMs: nowMs });
    } else {
      this.#present.set(user, status);
    }
    return true;
  }

  /** The user is another share's: nothing is known here any more. */
  drop(user: UserId): void {
    this.#present.delete(user);
    this.#offline.delete(user);
  }

  /** Undefined for one who was offline for long. */
  statusOf(user: UserId): Status | undefined {
    return this.#present.get(user) ?? this.#offline.get(user)?.status;
  }

  isPresent(user: UserId): boolean {
    return this.#present.has(user);
  }

  watch(watcher: UserId, user: UserId): void {
    const present = this.#watchers.get(user);
    if (present === undefined) this.#watchers.set(user, watcher);
    else if (typeof present === 'object') present.add(watcher);
    else if (present !== watcher) this.#watchers.set(user, new Set([present, watcher]));
  }

  unwatch(watcher: UserId, user: UserId): void {
    const present = this.#watchers.get(user);
    if (present === watcher) this.#watchers.delete(user);
    else if (typeof present === 'object') {
      present.delete(watcher);
      if (present.size === 0) this.#watchers.delete(user);
    }
  }

  isWatched(user: UserId): boolean {
    return this.#watchers.has(user);
  }

  watches(watcher: UserId, user: UserId): boolean {
    const present = this.#watchers.get(user);
    return typeof present === 'object' ? present.has(watcher) : present === watcher;
  }

  /** Those of them who are connected. */
  watchersOf(user: UserId): Iterable<UserId> {
    const present = this.#watchers.get(user);
    if (present === undefined) return [];
    return typeof present === 'object' ? present : [present];
  }

  /** What it holds: present users, watched users. */
  get size(): { readonly present: number; readonly watched: number } {
    return { present: this.#present.size, watched: this.#watchers.size };
  }

  #forgetOffline(nowMs: number): void {
    for (const [user, { sinceMs }] of this.#offline) {
      if (sinceMs > nowMs - OFFLINE_KEPT_MS) return;
      this.#offline.delete(user);
    }
  }
}

/** By when the session began, then by the counter: an old offline never beats a newer online. */
function isNewer(one: Status, other: Status): boolean {
  return one.sessionStart === other.sessionStart
    ? one.counter > other.counter
    : one.sessionStart > other.sessionStart;
}
