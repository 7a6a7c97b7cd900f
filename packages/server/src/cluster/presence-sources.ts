// What each node said of the users whose presence this one owns. Soft state: what is not said again is let go.
import type { UserId } from '@parley/protocol/ids';
import type { Status } from '@parley/ports/status-cache';
import { PRESENCE_KEPT_MS } from './limits.ts';

interface Said<Value> {
  readonly value: Value;
  readonly atMs: number;
}

type ByNode<Value> = Map<UserId, Map<string, Said<Value>>>;

const RANK = { online: 2, away: 1, offline: 0 } as const;

export class PresenceSources {
  readonly #statuses: ByNode<Status> = new Map();
  readonly #lists: ByNode<ReadonlySet<UserId>> = new Map();

  /** An older one of the same node changes nothing. */
  noteStatus(user: UserId, status: Status, nowMs: number): void {
    const nodes = this.#statuses.get(user) ?? new Map<string, Said<Status>>();
    const known = nodes.get(status.node)?.value;
    if (known !== undefined && isOlder(status, known)) return;
    this.#statuses.set(user, nodes.set(status.node, { value: status, atMs: nowMs }));
  }

  /** A user is as present as on the node where the user is most present. Undefined where nobody says anything. */
  statusOf(user: UserId): Status | undefined {
    let best: Status | undefined;
    let lastSeen = 0;
    for (const { value } of this.#statuses.get(user)?.values() ?? []) {
      lastSeen = Math.max(lastSeen, value.lastSeen);
      if (best === undefined || RANK[value.state] > RANK[best.state]) best = value;
    }
    return best && { ...best, lastSeen };
  }

  /** Whom the watcher watched from that node, and does so no more or only now. */
  noteList(node: string, watcher: UserId, users: ReadonlySet<UserId>, nowMs: number): ReadonlySet<UserId> {
    const nodes = this.#lists.get(watcher) ?? new Map<string, Said<ReadonlySet<UserId>>>();
    const before = nodes.get(node)?.value ?? NOBODY;
    if (users.size === 0) nodes.delete(node);
    else nodes.set(node, { value: users, atMs: nowMs });
    if (nodes.size === 0) this.#lists.delete(watcher);
    else this.#lists.set(watcher, nodes);
    return new Set([...before, ...users].filter((user) => before.has(user) !== users.has(user)));
  }

  watches(watcher: UserId, user: UserId): boolean {
    for (const { value } of this.#lists.get(watcher)?.values() ?? []) if (value.has(user)) return true;
    return false;
  }

  /** Lets go what these nodes said, what was not said again for long, and what is of users that others own. */
  forget(parts: {
    readonly isGone: (node: string) => boolean;
    readonly isOwned: (user: UserId) => boolean;
    readonly nowMs: number;
  }): { readonly users: Set<UserId>; readonly pairs: [UserId, UserId][] } {
    const { isGone, isOwned, nowMs } = parts;
    const isOver = (node: string, atMs: number) => isGone(node) || atMs <= nowMs - PRESENCE_KEPT_MS;
    const users = new Set<UserId>();
    for (const [user, nodes] of this.#statuses) {
      for (const [node, { atMs }] of nodes) {
        if (!isOver(node, atMs) && isOwned(user)) continue;
        nodes.delete(node);
        users.add(user);
      }
      if (nodes.size === 0) this.#statuses.delete(user);
    }
    const pairs: [UserId, UserId][] = [];
    for (const [watcher, nodes] of this.#lists) {
      for (const [node, { value, atMs }] of nodes) {
        const left = isOver(node, atMs) ? NOBODY : new Set([...value].filter(isOwned));
        if (left.size === value.size) continue;
        for (const user of this.noteList(node, watcher, left, atMs)) pairs.push([watcher, user]);
      }
    }
    return { users, pairs };
  }
}

const NOBODY: ReadonlySet<UserId> = new Set();

function isOlder(one: Status, other: Status): boolean {
  return one.sessionStart === other.sessionStart
    ? one.counter < other.counter
    : one.sessionStart < other.sessionStart;
}
