import { Database } from 'bun:sqlite';
import { expect, test } from 'bun:test';
import { judge, primaryCode, type Step } from './sqlite-fault.ts';

const STEPS: readonly Step[] = ['begin', 'write', 'commit'];
const [PERM, BUSY, LOCKED, NOMEM, READONLY, IOERR, CORRUPT, FULL, CANTOPEN] = [3, 5, 6, 7, 8, 10, 11, 13, 14];
const [TOOBIG, CONSTRAINT, MISMATCH, RANGE, NOTADB] = [18, 19, 20, 25, 26];

test('a full disk or a lock is a refusal at every step, and the store goes on', () => {
  for (const step of STEPS) {
    expect(judge(FULL, step)).toBe('storage_full');
    expect(judge(BUSY, step)).toBe('unavailable');
    expect(judge(LOCKED, step)).toBe('unavailable');
  }
});

test('[INV 9] whatever else fails at COMMIT is unknown, and nothing is written after it', () => {
  for (const code of [PERM, NOMEM, READONLY, IOERR, CORRUPT, CANTOPEN, CONSTRAINT, NOTADB, 1, undefined]) {
    expect(judge(code, 'commit')).toBe('unknown');
  }
});

test('before COMMIT a disk that fails stops the store, a place that cannot be written now does not', () => {
  for (const code of [IOERR, CORRUPT, NOTADB, 1]) expect(judge(code, 'write')).toBe('stopped');
  for (const code of [PERM, NOMEM, READONLY, CANTOPEN]) expect(judge(code, 'write')).toBe('unavailable');
});

test('a value that the schema refuses is the fault of its request only', () => {
  for (const code of [TOOBIG, CONSTRAINT, MISMATCH, RANGE, undefined]) {
    expect(judge(code, 'write')).toBe('invalid_request');
    expect(judge(code, 'begin')).toBe('stopped');
  }
});

test('an extended result code counts as its primary one', () => {
  using database = new Database(':memory:');
  database.run('CREATE TABLE t (a INTEGER NOT NULL) STRICT');
  const codes = ["INSERT INTO t VALUES ('x')", 'INSERT INTO t VALUES (NULL)', 'no SQL'].map((sql) => {
    try {
      database.run(sql);
    } catch (error) {
      return primaryCode(error);
    }
    return undefined;
  });
  expect(codes).toEqual([CONSTRAINT, CONSTRAINT, 1]);
  expect(primaryCode(new Error('no code'))).toBeUndefined();
});
