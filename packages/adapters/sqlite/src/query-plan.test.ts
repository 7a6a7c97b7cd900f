import { Database } from 'bun:sqlite';
import { expect, spyOn, test } from 'bun:test';
import { migrate, MIGRATIONS } from './migrations.ts';
import { Reader } from './reader.ts';
import { Writer } from './writer.ts';

test('no statement of the stores reads a whole table: each finds its rows by an index', () => {
  using database = new Database(':memory:');
  migrate({ database, migrations: MIGRATIONS, now: 0, newLogId: 'x' });
  const prepare = spyOn(database, 'prepare');
  expect([new Reader(database), new Writer(database)]).toHaveLength(2);
  const statements = prepare.mock.calls.map(([sql]) => sql);
  prepare.mockRestore();
  expect(statements.length).toBeGreaterThan(40);
  const scans = statements.filter((sql) =>
    database
      .query<{ detail: string }, []>(`EXPLAIN QUERY PLAN ${sql}`)
      .all()
      .some(({ detail }) => detail.startsWith('SCAN') && detail !== 'SCAN CONSTANT ROW'),
  );
  expect(scans).toEqual([]);
});

/** The statements that every message, every frame or every sign-in may come by, and how they find their rows. */
const HOT: Readonly<Record<string, string>> = {
  'FROM user_settings WHERE user = ?': 'user_settings USING INTEGER PRIMARY KEY (rowid=?)',
  'FROM contacts WHERE user = ? AND other = ?': 'contacts USING PRIMARY KEY (user=? AND other=?)',
  'FROM blocks WHERE user = ? AND other = ?': 'blocks USING PRIMARY KEY (user=? AND other=?)',
  'FROM last_seen WHERE user = ?': 'last_seen USING INTEGER PRIMARY KEY (rowid=?)',
  'FROM contacts WHERE user = ? AND other > ?': 'contacts USING PRIMARY KEY (user=? AND other>?)',
  'FROM invite_uses WHERE code = ? AND user = ?': 'invite_uses USING PRIMARY KEY (code=? AND user=?)',
  'FROM conversations c INDEXED BY conversations_channels\n': 'c USING INDEX conversations_channels (id>?)',
  'FROM conversations c INDEXED BY conversations_channel_title':
    'c USING INDEX conversations_channel_title (channel_title>? AND channel_title<?)',
  'FROM reports WHERE conversation = ?': 'reports USING INDEX reports_conversation (conversation=? AND id<?)',
};

test('what is asked often is found by a whole key', () => {
  using database = new Database(':memory:');
  migrate({ database, migrations: MIGRATIONS, now: 0, newLogId: 'x' });
  const prepare = spyOn(database, 'prepare');
  expect([new Reader(database), new Writer(database)]).toHaveLength(2);
  const statements = prepare.mock.calls.map(([sql]) => sql);
  prepare.mockRestore();
  for (const [part, plan] of Object.entries(HOT)) {
    const found = statements.filter((sql) => sql.includes(part));
    expect([part, found.length > 0]).toEqual([part, true]);
    for (const sql of found) {
      const [first] = database.query<{ detail: string }, []>(`EXPLAIN QUERY PLAN ${sql}`).all();
      expect(first?.detail).toBe(`SEARCH ${plan}`);
    }
  }
});
