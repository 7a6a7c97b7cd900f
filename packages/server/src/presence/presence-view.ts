// How present users are to one who asks: what is known of them, less what is not the asker's to see.
import type { UserId } from '@parley/protocol/ids';
import type { PresenceRow } from '@parley/protocol/presence';
import type { Status, StatusCache } from '@parley/ports/status-cache';
import { VISIBILITY_TRIES_MAX_COUNT } from './limits.ts';
import type { LastSeen } from './last-seen.ts';
import type { PresenceShard } from './presence-shard.ts';
import type { VisibilityRules } from './visibility.ts';

export interface PresenceViewParts {
  readonly node: string;
  readonly rules: VisibilityRules;
  readonly lastSeen: LastSeen;
  readonly status: StatusCache | undefined;
  readonly shardOf: (user: UserId) => PresenceShard;
  /** Whether the user has sessions on this node. */
  readonly isHere: (user: UserId) => boolean;
}

export class PresenceView {
  readonly #parts: PresenceViewParts;

  constructor(parts: PresenceViewParts) {
    this.#parts = parts;
  }

  /** A row for each of the users, in their order. */
  async rows(watcher: UserId, users: readonly UserId[]): Promise<PresenceRow[]> {
    const { rules, lastSeen } = this.#parts;
    for (let attempt = 1; ; attempt += 1) {
      const { version } = rules;
      const seen = await rules.seenBy(watcher, users);
      const absent = users.filter((user) => seen.has(user) && !this.#isHere(user));
      const [elsewhere, times] = await Promise.all([this.#elsewhere(absent), lastSeen.of(absent)]);
      // What was changed meanwhile is looked up again, or a late snapshot would undo what was pushed since.
      if (version !== rules.version && attempt < VISIBILITY_TRIES_MAX_COUNT) continue;
      return users.map((user) => {
        if (!seen.has(user)) return hiddenRow(user);
        const status = this.#parts.shardOf(user).statusOf(user);
        const known = status === undefined || status.state === 'offline' ? elsewhere.get(user) : status;
        return rowOf(user, known ?? status, times.get(user));
      });
    }
  }

  #isHere(user: UserId): boolean {
    return this.#parts.shardOf(user).isPresent(user);
  }

  /** Users who are said to be present, by another node or while they are on this one. */
  async #elsewhere(users: readonly UserId[]): Promise<ReadonlyMap<UserId, Status>> {
    const { status, node, isHere } = this.#parts;
    if (status === undefined || users.length === 0) return new Map();
    // A cache that cannot be reached knows nothing: its users are shown as they were last seen.
    const found = await status.get(users).catch(() => new Map<UserId, Status>());
    return new Map(
      [...found].filter(([user, each]) => each.state !== 'offline' && (each.node !== node || isHere(user))),
    );
  }
}

/** What those see who may not see more. */
export function hiddenRow(user: UserId): PresenceRow {
  return { user_id: user, state: 'offline' };
}

export function rowOf(user: UserId, status: Status | undefined, lastSeen: number | undefined): PresenceRow {
  if (status !== undefined && status.state !== 'offline') return { user_id: user, state: status.state };
  const at = Math.max(status?.lastSeen ?? 0, lastSeen ?? 0);
  return { user_id: user, state: 'offline', ...(at === 0 ? {} : { last_seen: at }) };
}
