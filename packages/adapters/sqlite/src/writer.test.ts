import type { Database } from 'bun:sqlite';
import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { openWriter } from './database.ts';
import { migrate, MIGRATIONS } from './migrations.ts';
import { TestFolder } from './test-folder.ts';
import type { WriteRequest } from './write-calls.ts';
import { Writer } from './writer.ts';

function open(folder: TestFolder): Database {
  const database = openWriter(join(folder.directory, 'parley.db'));
  migrate({ database, migrations: MIGRATIONS, now: 0, newLogId: 'x' });
  return database;
}
const count = (database: Database, table: string): unknown =>
  database.query(`SELECT count(*) FROM ${table}`).values()[0]?.[0];
const append = (conversation: string, head: number, id: string, messageId = '7'): WriteRequest => [
  'append',
  conversation,
  't',
  head,
  ['message', messageId, '11', id, 5, '{}'],
];
const claims = (...ids: string[]): WriteRequest[] => ids.map((id) => ['claim', id, 't']);

test('group commit: a batch of a hundred appends and other writes is one transaction', () => {
  using folder = new TestFolder();
  using database = open(folder);
  const writer = new Writer(database);
  const ids = Array.from({ length: 100 }, (_, index) => String(index + 1));
  writer.execute(claims(...ids));
  expect(writer.transactions).toBe(1);
  expect(writer.execute(ids.map((id) => append(id, 0, 'a')))).toBe(100);
  expect(writer.transactions).toBe(2);
  expect(count(database, 'entries')).toBe(100);
});

test('[INV 9] a request that cannot be stored fails alone: the others of its batch are written, once', () => {
  using folder = new TestFolder();
  using database = open(folder);
  const writer = new Writer(database);
  writer.execute(claims('1', '2', '3'));
  const answers = writer.execute([
    append('1', 0, 'a'),
    append('2', 0, 'b', 'no number'),
    ['createToken', { hash: 'h', user: '1', device: '2', createdAt: 1, expiresAt: 2 }],
    ['createToken', { hash: 'h', user: '1', device: '2', createdAt: 1, expiresAt: 2 }],
    append('3', 0, 'c'),
  ]);
  if (typeof answers === 'number') throw new Error('every append was applied?');
  expect(answers.map((answer) => answer.kind)).toEqual(['done', 'failed', 'done', 'failed', 'done']);
  expect(database.query('SELECT id, head FROM logs ORDER BY id').values()).toEqual([
    [1, 1],
    [2, 0],
    [3, 1],
  ]);
  expect(count(database, 'entries')).toBe(2);
  expect(count(database, 'tokens')).toBe(1);
  expect(writer.stopped).toBeUndefined();
  expect(writer.execute([append('2', 0, 'b')])).toBe(1);
});

test('keys made by a transaction that was rolled back are not used afterwards', () => {
  using folder = new TestFolder();
  using database = open(folder);
  const writer = new Writer(database);
  writer.execute([...claims('1'), append('1', 0, 'a'), append('1', 1, 'b', 'no number')]);
  writer.execute([...claims('2'), append('2', 0, 'a')]);
  const joined = database.query(
    'SELECT l.id, s.id FROM entries e JOIN logs l ON l.key = e.log JOIN senders s ON s.key = e.sender ORDER BY 1',
  );
  expect(joined.values()).toEqual([
    [1, 11],
    [2, 11],
  ]);
});

test('a UUID takes 16 bytes, the common kind and `from` take none', () => {
  using folder = new TestFolder();
  using database = open(folder);
  const writer = new Writer(database);
  writer.execute(claims('1'));
  const odd: WriteRequest = ['append', '1', 't', 1, ['group_renamed', '8', '11', 'x-1', 5, '{}']];
  writer.execute([append('1', 0, '0190d6e0-1122-7abc-8def-0123456789af'), odd]);
  expect(
    database
      .query('SELECT typeof(client_msg_id), length(client_msg_id), kind, from_seq FROM entries')
      .values(),
  ).toEqual([
    ['blob', 16, null, null],
    ['text', 3, 'group_renamed', null],
  ]);
});

test('a duplicate in one batch with its first try is refused with the entry that is there', () => {
  using folder = new TestFolder();
  using database = open(folder);
  const writer = new Writer(database);
  writer.execute(claims('1'));
  const answers = writer.execute([append('1', 0, 'a'), append('1', 1, 'a', '8'), append('1', 1, 'b', '9')]);
  expect(answers).toEqual([
    { kind: 'done', value: 0 },
    { kind: 'done', value: expect.objectContaining({ kind: 'duplicate' }) },
    { kind: 'done', value: 0 },
  ]);
  expect(database.query('SELECT seq, client_msg_id FROM entries ORDER BY seq').values()).toEqual([
    [1, 'a'],
    [2, 'b'],
  ]);
});

test('a writer that was stopped writes nothing any more', () => {
  using folder = new TestFolder();
  using database = open(folder);
  const writer = new Writer(database);
  writer.execute(claims('1'));
  writer.stop('broken');
  expect(writer.execute([append('1', 0, 'a')])).toEqual([
    { kind: 'failed', fault: 'unavailable', message: 'broken' },
  ]);
  expect(count(database, 'entries')).toBe(0);
});

test('retention drops a bounded number of rows per request', () => {
  using folder = new TestFolder();
  using database = open(folder);
  const writer = new Writer(database);
  writer.execute(claims('1'));
  for (let head = 0; head < 2_500; head += 250) {
    const fields = Array.from({ length: 250 }, (_, index) => [
      'message',
      '7',
      '11',
      `m${head + index}`,
      5,
      '{}',
    ]);
    writer.execute([['append', '1', 't', head, fields.flat()]]);
  }
  const drop = (): unknown => writer.execute([['drop', '1', 2_400]]);
  const floors = [1, 2, 3].map(() => [drop(), database.query('SELECT floor FROM logs').values()[0]?.[0]]);
  expect(floors).toEqual([
    [[{ kind: 'done', value: true }], 1_000],
    [[{ kind: 'done', value: true }], 2_000],
    [[{ kind: 'done', value: false }], 2_400],
  ]);
  expect(count(database, 'entries')).toBe(100);
});
