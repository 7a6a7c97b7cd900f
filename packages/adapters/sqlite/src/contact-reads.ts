// Reads of settings, contacts, blocks and last-seen times, each inside the reader's transaction.
import type { Database, Statement } from 'bun:sqlite';
import { DEFAULT_SETTINGS, type Settings } from '@parley/ports/contact-store';
import type { Visibility } from '@parley/protocol/settings';
import type { ReadCalls } from './read-calls.ts';

type ContactCall =
  | 'settings'
  | 'contacts'
  | 'watchersAmong'
  | 'contactsAmong'
  | 'blocked'
  | 'blockersAmong'
  | 'lastSeen';
type Binding = string | number;

function prepareStatements(database: Database) {
  const prepare = (sql: string): Statement<never, Binding[]> => database.prepare<never, Binding[]>(sql);
  const page = (table: string) =>
    `SELECT cast(other AS TEXT) FROM ${table} WHERE user = ? AND other > ? ORDER BY other LIMIT ?`;
  return {
    settings: prepare('SELECT read_receipts, visibility FROM user_settings WHERE user = ?'),
    contacts: prepare(page('contacts')),
    watches: prepare('SELECT 1 FROM contacts WHERE user = ? AND other = ?'),
    blocked: prepare(page('blocks')),
    blocks: prepare('SELECT 1 FROM blocks WHERE user = ? AND other = ?'),
    lastSeen: prepare('SELECT at FROM last_seen WHERE user = ?'),
  };
}

export class ContactReads implements Pick<ReadCalls, ContactCall> {
  readonly #statements: ReturnType<typeof prepareStatements>;

  constructor(database: Database) {
    this.#statements = prepareStatements(database);
  }

  settings(users: readonly string[]): readonly Settings[] {
    return users.map((user) => {
      const [row] = this.#statements.settings.values(user);
      if (row === undefined) return DEFAULT_SETTINGS;
      return { readReceipts: row[0] === 1, visibility: String(row[1]) as Visibility };
    });
  }

  contacts(user: string, after: string, limit: number): readonly string[] {
    return this.#statements.contacts.values(user, after, limit).map(([id]) => String(id));
  }

  watchersAmong(user: string, others: readonly string[]): readonly string[] {
    return others.filter((other) => this.#statements.watches.values(other, user).length > 0);
  }

  contactsAmong(user: string, others: readonly string[]): readonly string[] {
    return others.filter((other) => this.#statements.watches.values(user, other).length > 0);
  }

  blocked(user: string, after: string, limit: number): readonly string[] {
    return this.#statements.blocked.values(user, after, limit).map(([id]) => String(id));
  }

  blockersAmong(user: string, others: readonly string[]): readonly string[] {
    return others.filter((other) => this.#statements.blocks.values(other, user).length > 0);
  }

  lastSeen(users: readonly string[]): readonly (readonly [string, number])[] {
    const found: [string, number][] = [];
    for (const user of users) {
      const at = this.#statements.lastSeen.values(user)[0]?.[0];
      if (typeof at === 'number') found.push([user, at]);
    }
    return found;
  }
}
