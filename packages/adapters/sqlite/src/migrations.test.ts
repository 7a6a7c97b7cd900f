import { Database } from 'bun:sqlite';
import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { StoreError } from '@parley/ports/store-error';
import type { ConversationId } from '@parley/protocol/ids';
import { NO_SETTINGS } from '@parley/protocol/role';
import { migrate, MIGRATIONS } from './migrations.ts';
import { openStores, TestFolder } from './test-folder.ts';

const NEXT = {
  version: MIGRATIONS.length + 1,
  name: 'next',
  sql: 'CREATE TABLE next (a); INSERT INTO next VALUES (1)',
};
const options = { migrations: MIGRATIONS, now: 5, newLogId: 'one' };
const tables = (database: Database): string[] =>
  database
    .query<{ name: string }, []>("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
    .all()
    .map((row) => row.name);

test('a new database gets every step once, and keeps its log id', () => {
  using database = new Database(':memory:');
  expect(migrate({ database, ...options })).toBe('one');
  const before = tables(database);
  expect(migrate({ database, ...options, newLogId: 'two' })).toBe('one');
  expect(tables(database)).toEqual(before);
  expect(database.query('SELECT version, applied_at FROM migrations').values()).toEqual([
    [1, 5],
    [2, 5],
    [3, 5],
    [4, 5],
    [5, 5],
    [6, 5],
    [7, 5],
  ]);
});

test('an older database gets what is new, and its data stays', () => {
  using database = new Database(':memory:');
  migrate({ database, ...options, migrations: MIGRATIONS.slice(0, 1) });
  database.run("INSERT INTO logs VALUES (1, 1, 't', 7, 0, NULL)");
  migrate({ database, ...options, migrations: [...MIGRATIONS, NEXT] });
  expect(tables(database)).toContain('next');
  expect(tables(database)).toContain('memberships');
  expect(database.query('SELECT head FROM logs').values()).toEqual([[7]]);
});

test('[GROUP-7] groups and members from before settings and bans have none, and can be given some', async () => {
  using folder = new TestFolder();
  {
    using database = new Database(join(folder.directory, 'parley.db'), { create: true });
    migrate({ database, ...options, migrations: MIGRATIONS.slice(0, 4) });
    database.run(
      `INSERT INTO conversations (id, kind, created_by, client_msg_id, title, history) VALUES (5, 'group', 1, 'c', 'Éa', 'all');
       INSERT INTO memberships VALUES (1, 5, 'owner', 1, 0, NULL, 1), (2, 5, 'member', 1, 0, NULL, 1), (3, 5, 'member', 1, 0, 2, 2)`,
    );
  }
  await using stores = await openStores(folder.directory);
  const { members } = stores;
  const id = '5' as ConversationId;
  const [row] = (await members.members(id)).rows;
  expect(row).toMatchObject({ role: 'owner', leftSeq: undefined });
  expect(row).not.toHaveProperty('banned');
  expect(await members.countMembers(id)).toBe(2);
  expect(await members.conversation(id)).not.toHaveProperty('settings');
  expect(await members.channels('', undefined, 10)).toEqual([]);
  const settings = { ...NO_SETTINGS, public: true };
  await members.apply(id, [{ seq: 2, title: undefined, settings, memberships: [] }]);
  expect(await members.channels('éA', undefined, 10)).toMatchObject([
    { conversation: { id, settings }, members: 2 },
  ]);
});

test('a step that fails leaves the database as it was', () => {
  using database = new Database(':memory:');
  migrate({ database, ...options });
  const before = tables(database);
  const broken = { ...NEXT, sql: 'CREATE TABLE next (a); INSERT INTO nowhere VALUES (1)' };
  expect(() => migrate({ database, ...options, migrations: [...MIGRATIONS, broken] })).toThrow('nowhere');
  expect(tables(database)).toEqual(before);
});

test('data of a newer version, and a schema that is not ours, are refused with the reason', async () => {
  using folder = new TestFolder();
  await (await openStores(folder.directory))[Symbol.asyncDispose]();
  const database = new Database(join(folder.directory, 'parley.db'));
  database.run(`INSERT INTO migrations VALUES (${NEXT.version}, 'from-the-future', 0)`);
  const refused = await openStores(folder.directory).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(StoreError);
  expect(String(refused)).toContain('newer version of Parley');
  database.run(
    `DELETE FROM migrations WHERE version = ${NEXT.version}; UPDATE migrations SET name = 'other' WHERE version = 2`,
  );
  expect(String(await openStores(folder.directory).catch((error: unknown) => error))).toContain(
    'does not know',
  );
  database.run("UPDATE migrations SET name = 'members' WHERE version = 2");
  database.close(true);
  await (await openStores(folder.directory))[Symbol.asyncDispose]();
});
