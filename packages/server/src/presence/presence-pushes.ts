// Tells watchers what changed: many changes in one frame, and a popular user's watchers in turns of a bounded number.
import type { UserId } from '@parley/protocol/ids';
import type { PresenceRow } from '@parley/protocol/presence';
import type { Visibility } from '@parley/protocol/settings';
import type { Log } from '@parley/ports/log';
import type { Timer, Timers } from '@parley/ports/timers';
import type { LiveSessions } from '../connection/live-sessions.ts';
import type { LastSeen } from './last-seen.ts';
import { PRESENCE_BATCH_MS, PRESENCE_RETRY_MS, PRESENCE_ROWS_PER_TURN_MAX_COUNT } from './limits.ts';
import type { PresenceShard } from './presence-shard.ts';
import { hiddenRow, rowOf } from './presence-view.ts';
import { isLeftIn, mayBeSeenBy, type Audience, type VisibilityRules } from './visibility.ts';

/** What of a user is to be told. */
interface Due {
  /** How present the user is. */
  state: boolean;
  /** The visibility before it was changed. */
  before: Visibility | undefined;
  /** Watchers whom the user blocked, unblocked, took into the contacts or out of them. */
  pairs: Map<UserId, 'block' | 'contact'> | undefined;
}

export interface PresencePushesParts {
  readonly rules: VisibilityRules;
  readonly lastSeen: LastSeen;
  readonly sessions: LiveSessions;
  readonly shardOf: (user: UserId) => PresenceShard;
  readonly timers: Timers;
  readonly log: Log;
}

export class PresencePushes {
  readonly #parts: PresencePushesParts;
  readonly #due = new Map<UserId, Due>();
  #rows = new Map<UserId, PresenceRow[]>();
  #rowCount = 0;
  #waiting: Timer | undefined;
  #telling = false;
  #stopped = false;

  constructor(parts: PresencePushesParts) {
    this.#parts = parts;
  }

  stateChanged(user: UserId): void {
    const due = this.#dueOf(user);
    if (due !== undefined) due.state = true;
  }

  visibilityChanged(user: UserId, before: Visibility): void {
    const due = this.#dueOf(user);
    if (due !== undefined) due.before ??= before;
  }

