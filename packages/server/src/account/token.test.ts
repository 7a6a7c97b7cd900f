// Tokens: their form, and what is kept of them.
import { expect, test } from 'bun:test';
import { SeededRandomness } from '@parley/adapter-memory/seeded-randomness';
import { hashToken, isParleyToken, newToken } from './token.ts';

test('a token is plt_ and 32 random bytes as base64url', () => {
  const asked: number[] = [];
  const randomness = {
    bytes: (count: number) => (asked.push(count), new Uint8Array(count).fill(255)),
    fraction: () => 0,
  };
  expect(newToken(randomness)).toBe(`plt_${'_'.repeat(42)}8`);
  expect(asked).toEqual([32]);
});

test('no two tokens are the same', () => {
  const randomness = new SeededRandomness(1);
  expect(newToken(randomness)).not.toBe(newToken(randomness));
});

test('what is kept is the SHA-256 of the whole token, as hex', () => {
  const token = `plt_${'A'.repeat(43)}`;
  expect(hashToken(token)).toBe('7b6ad6bbf005f41f548c25631c08350c59e3bb759b99b78e5cb150ad55c98cee');
});

test.each([
  '',
  'plt_',
  `plt_${'A'.repeat(42)}`,
  `plt_${'A'.repeat(44)}`,
  `PLT_${'A'.repeat(43)}`,
  `plt_${'A'.repeat(42)}=`,
  `plt_${'A'.repeat(43)}\n`,
])('what no token looks like has no hash: %p', (text) => {
  expect(hashToken(text)).toBeUndefined();
});

test('a JWT is not one of ours', () => {
  expect(isParleyToken('eyJhbGciOiJIUzI1NiJ9.e30.sig')).toBe(false);
  expect(isParleyToken('plt_anything')).toBe(true);
});
