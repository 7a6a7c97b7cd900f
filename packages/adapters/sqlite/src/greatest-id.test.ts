// Where ids go on after a restart.
import { expect, test } from 'bun:test';
import { Database } from 'bun:sqlite';
import { greatestId, LAST_ROWS_COUNT } from './greatest-id.ts';
import { migrate, MIGRATIONS } from './migrations.ts';

const LARGE = '9223372036854775806';

function opened(): Database {
  const database = new Database(':memory:');
  migrate({ database, migrations: MIGRATIONS, now: 0, newLogId: 'log' });
  return database;
}

function addEntry(database: Database, position: number, messageId: string): void {
  database.run(
    `INSERT INTO entries (position, log, seq, sender, client_msg_id, message_id, at, body)
     VALUES (?, 1, ?, 1, ?, cast(? AS INTEGER), 0, '{}')`,
    [position, position, `m-${position}`, messageId],
  );
}

test('[INV 7] new data has no greatest id', () => {
  expect(greatestId(opened())).toBeUndefined();
});

test('[INV 7] the greatest id is found in every table that keeps one, with all its digits', () => {
  for (const sql of [
    `INSERT INTO users (id, name, created_at) VALUES (${LARGE}, 'ada', 0)`,
    `INSERT INTO devices (id, user, key, name, created_at) VALUES (${LARGE}, 1, 'k', 'n', 0)`,
    `INSERT INTO conversations (id, kind, created_by) VALUES (${LARGE}, 'group', 1)`,
    `INSERT INTO reports (id, reporter, client_msg_id, conversation, at, reason, entries)
     VALUES (${LARGE}, 1, 'r', 1, 0, 'spam', '[]')`,
  ]) {
    const database = opened();
    addEntry(database, 1, '77');
    expect(greatestId(database)).toBe('77');
    database.run(sql);
    expect(greatestId(database)).toBe(LARGE);
  }
});

test('[INV 7] a message id counts wherever it stands among the last rows', () => {
  const database = opened();
  addEntry(database, 1, '99');
  addEntry(database, LAST_ROWS_COUNT, LARGE);
  addEntry(database, 2 * LAST_ROWS_COUNT - 1, '78');
  expect(greatestId(database)).toBe(LARGE);
});
