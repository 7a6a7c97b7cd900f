// Parley's own bearer tokens: random, handed out once, kept only as a hash.
import type { Randomness } from '@parley/ports/randomness';

export const TOKEN_PREFIX = 'plt_';
/** 256 bits: nobody guesses one, so a plain SHA-256 is enough to store it by. */
const TOKEN_BYTES = 32;
/** How long a token signs its device in, unless the operator says otherwise. */
export const TOKEN_LIFETIME_MS = 90 * 24 * 3_600_000;

const FORM = /^plt_[A-Za-z0-9_-]{43}$/;

export function newToken(randomness: Randomness): string {
  return TOKEN_PREFIX + Buffer.from(randomness.bytes(TOKEN_BYTES)).toString('base64url');
}

/** It claims to be one of ours (and not a JWT); only a look-up by hash tells whether it is. */
export function isParleyToken(token: string): boolean {
  return token.startsWith(TOKEN_PREFIX);
}

/**
 * SHA-256 as 64 hex digits; undefined for what no token of ours looks like. Finding a token by its hash leaks
 * nothing by timing: who does not know the token cannot steer its hash.
 */
export function hashToken(token: string): string | undefined {
  return FORM.test(token) ? new Bun.CryptoHasher('sha256').update(token).digest('hex') : undefined;
}
