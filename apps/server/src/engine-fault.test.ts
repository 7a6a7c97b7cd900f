// What an operator reads where an engine is away or refuses.
import { expect, test } from 'bun:test';
import { StoreError } from '@parley/ports/store-error';
import { atEngine } from './engine-fault.ts';

const NAME = { setting: 'PARLEY_MESSAGES', shown: 'cassandra://c1:9042/chat' };

const failing = (error: unknown) => atEngine(NAME, () => Promise.reject(error));

test('what goes wrong names the setting and the place; the kind stays', async () => {
  const fault = failing(new StoreError('storage_full', 'no space'));
  await expect(fault).rejects.toBeInstanceOf(StoreError);
  await expect(fault).rejects.toMatchObject({
    kind: 'storage_full',
    message: 'PARLEY_MESSAGES (cassandra://c1:9042/chat): no space',
  });
  await expect(failing(new Error('refused'))).rejects.toMatchObject({ kind: 'unavailable' });
});

test('what each node said is told', async () => {
  const innerErrors = {
    'c1:9042': new Error('password incorrect'),
    'c2:9042': new AggregateError([new Error('refused')], ''),
  };
  const error = Object.assign(new Error('All host(s) tried for query failed.'), { innerErrors });
  await expect(failing(error)).rejects.toThrow(
    'no node of Cassandra can be used: c1:9042: password incorrect; c2:9042: refused',
  );
});

test('a defect stays one', async () => {
  const defect = new TypeError('undefined is not a function');
  await expect(failing(defect)).rejects.toBe(defect);
});
