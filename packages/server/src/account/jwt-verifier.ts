// Sign-in by a JWT that an app's own back end signed: which ones are believed.
import { decodeProtectedHeader, errors, jwtVerify, type JWTPayload } from 'jose';
import type { Clock } from '@parley/ports/clock';
import { fault, type Fault } from '@parley/protocol/error-code';
import { TOKEN_MAX_CHARS } from '@parley/protocol/limits';
import type { JwksKeys } from './jwks-keys.ts';

/** How far the clocks of the two servers may be apart, for `exp` and `nbf`. */
export const JWT_CLOCK_TOLERANCE_MS = 30_000;
export const JWT_SECRET_MIN_BYTES = 32;
export const JWT_SUBJECT_MAX_UNITS = 200;
export const JWT_ISSUER_MAX_UNITS = 200;

export type JwksAlgorithm = 'RS256' | 'ES256' | 'EdDSA';

export type JwtKeys =
  /** Shared with the app's back end; HS256. */
  | { readonly kind: 'secret'; readonly secret: Uint8Array }
  /** Never HS256: a public key is no secret. */
  | { readonly kind: 'jwks'; readonly keys: JwksKeys; readonly algorithms: readonly JwksAlgorithm[] };

export interface JwtVerifierOptions {
  readonly keys: JwtKeys;
  /** The token's `aud` must be or contain it. */
  readonly audience: string;
  /** The token's `iss` must be it; with undefined any is accepted, and users of different issuers are different. */
  readonly issuer: string | undefined;
  readonly clock: Clock;
}

export interface JwtIdentity {
  readonly kind: 'ok';
  readonly subject: string;
  /** Empty for a token without `iss`. Never contains `|`. */
  readonly issuer: string;
  /** What the app calls the user, as it came; absent if it is no text that could be a name. */
  readonly name: string | undefined;
  /** Until when a session may live: `exp` plus the tolerance. */
  readonly expiresAt: number;
}

/** `reason` is for the log of the operator: jose's code or a word of ours, never a part of the token. */
export type JwtRefusal = { readonly kind: 'refused'; readonly fault: Fault; readonly reason: string };
export type JwtOutcome = JwtIdentity | JwtRefusal;

type KeyOutcome = { readonly kind: 'found'; readonly key: CryptoKey } | JwtRefusal;

export class JwtVerifier {
  readonly #options: JwtVerifierOptions;
  readonly #algorithms: readonly string[];
  /** Made of the secret once: a key for each token would be most of what a sign-in leaves behind. */
  #secretKey: Promise<CryptoKey> | undefined;

  /** Throws RangeError for a secret that is too short or an empty list of algorithms. */
  constructor(options: JwtVerifierOptions) {
    const { keys } = options;
    if (keys.kind === 'secret' && keys.secret.byteLength < JWT_SECRET_MIN_BYTES) {
      throw new RangeError(`The secret for JWTs must have at least ${JWT_SECRET_MIN_BYTES} bytes.`);
    }
    if (options.audience === '') throw new RangeError('An audience for JWTs must be set.');
    this.#options = options;
    this.#algorithms = keys.kind === 'secret' ? ['HS256'] : keys.algorithms;
    if (this.#algorithms.length === 0) throw new RangeError('At least one algorithm for JWTs must be set.');
  }

  async verify(token: string): Promise<JwtOutcome> {
    if (token.length > TOKEN_MAX_CHARS) return invalid('too_long');
    try {
      const key = await this.#keyOf(token);
      if (key.kind === 'refused') return key;
      const { audience, issuer, clock } = this.#options;
      const { payload } = await jwtVerify(token, key.key, {
        algorithms: [...this.#algorithms],
        audience,
        ...(issuer === undefined ? {} : { issuer }),
        requiredClaims: ['exp', 'sub'],
        clockTolerance: JWT_CLOCK_TOLERANCE_MS / 1_000,
        currentDate: new Date(clock.now()),
      });
      return identityOf(payload);
    } catch (error) {
      // The signature is checked before the claims: only a genuine token is ever called expired.
      if (error instanceof errors.JWTExpired) {
        return {
          kind: 'refused',
          fault: fault('token_expired', 'The token has expired; get a new one from the app.'),
          reason: error.code,
        };
      }
      // jose throws TypeError for a header that is no header and for keys that do not fit the algorithm.
      if (error instanceof errors.JWTClaimValidationFailed) return invalid(`${error.code} ${error.claim}`);
      if (error instanceof errors.JOSEError) return invalid(error.code);
      if (error instanceof TypeError) return invalid('malformed');
      throw error;
    }
  }

  async #keyOf(token: string): Promise<KeyOutcome> {
    const { keys } = this.#options;
    if (keys.kind === 'secret') {
      this.#secretKey ??= hmacKey(keys.secret);
      return { kind: 'found', key: await this.#secretKey };
    }
    const { alg, kid } = decodeProtectedHeader(token);
    // Before the look-up, so that a token that can never be right does not make the set be read again.
    if (typeof alg !== 'string' || !this.#algorithms.includes(alg)) return invalid('alg');
    if (typeof kid !== 'string' || kid === '') return invalid('kid_missing');
    const found = await keys.keys.find({ alg, kid });
    switch (found.kind) {
      case 'found':
        return found;
      case 'unknown':
        return invalid('kid_unknown');
      case 'unavailable': {
        const message = 'The keys that tokens are checked by cannot be read now.';
        const reason = fault('unavailable', message, { retry_after_ms: 5_000 });
        return { kind: 'refused', fault: reason, reason: 'keys_unavailable' };
      }
    }
  }
}

function hmacKey(secret: Uint8Array): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', new Uint8Array(secret), { name: 'HMAC', hash: 'SHA-256' }, false, [
    'verify',
  ]);
}

function identityOf(payload: JWTPayload): JwtOutcome {
  const { sub, iss, exp, name } = payload as Record<string, unknown>;
  if (!isPlainText(sub, JWT_SUBJECT_MAX_UNITS)) return invalid('sub');
  if (iss !== undefined && !isPlainText(iss, JWT_ISSUER_MAX_UNITS)) return invalid('iss');
  // Else `a|b` + `c` and `a` + `b|c` would be one user.
  if (iss?.includes('|') === true) return invalid('iss');
  const expiresAt = Math.floor(Number(exp) * 1_000) + JWT_CLOCK_TOLERANCE_MS;
  if (!Number.isSafeInteger(expiresAt)) return invalid('exp');
  // A name is a wish: the user has to be let in without one as well.
  const wish = isPlainText(name, TOKEN_MAX_CHARS) ? name : undefined;
  return { kind: 'ok', subject: sub, issuer: iss ?? '', name: wish, expiresAt };
}

/** A store may change text that is not well-formed, and then two subjects would become one. */
function isPlainText(value: unknown, maxUnits: number): value is string {
  if (typeof value !== 'string' || value === '' || value.length > maxUnits) return false;
  // oxlint-disable-next-line no-control-regex -- control characters are what it looks for
  return value.isWellFormed() && !/[\u0000-\u001f\u007f]/.test(value);
}

function invalid(reason: string): JwtRefusal {
  return { kind: 'refused', fault: fault('invalid_credentials', 'The token is not valid.'), reason };
}
