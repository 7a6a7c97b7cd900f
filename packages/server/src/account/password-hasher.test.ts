// The pool: how many at once, how many wait, and what the next one is told.
import { expect, test } from 'bun:test';
import { CheapAlgorithm, settle } from './account-fixture.ts';
import { HASHES_BUSY_RETRY_MS, PasswordHasher } from './password-hasher.ts';

function pool(): { algorithm: CheapAlgorithm; hasher: PasswordHasher } {
  const algorithm = new CheapAlgorithm();
  return { algorithm, hasher: new PasswordHasher({ algorithm, runningMaxCount: 2, waitingMaxCount: 3 }) };
}

test('at most runningMaxCount hash at once, waitingMaxCount wait, one more is busy with a time', async () => {
  const { algorithm, hasher } = pool();
  algorithm.hold = true;
  const inside = [1, 2, 3, 4, 5].map((count) => hasher.hash(`password ${count}`));
  await settle();
  expect(algorithm.running).toBe(2);
  expect(await hasher.hash('one too many')).toEqual({ kind: 'busy', retryAfterMs: HASHES_BUSY_RETRY_MS });
  expect(await hasher.verify('one too many', 'cheap$1$x')).toMatchObject({ kind: 'busy' });
  for (let count = 0; count < 5; count += 1) {
    algorithm.release();
    await settle();
  }
  const outcomes = await Promise.all(inside);
  expect(outcomes.map((outcome) => outcome.kind)).toEqual(Array(5).fill('hashed'));
  expect(algorithm.runningAtMost).toBe(2);
});

test('after everyone is through there is place again, also when a hash failed', async () => {
  const { algorithm, hasher } = pool();
  algorithm.hash = () => Promise.reject(new Error('no memory'));
  for (let count = 0; count < 10; count += 1) {
    // Before each expect the next in line must have been let in, or one of these would wait for ever.
    await Promise.all([1, 2, 3].map(() => expect(hasher.hash('password')).rejects.toThrow('no memory')));
  }
  expect(await hasher.verify('password', 'cheap$1$password')).toMatchObject({
    kind: 'verified',
    matches: true,
  });
});

test('without a hash the work is done and the answer is no, even for the decoy’s own password', async () => {
  const { algorithm, hasher } = pool();
  expect(await hasher.verify('decoy', undefined)).toEqual({
    kind: 'verified',
    matches: false,
    outdated: false,
  });
  expect(algorithm.verified).toBe(1);
});

test('a right password with an old hash is outdated, a wrong one is not', async () => {
  const { algorithm, hasher } = pool();
  algorithm.version = 2;
  expect(await hasher.verify('password', 'cheap$1$password')).toMatchObject({
    matches: true,
    outdated: true,
  });
  expect(await hasher.verify('passwort', 'cheap$1$password')).toMatchObject({
    matches: false,
    outdated: false,
  });
  expect(await hasher.verify('password', 'cheap$2$password')).toMatchObject({
    matches: true,
    outdated: false,
  });
});

test('one password, however its characters were composed', async () => {
  const { hasher } = pool();
  const composed = await hasher.hash('café au lait');
  if (composed.kind !== 'hashed') throw new Error('expected a hash');
  expect(await hasher.verify('cafe\u0301 au lait', composed.hash)).toMatchObject({ matches: true });
});
