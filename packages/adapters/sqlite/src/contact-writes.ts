// Settings, contacts, blocks and last-seen times, each inside the transaction of a batch.
import type { Database, Statement } from 'bun:sqlite';
import type { Settings } from '@parley/ports/contact-store';
import type { WriteCalls } from './write-calls.ts';

type ContactCall = 'setSettings' | 'watch' | 'unwatch' | 'block' | 'unblock' | 'setLastSeen';
type Binding = string | number;

function prepareStatements(database: Database) {
  const prepare = (sql: string): Statement<never, Binding[]> => database.prepare<never, Binding[]>(sql);
  const relation = (table: string) => ({
    has: prepare(`SELECT 1 FROM ${table} WHERE user = ? AND other = ?`),
    count: prepare(`SELECT count(*) FROM ${table} WHERE user = ?`),
    insert: prepare(`INSERT INTO ${table} (user, other) VALUES (?, ?) ON CONFLICT DO NOTHING`),
    remove: prepare(`DELETE FROM ${table} WHERE user = ? AND other = ?`),
  });
  return {
    setSettings: prepare(
      `INSERT INTO user_settings (user, read_receipts, visibility) VALUES (?, ?, ?)
       ON CONFLICT DO UPDATE SET read_receipts = excluded.read_receipts, visibility = excluded.visibility`,
    ),
    contacts: relation('contacts'),
    blocks: relation('blocks'),
    setLastSeen: prepare(
      `INSERT INTO last_seen (user, at) VALUES (?, ?)
       ON CONFLICT DO UPDATE SET at = excluded.at WHERE excluded.at > at`,
    ),
  };
}

type Statements = ReturnType<typeof prepareStatements>;

export class ContactWrites implements Pick<WriteCalls, ContactCall> {
  readonly #statements: Statements;

  constructor(database: Database) {
    this.#statements = prepareStatements(database);
  }

  setSettings(user: string, { readReceipts, visibility }: Settings): void {
    this.#statements.setSettings.run(user, Number(readReceipts), visibility);
  }

  watch(user: string, others: readonly string[], max: number): boolean {
    return add(this.#statements.contacts, user, others, max);
  }

  unwatch(user: string, others: readonly string[]): void {
    for (const other of others) this.#statements.contacts.remove.run(user, other);
  }

  block(user: string, other: string, max: number): boolean {
    return add(this.#statements.blocks, user, [other], max);
  }

  unblock(user: string, other: string): void {
    this.#statements.blocks.remove.run(user, other);
  }

  setLastSeen(rows: readonly (string | number)[]): void {
    for (let index = 0; index < rows.length; index += 2) {
      this.#statements.setLastSeen.run(rows[index] as string, rows[index + 1] as number);
    }
  }
}

/** All of them or none. Those that are there already never are too many. */
function add(
  { has, count, insert }: Statements['contacts'],
  user: string,
  others: readonly string[],
  max: number,
): boolean {
  const fresh = [...new Set(others)].filter((other) => has.values(user, other).length === 0);
  if (fresh.length === 0) return true;
  const there = Number(count.values(user)[0]?.[0] ?? 0);
  if (there + fresh.length > max) return false;
  for (const other of fresh) insert.run(user, other);
  return true;
}
