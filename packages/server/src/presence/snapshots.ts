// What a session is told of all its user's contacts: after the welcome, and when it fell behind the pushes.
import type { Log } from '@parley/ports/log';
import type { Timers } from '@parley/ports/timers';
import type { LiveSession, LiveSessions } from '../connection/live-sessions.ts';
import { SNAPSHOT_RETRY_MS, SNAPSHOT_ROWS_MAX_COUNT } from './limits.ts';
import type { PresenceView } from './presence-view.ts';
import type { WatchLists } from './watch-lists.ts';

export interface SnapshotsParts {
  readonly lists: WatchLists;
  readonly view: PresenceView;
  readonly sessions: LiveSessions;
  readonly timers: Timers;
  readonly log: Log;
}

export class Snapshots {
  readonly #parts: SnapshotsParts;
  /** Sessions with one under way, and whether another was asked for meanwhile. Others have no place here. */
  readonly #underWay = new Map<LiveSession, 'once' | 'again'>();

  constructor(parts: SnapshotsParts) {
    this.#parts = parts;
  }

  push(session: LiveSession): void {
    if (this.#underWay.has(session)) {
      this.#underWay.set(session, 'again');
      return;
    }
    this.#underWay.set(session, 'once');
    void this.#push(session); // never rejects
  }

  async #push(session: LiveSession): Promise<void> {
    try {
      await this.#pages(session);
    } catch (error) {
      this.#parts.log.warn({ error }, 'a snapshot could not be read; trying again');
      this.#parts.timers.after(SNAPSHOT_RETRY_MS, () => {
        if (this.#isLive(session)) this.push(session);
      });
    }
    const again = this.#underWay.get(session) === 'again';
    this.#underWay.delete(session);
    if (again && this.#isLive(session)) this.push(session);
  }

  async #pages(session: LiveSession): Promise<void> {
    const { lists, view } = this.#parts;
    const { user } = session;
    const contacts = await lists.load(user);
    for (let from = 0; from < contacts.length; from += SNAPSHOT_ROWS_MAX_COUNT) {
      if (!this.#isLive(session)) return;
      const rows = await view.rows(user, contacts.slice(from, from + SNAPSHOT_ROWS_MAX_COUNT));
      session.push(JSON.stringify({ type: 'presence', snapshot: true, rows }));
    }
  }

  #isLive(session: LiveSession): boolean {
    return this.#parts.sessions.holds(session);
  }
}
