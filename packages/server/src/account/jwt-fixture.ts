// Signs JWTs for tests as an app's back end would, and badly where a test asks for it.
import { exportJWK, generateKeyPair, SignJWT, type JWK } from 'jose';
import type { Clock } from '@parley/ports/clock';
import type { JwksAlgorithm } from './jwt-verifier.ts';

/** Long enough for the stronger algorithms, which must be refused all the same. */
export const SECRET = new TextEncoder().encode(
  'a secret that is long enough for HS512 as well, so not fewer than 64 bytes',
);
export const AUDIENCE = 'parley.example';

export interface AppKey {
  readonly algorithm: JwksAlgorithm;
  readonly kid: string;
  readonly privateKey: CryptoKey;
  /** As it stands in the JWKS. */
  readonly jwk: JWK;
}

export async function newAppKey(algorithm: JwksAlgorithm, kid: string): Promise<AppKey> {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true });
  return {
    algorithm,
    kid,
    privateKey,
    jwk: { ...(await exportJWK(publicKey)), kid, alg: algorithm, use: 'sig' },
  };
}

/** Claims of a good token; give others to change them, undefined to leave one out. */
export function claims(clock: Clock, changes: Record<string, unknown> = {}): Record<string, unknown> {
  const now = Math.floor(clock.now() / 1_000);
  const all: Record<string, unknown> = {
    sub: 'user-1',
    aud: AUDIENCE,
    iss: 'app',
    exp: now + 3_600,
    ...changes,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

export function signBySecret(payload: Record<string, unknown>, secret: Uint8Array = SECRET): Promise<string> {
  return new SignJWT(payload).setProtectedHeader({ alg: 'HS256' }).sign(secret);
}

export function signByKey(
  payload: Record<string, unknown>,
  key: AppKey,
  header: { kid?: string } = { kid: key.kid },
): Promise<string> {
  return new SignJWT(payload).setProtectedHeader({ alg: key.algorithm, ...header }).sign(key.privateKey);
}

/** A token of any header and any text as claims, with a signature that need not be one. */
export function forge(header: unknown, claimsText: string, signature = ''): string {
  const part = (text: string) => Buffer.from(text).toString('base64url');
  return `${part(JSON.stringify(header))}.${part(claimsText)}.${signature}`;
}
