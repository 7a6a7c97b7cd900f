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
