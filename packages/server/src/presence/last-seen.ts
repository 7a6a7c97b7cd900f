// When users were last there: noted as they go, stored together, asked for with what still waits.
import type { UserId } from '@parley/protocol/ids';
import type { ContactStore } from '@parley/ports/contact-store';
import type { Log } from '@parley/ports/log';
import type { Timers } from '@parley/ports/timers';
import { LAST_SEEN_FLUSH_MS, LAST_SEEN_PENDING_MAX_COUNT, LAST_SEEN_ROWS_MAX_COUNT } from './limits.ts';

export class LastSeen {
  readonly #contacts: ContactStore;
  readonly #timers: Timers;
  readonly #log: Log;
  readonly #pending = new Map<UserId, number>();
  #flushing: Promise<void> | undefined;
  #isDue = false;

  constructor(parts: { contacts: ContactStore; timers: Timers; log: Log }) {
    this.#contacts = parts.contacts;
    this.#timers = parts.timers;
    this.#log = parts.log;
  }

  note(user: UserId, at: number): void {
    this.#pending.set(user, Math.max(at, this.#pending.get(user) ?? 0));
    if (this.#pending.size > LAST_SEEN_PENDING_MAX_COUNT) {
      const [oldest] = this.#pending.keys();
      if (oldest !== undefined) this.#pending.delete(oldest);
    }
    this.#flushLater();
  }

  async of(users: readonly UserId[]): Promise<ReadonlyMap<UserId, number>> {
    const missing = users.filter((user) => !this.#pending.has(user));
    const found = new Map(missing.length === 0 ? [] : await this.#contacts.lastSeen(missing));
    for (const user of users) {
      const pending = this.#pending.get(user);
      if (pending !== undefined) found.set(user, Math.max(pending, found.get(user) ?? 0));
    }
    return found;
  }

  /** Stores what waits. Never rejects: what the store does not take waits for the next time. */
  async flush(): Promise<void> {
    await this.#flushing;
    this.#flushing = this.#flush();
    await this.#flushing;
    this.#flushing = undefined;
  }

  get pendingCount(): number {
    return this.#pending.size;
  }

  #flushLater(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    this.#timers.after(LAST_SEEN_FLUSH_MS, () => {
      this.#isDue = false;
      void this.flush(); // never rejects
    });
  }

  async #flush(): Promise<void> {
    try {
      const waiting = [...this.#pending];
      for (let from = 0; from < waiting.length; from += LAST_SEEN_ROWS_MAX_COUNT) {
        const rows = waiting.slice(from, from + LAST_SEEN_ROWS_MAX_COUNT);
        await this.#contacts.setLastSeen(rows.map(([user, at]) => ({ user, at })));
        for (const [user, at] of rows) if (this.#pending.get(user) === at) this.#pending.delete(user);
      }
    } catch (error) {
      this.#log.warn({ error }, 'when users were last there could not be stored; trying again');
      this.#flushLater();
    }
  }
}
