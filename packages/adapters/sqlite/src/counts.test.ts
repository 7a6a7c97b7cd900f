// The running counts: what they cost, what retention leaves of them, and that older data gets them.
import { Database } from 'bun:sqlite';
import { expect, test } from 'bun:test';
import { migrate, MIGRATIONS } from './migrations.ts';
import type { WriteRequest } from './write-calls.ts';
import { Writer } from './writer.ts';

const SENT = 'SELECT log, sender, block, sent_before FROM sent_counts ORDER BY 1, 2, 3';
const CHANGES = 'SELECT log, seq, changes FROM change_counts ORDER BY 1, 2';
const rowsOf = (database: Database, sql: string): unknown => database.query(sql).values();

function open(): Database {
  const database = new Database(':memory:');
  migrate({ database, migrations: MIGRATIONS, now: 0, newLogId: 'x' });
  return database;
}

let made = 0;
/** Entries by kind and sender, each so many times; the time of each is its seq. */
function append(head: number, runs: readonly (readonly [string, string, number])[], log = '1'): WriteRequest {
  const fields: (string | number)[] = [];
  let seq = head;
  for (const [kind, sender, times] of runs) {
    for (let turn = 0; turn < times; turn += 1) {
      [made, seq] = [made + 1, seq + 1];
      fields.push(kind, String(made), sender, `c-${made}`, seq, '{}');
    }
  }
  return ['append', log, 't', head, fields];
}

function filled(): { database: Database; writer: Writer } {
  const database = open();
  const writer = new Writer(database);
  writer.execute([['claim', '1', 't'], ['claim', '2', 't'], append(0, [['message', '11', 2]], '2')]);
  const first = append(0, [
    ['message', '11', 40],
    ['message', '12', 20],
    ['group_renamed', '11', 1],
    ['message', '11', 79],
  ]);
  expect(
    writer.execute([
      first,
      append(140, [
        ['message', '12', 1],
        ['message_edited', '12', 2],
      ]),
    ]),
  ).toBe(2);
  return { database, writer };
}

test('a message adds no row to the counts but the first of its sender in a block of 64 seqs; a change adds one', () => {
  const { database } = filled();
  using _ = database;
  expect(rowsOf(database, SENT)).toEqual([
    [1, 1, 0, 0],
    [1, 1, 1, 42],
    [1, 1, 2, 106],
    [1, 2, 0, 0],
    [1, 2, 2, 20],
    [2, 1, 0, 0],
  ]);
  expect(rowsOf(database, CHANGES)).toEqual([
    [1, 61, 1],
    [1, 142, 2],
    [1, 143, 3],
  ]);
});

test('an append that was refused counts nothing', () => {
  const { database, writer } = filled();
  using _ = database;
  const before = [rowsOf(database, SENT), rowsOf(database, CHANGES)];
  expect(writer.execute([append(3, [['message', '11', 1]])])).toMatchObject([{ value: { kind: 'fenced' } }]);
  const [, , , , fields] = append(143, [
    ['message', '11', 1],
    ['group_renamed', '11', 1],
  ]);
  const sql = 'SELECT client_msg_id FROM entries WHERE log = 1 AND seq = 1';
  const first = database.query<{ client_msg_id: string }, []>(sql).get()?.client_msg_id ?? '';
  const again = [...(fields as string[]), 'message', '9', '11', first, 1, '{}'];
  expect(writer.execute([['append', '1', 't', 143, again]])).toMatchObject([
    { value: { kind: 'duplicate' } },
  ]);
  expect([rowsOf(database, SENT), rowsOf(database, CHANGES)]).toEqual(before);
});

test('retention leaves of each sender the blocks with a kept message, and the number of changes that are gone', () => {
  const { database, writer } = filled();
  using _ = database;
  writer.execute([['drop', '1', 59]]);
  expect(rowsOf(database, SENT)).toHaveLength(6);
  // 60 was the last message of its sender in the first block, 61 a change.
  writer.execute([['drop', '1', 61]]);
  const kept = [
    [1, 1, 0, 0],
    [1, 1, 1, 42],
    [1, 1, 2, 106],
    [1, 2, 2, 20],
    [2, 1, 0, 0],
  ];
  expect(rowsOf(database, SENT)).toEqual(kept);
  writer.execute([['drop', '1', 127]]);
  expect(rowsOf(database, SENT)).toEqual(kept.slice(2));
  writer.execute([['drop', '1', 140]]);
  expect(rowsOf(database, SENT)).toEqual(kept.slice(3));
  expect(rowsOf(database, CHANGES)).toEqual([
    [1, 142, 2],
    [1, 143, 3],
  ]);
  expect(rowsOf(database, 'SELECT floor, floor_changes FROM logs ORDER BY key')).toEqual([
    [140, 1],
    [0, 0],
  ]);
  // What was remembered of a sender's blocks is looked up again.
  writer.execute([['drop', '1', 143]]);
  expect(writer.execute([append(143, [['message', '12', 1]])])).toBe(1);
  expect(rowsOf(database, SENT)).toEqual([
    [1, 2, 2, 0],
    [2, 1, 0, 0],
  ]);
});

test('a block that a transaction began and rolled back is begun again', () => {
  const { database, writer } = filled();
  using _ = database;
  const first = append(143, [
    ['group_renamed', '11', 48],
    ['message', '11', 1],
  ]);
  const broken: WriteRequest = ['append', '1', 't', 192, ['message', 'no number', '11', 'x', 5, '{}']];
  const answers = writer.execute([first, broken, append(192, [['message', '11', 1]])]);
  expect(answers).toMatchObject([{ kind: 'done' }, { kind: 'failed' }, { kind: 'done' }]);
  expect(rowsOf(database, 'SELECT block, sent_before FROM sent_counts WHERE log = 1 AND sender = 1')).toEqual(
    [
      [0, 0],
      [1, 42],
      [2, 106],
      [3, 119],
    ],
  );
});

test('older data gets the same counts from its entries as an append would have kept', () => {
  const { database } = filled();
  using _ = database;
  using older = new Database(':memory:');
  migrate({ database: older, migrations: MIGRATIONS.slice(0, 4), now: 0, newLogId: 'x' });
  for (const table of ['logs', 'senders', 'entries']) {
    const columns = older
      .query<{ name: string }, []>(`PRAGMA table_info(${table})`)
      .all()
      .map(({ name }) => name);
    for (const row of database.query(`SELECT ${columns.join(', ')} FROM ${table}`).values()) {
      const marks = columns.map(() => '?').join(', ');
      older.prepare(`INSERT INTO ${table} VALUES (${marks})`).run(...(row as (string | number | null)[]));
    }
  }
  migrate({ database: older, migrations: MIGRATIONS, now: 1, newLogId: 'x' });
  for (const sql of [SENT, CHANGES]) expect(rowsOf(older, sql)).toEqual(rowsOf(database, sql));
  expect(rowsOf(older, 'SELECT DISTINCT floor_changes FROM logs')).toEqual([[0]]);
});
