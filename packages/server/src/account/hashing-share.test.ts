// One address's share of the hashing pool.
import { expect, test } from 'bun:test';
import { HASHES_PER_ADDRESS_MAX_COUNT, HashingShare } from './hashing-share.ts';

test('one address has its share at once and no more; others have theirs; what ends makes place', async () => {
  const share = new HashingShare();
  const held = Promise.withResolvers<string>();
  const running = Array.from({ length: HASHES_PER_ADDRESS_MAX_COUNT }, () =>
    share.run('192.0.2.1', () => held.promise),
  );
  expect(await share.run('192.0.2.1', () => Promise.resolve('late'))).toBeUndefined();
  expect(await share.run('192.0.2.2', () => Promise.resolve('other'))).toBe('other');
  held.resolve('done');
  expect(new Set(await Promise.all(running))).toEqual(new Set(['done']));
  expect(await share.run('192.0.2.1', () => Promise.resolve('next'))).toBe('next');
  expect(share.size).toBe(0);
});

test('work that fails gives its place back', async () => {
  const share = new HashingShare();
  for (let count = 0; count <= HASHES_PER_ADDRESS_MAX_COUNT; count += 1) {
    const failed = share.run('192.0.2.1', () => Promise.reject(new Error('disk')));
    expect(await failed.catch((error: Error) => error.message)).toBe('disk');
  }
  expect(share.size).toBe(0);
});
