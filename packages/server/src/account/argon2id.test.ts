// The real algorithm, with small parameters where the subject allows it.
import { expect, test } from 'bun:test';
import { SeededRandomness } from '@parley/adapter-memory/seeded-randomness';
import { ARGON2ID_ITERATIONS, ARGON2ID_MEMORY_KIB, Argon2id } from './argon2id.ts';

function argon2id(memoryKib: number, iterations: number): Argon2id {
  return new Argon2id({ memoryKib, iterations, randomness: new SeededRandomness(1) });
}

test('a hash is argon2id with 19 MiB, 2 passes and parallelism 1, or stronger', async () => {
  const standard = argon2id(ARGON2ID_MEMORY_KIB, ARGON2ID_ITERATIONS);
  const hash = await standard.hash('correct horse battery');
  expect(hash).toStartWith('$argon2id$v=19$m=19456,t=2,p=1$');
  expect(await standard.verify('correct horse battery', hash)).toBe(true);
  expect(await standard.verify('correct horse batterz', hash)).toBe(false);
  expect(await standard.verify('', hash)).toBe(false);
});

test('the same password never has the same hash twice', async () => {
  const cheap = argon2id(8, 1);
  expect(await cheap.hash('correct horse battery')).not.toBe(await cheap.hash('correct horse battery'));
});

test.each([
  [8, 1, true],
  [16, 1, true],
  [8, 2, true],
  [16, 2, false],
  [32, 3, false],
])(
  'a hash of m=%p, t=%p is outdated where m=16, t=2 is asked for: %p',
  async (memoryKib, iterations, outdated) => {
    expect(argon2id(16, 2).needsRehash(await argon2id(memoryKib, iterations).hash('correct horse'))).toBe(
      outdated,
    );
  },
);

test.each(['', 'plain', '$2b$10$abcdefghijklmnopqrstuv', '$argon2i$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA'])(
  'a hash made in another way is outdated: %p',
  (hash) => {
    expect(argon2id(8, 1).needsRehash(hash)).toBe(true);
  },
);

test('a decoy is a well-formed hash of the standard cost that no password fits', async () => {
  const cheap = argon2id(16, 2);
  const decoy = cheap.decoy();
  expect(cheap.needsRehash(decoy)).toBe(false);
  expect(decoy.length).toBe((await cheap.hash('correct horse')).length);
  expect(await cheap.verify('correct horse', decoy)).toBe(false);
});