  /** One watcher may see more of the user now, or less. */
  pairChanged(user: UserId, watcher: UserId, cause: 'block' | 'contact'): void {
    if (!this.#parts.shardOf(user).watches(watcher, user)) return;
    const due = this.#dueOf(user);
    if (due === undefined) return;
    due.pairs ??= new Map();
    // A block says more than a contact does.
    if (due.pairs.get(watcher) !== 'block') due.pairs.set(watcher, cause);
  }

  stop(): void {
    this.#stopped = true;
    this.#waiting?.cancel();
    this.#due.clear();
  }

  #dueOf(user: UserId): Due | undefined {
    if (this.#stopped || !this.#parts.shardOf(user).isWatched(user)) return undefined;
    const due = this.#due.get(user) ?? { state: false, before: undefined, pairs: undefined };
    this.#due.set(user, due);
    this.#tellLater();
    return due;
  }

  #tellLater(afterMs = PRESENCE_BATCH_MS): void {
    if (this.#telling || this.#stopped) return;
    this.#waiting ??= this.#parts.timers.after(afterMs, () => {
      this.#waiting = undefined;
      void this.#tell(); // never rejects
    });
  }

  /** Never rejects. */
  async #tell(): Promise<void> {
    this.#telling = true;
    let nextMs = PRESENCE_BATCH_MS;
    // What comes up meanwhile waits for the next time, or one who flickers would be told of without end.
    const users = [...this.#due.keys()];
    for (const user of users) {
      const due = this.#due.get(user);
      if (due === undefined) continue;
      this.#due.delete(user);
      try {
        await this.#tellOf(user, due);
      } catch (error) {
        this.#parts.log.warn({ error }, 'who may see a user could not be read; trying again');
        this.#again(user, due);
        nextMs = PRESENCE_RETRY_MS;
        break;
      }
    }
    this.#handOut();
    this.#telling = false;
    if (this.#due.size > 0) this.#tellLater(nextMs);
  }

  async #tellOf(user: UserId, due: Due): Promise<void> {
    const watchers = [...this.#parts.shardOf(user).watchersOf(user)];
    const atOnce = PRESENCE_ROWS_PER_TURN_MAX_COUNT;
    for (let from = 0; from < watchers.length; from += atOnce) {
      await this.#collect(user, due, watchers.slice(from, from + atOnce));
      if (this.#rowCount < atOnce) continue;
      this.#handOut();
      await this.#nextTurn();
    }
  }

  #again(user: UserId, { state, before, pairs }: Due): void {
    const due = this.#dueOf(user);
    if (due === undefined) return;
    due.state ||= state;
    due.before = before ?? due.before;
    due.pairs = pairs === undefined ? due.pairs : new Map([...pairs, ...(due.pairs ?? [])]);
  }

  async #collect(user: UserId, due: Due, watchers: readonly UserId[]): Promise<void> {
    const { rules, lastSeen, shardOf } = this.#parts;
    const audience = await rules.audienceOf(user, watchers, due.before);
    const shard = shardOf(user);
    const times = shard.statusOf(user) === undefined ? await lastSeen.of([user]) : undefined;
    const shown = rowOf(user, shard.statusOf(user), times?.get(user));
    const hidden = hiddenRow(user);
    for (const watcher of watchers) {
      if (!isDue(due, watcher, user, audience)) continue;
      const row = watcher === user || mayBeSeenBy(watcher, audience) ? shown : hidden;
      const rows = this.#rows.get(watcher);
      if (rows === undefined) this.#rows.set(watcher, [row]);
      else rows.push(row);
      this.#rowCount += 1;
    }
  }

  #handOut(): void {
    const all = this.#rows;
    this.#rows = new Map();
    this.#rowCount = 0;
    const encoded = new Map<PresenceRow, string>();
    for (const [watcher, collected] of all) {
      // What may be seen of a user was decided anew since the row was made: unless it shows nothing, it waits for that.
      const rows = collected.filter((each) => showsNothing(each) || !this.#isUndecided(each.user_id));
      const [row] = rows;
      if (row === undefined) continue;
      const known = rows.length === 1 ? encoded.get(row) : undefined;
      const frame = known ?? JSON.stringify({ type: 'presence', rows });
      if (rows.length === 1) encoded.set(row, frame);
      this.#parts.sessions.push([watcher], frame);
    }
  }

  #isUndecided(user: UserId): boolean {
    const due = this.#due.get(user);
    if (due === undefined || (due.before === undefined && due.pairs === undefined)) return false;
    due.state = true;
    return true;
  }

  #nextTurn(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#parts.timers.soon(resolve);
    return promise;
  }
}

/** Whether the watcher is to be told: nobody learns that something changed which was and is hidden. */
function isDue(due: Due, watcher: UserId, user: UserId, audience: Audience): boolean {
  if (watcher === user) return due.state;
  const isSeen = mayBeSeenBy(watcher, audience);
  if (due.state && isSeen) return true;
  const { before } = due;
  if (before !== undefined && mayBeSeenBy(watcher, { ...audience, visibility: before }) !== isSeen)
    return true;
  const wasLeftIn = before !== undefined && isLeftIn(watcher, { ...audience, visibility: before });
  switch (due.pairs?.get(watcher)) {
    case 'block':
      return wasLeftIn || isLeftIn(watcher, audience);
    case 'contact':
      return !audience.blocked.has(watcher) && (audience.visibility === 'contacts' || before === 'contacts');
    case undefined:
      return false;
  }
}

function showsNothing({ state, last_seen }: PresenceRow): boolean {
  return state === 'offline' && last_seen === undefined;
}
