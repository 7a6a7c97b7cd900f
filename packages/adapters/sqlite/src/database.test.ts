import { Database } from 'bun:sqlite';
import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { assertVersion, openReader, openWriter } from './database.ts';
import { TestFolder } from './test-folder.ts';

const setting = (database: Database, name: string): unknown =>
  database.prepare(`PRAGMA ${name}`).values()[0]?.[0];

test('[INV 8] the writer syncs every commit, in WAL mode, and SQLite never checkpoints by itself', () => {
  using folder = new TestFolder();
  using database = openWriter(join(folder.directory, 'a.db'));
  expect(setting(database, 'journal_mode')).toBe('wal');
  expect(setting(database, 'synchronous')).toBe(2);
  expect(setting(database, 'wal_autocheckpoint')).toBe(0);
  expect(setting(database, 'page_size')).toBe(4_096);
});

test('a database with another page size is refused: each setting is read back', () => {
  using folder = new TestFolder();
  const file = join(folder.directory, 'a.db');
  const other = new Database(file);
  other.run('PRAGMA page_size = 8192; CREATE TABLE t (a)');
  other.close(true);
  expect(() => openWriter(file)).toThrow('page_size = 8192');
});

test('a reader cannot write', () => {
  using folder = new TestFolder();
  const file = join(folder.directory, 'a.db');
  using writer = openWriter(file);
  writer.run('CREATE TABLE t (a)');
  using reader = openReader(file);
  expect(() => reader.run('INSERT INTO t VALUES (1)')).toThrow();
  expect(reader.prepare('SELECT count(*) FROM t').values()).toEqual([[0]]);
});

test('a version of SQLite that can corrupt a WAL is refused', () => {
  using database = new Database(':memory:');
  assertVersion(database);
  for (const [version, good] of [
    ['3.51.2', false],
    ['3.50.9', false],
    ['2.99.99', false],
    ['3.51.3', true],
    ['3.52.0', true],
    ['4.0.0', true],
  ] as const) {
    const fake = { prepare: () => ({ values: () => [[version]] }) } as never;
    if (good) assertVersion(fake);
    else expect(() => assertVersion(fake)).toThrow('too old');
  }
});
