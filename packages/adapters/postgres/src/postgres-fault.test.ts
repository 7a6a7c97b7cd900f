// What errors mean, as the table in postgres-fault.ts says.
import { expect, test } from 'bun:test';
import { StoreError } from '@parley/ports/store-error';
import { DatabaseError } from 'pg';
import { asDriverFault, ConnectionLost, faultOf, isConflict, type Progress } from './postgres-fault.ts';

function answer(code: string, severity = 'ERROR'): DatabaseError {
  const error = new DatabaseError('words', 5, 'error');
  error.code = code;
  error.severity = severity;
  return error;
}

function kindOf(error: unknown, progress: Progress): string {
  const fault = faultOf(asDriverFault(error), progress);
  return fault instanceof StoreError ? fault.kind : 'as it came';
}

test('a connection that is lost, and a session that the server ends, leave a commit under way unknown', () => {
  for (const error of [new Error('read ECONNRESET'), answer('57P01', 'FATAL'), answer('XX000', 'PANIC')]) {
    expect(asDriverFault(error)).toBeInstanceOf(ConnectionLost);
    expect(kindOf(error, 'not_sent')).toBe('unavailable');
    expect(kindOf(error, 'cannot_commit')).toBe('unavailable');
    expect(kindOf(error, 'may_commit')).toBe('outcome_unknown');
  }
});

test('an ERROR wrote nothing, and its code says whether it is no space, a bad moment or a bug', () => {
  const expected: Readonly<Record<string, string>> = {
    53100: 'storage_full',
    53200: 'unavailable',
    53300: 'unavailable',
    57014: 'unavailable',
    58030: 'unavailable',
    40001: 'unavailable',
    '40P01': 'unavailable',
    25006: 'unavailable',
    '55P03': 'unavailable',
    22021: 'as it came',
    23505: 'as it came',
    42601: 'as it came',
    P0001: 'as it came',
  };
  for (const [code, kind] of Object.entries(expected)) {
    expect([code, kindOf(answer(code), 'may_commit')]).toEqual([code, kind]);
    expect([code, kindOf(answer(code), 'cannot_commit')]).toEqual([code, kind]);
  }
});

test('only what the server rolled back for the sake of others is a conflict', () => {
  expect(['40001', '40P01', '57014', '23505'].map((code) => isConflict(answer(code)))).toEqual([
    true,
    true,
    false,
    false,
  ]);
  expect(isConflict(new Error('40001'))).toBe(false);
});

test('an error that is not of the driver stays what it is', () => {
  const [bug, told] = [new Error('a bug'), new StoreError('storage_full', 'no space')];
  expect(faultOf(bug, 'may_commit')).toBe(bug);
  expect(faultOf(told, 'may_commit')).toBe(told);
});
