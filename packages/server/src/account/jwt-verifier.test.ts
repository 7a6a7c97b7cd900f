// Which JWTs are believed: real signatures by jose, and every forgery that is known to have worked somewhere.
import { beforeAll, describe, expect, test } from 'bun:test';
import { createHmac } from 'node:crypto';
import { exportSPKI, importJWK, SignJWT } from 'jose';
import { FakeClock } from '@parley/adapter-memory/fake-clock';
import { RecordedLog } from './account-fixture.ts';
import { JwksKeys } from './jwks-keys.ts';
import {
  AUDIENCE,
  claims,
  forge,
  newAppKey,
  SECRET,
  signByKey,
  signBySecret,
  type AppKey,
} from './jwt-fixture.ts';
import { JWT_CLOCK_TOLERANCE_MS, JwtVerifier, type JwksAlgorithm } from './jwt-verifier.ts';

const INVALID = { kind: 'refused', fault: { code: 'invalid_credentials' } };
const EXPIRED = { kind: 'refused', fault: { code: 'token_expired' } };
const clock = new FakeClock();
const nowS = Math.floor(clock.now() / 1_000);

function bySecret(issuer?: string): JwtVerifier {
  return new JwtVerifier({ keys: { kind: 'secret', secret: SECRET }, audience: AUDIENCE, issuer, clock });
}

describe('with a shared secret', () => {
  test('a good token says who and until when', async () => {
    const token = await signBySecret(claims(clock, { name: 'Zoë' }));
    expect(await bySecret('app').verify(token)).toEqual({
      kind: 'ok',
      subject: 'user-1',
      issuer: 'app',
      name: 'Zoë',
      expiresAt: (nowS + 3_600) * 1_000 + JWT_CLOCK_TOLERANCE_MS,
    });
  });

  test.each([
    ['one audience of many', { aud: ['other', AUDIENCE] }],
    ['no issuer where none is configured', { iss: undefined }],
    ['no name', { name: undefined }],
    ['a subject of 200 characters', { sub: 'x'.repeat(200) }],
    ['an expiry within the tolerance', { exp: nowS - 29 }],
    ['a beginning within the tolerance', { nbf: nowS + 30 }],
  ])('accepted: %s', async (_title, changes) => {
    expect(await bySecret().verify(await signBySecret(claims(clock, changes)))).toMatchObject({ kind: 'ok' });
  });

  test.each([
    ['no audience', { aud: undefined }],
    ['a wrong audience', { aud: 'other.example' }],
    ['an audience that only begins alike', { aud: `${AUDIENCE}.evil` }],
    ['an audience as an object', { aud: { $ne: null } }],
    ['a wrong issuer', { iss: 'other' }],
    ['no issuer', { iss: undefined }],
    ['an issuer with a bar', { iss: 'app|x' }],
    ['no expiry', { exp: undefined }],
    ['an expiry as text', { exp: String(nowS + 3_600) }],
    ['an expiry as an object', { exp: { $gt: 0 } }],
    ['an expiry past the range of numbers', { exp: 1e300 }],
    ['not yet valid', { nbf: nowS + 31 }],
    ['a beginning as text', { nbf: '0' }],
    ['no subject', { sub: undefined }],
    ['an empty subject', { sub: '' }],
    ['a subject of 201 characters', { sub: 'x'.repeat(201) }],
    ['a subject as a number', { sub: 1 }],
    ['a subject as an object', { sub: { $ne: null } }],
    ['a subject as a list', { sub: ['user-1'] }],
    ['a subject with a zero byte', { sub: 'user\u0000-1' }],
    ['a subject with half a surrogate pair', { sub: 'user-\ud800' }],
  ])('refused: %s', async (_title, changes) => {
    const token = await signBySecret(claims(clock, changes));
    expect(await bySecret('app').verify(token)).toMatchObject(INVALID);
  });

  test.each([
    ['null', null],
    ['empty', ''],
    ['an object', { $ne: null }],
    ['a number', 7],
    ['with a control character', 'zoe\n'],
    ['with half a surrogate pair', 'zoe\ud800'],
  ])('[HTTP-4] a name that is %s is no name, and no reason to refuse', async (_title, name) => {
    const token = await signBySecret(claims(clock, { name }));
    expect(await bySecret().verify(token)).toMatchObject({ kind: 'ok', subject: 'user-1', name: undefined });
  });

  test('[HTTP-4] a refusal says why, for the log', async () => {
    const reasons = [];
    for (const changes of [{ aud: 'x' }, { exp: 1 }, { sub: '' }, { exp: undefined }, { iss: 'a|b' }]) {
      const outcome = await bySecret().verify(await signBySecret(claims(clock, changes)));
      reasons.push(outcome.kind === 'refused' && outcome.reason);
    }
    reasons.push(await bySecret().verify(await signBySecret(claims(clock), new Uint8Array(32))));
    expect(reasons).toEqual([
      'ERR_JWT_CLAIM_VALIDATION_FAILED aud',
      'ERR_JWT_EXPIRED',
      'sub',
      'ERR_JWT_CLAIM_VALIDATION_FAILED exp',
      'iss',
      expect.objectContaining({ reason: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED' }),
    ]);
  });

  test('an issuer with a bar is refused where any issuer is accepted', async () => {
    expect(await bySecret().verify(await signBySecret(claims(clock, { iss: 'a|b' })))).toMatchObject(INVALID);
  });

  test('refused: an expiry that is no finite number', async () => {
    const payload = `{"sub":"user-1","aud":"${AUDIENCE}","iss":"app","exp":1e309}`;
    const unsigned = forge({ alg: 'HS256' }, payload).slice(0, -1);
    const signature = createHmac('sha256', SECRET).update(unsigned).digest('base64url');
    expect(await bySecret('app').verify(`${unsigned}.${signature}`)).toMatchObject(INVALID);
  });

  test('an expired token is called so, by the clock that was passed in', async () => {
    const token = await signBySecret(claims(clock, { exp: nowS - 30 }));
    expect(await bySecret().verify(token)).toMatchObject(EXPIRED);
    const later = new FakeClock();
    const verifier = new JwtVerifier({
      keys: { kind: 'secret', secret: SECRET },
      audience: AUDIENCE,
      issuer: undefined,
      clock: later,
    });
    const good = await signBySecret(claims(clock));
    later.advance(3_600_000 + JWT_CLOCK_TOLERANCE_MS - 1);
    expect(await verifier.verify(good)).toMatchObject({ kind: 'ok' });
    later.advance(1_000);
    expect(await verifier.verify(good)).toMatchObject(EXPIRED);
  });

  test('an expired token for someone else, or with a wrong signature, is not called expired', async () => {
    const other = await signBySecret(claims(clock, { exp: 1, aud: 'other' }));
    expect(await bySecret().verify(other)).toMatchObject(INVALID);
    const forged = await signBySecret(claims(clock, { exp: 1 }), new Uint8Array(32));
    expect(await bySecret().verify(forged)).toMatchObject(INVALID);
  });

  test('refused: another secret, a changed claim, alg none, HS512 by the right secret, another alg', async () => {
    const good = await signBySecret(claims(clock));
    const [header, , signature] = good.split('.');
    const changed = Buffer.from(JSON.stringify(claims(clock, { sub: 'admin' }))).toString('base64url');
    const text = JSON.stringify(claims(clock));
    const hs512 = await new SignJWT(claims(clock)).setProtectedHeader({ alg: 'HS512' }).sign(SECRET);
    for (const token of [
      await signBySecret(claims(clock), new Uint8Array(32).fill(7)),
      `${header}.${changed}.${signature}`,
      forge({ alg: 'none' }, text),
      forge({ alg: 'None' }, text),
      forge({ typ: 'JWT' }, text),
      forge({ alg: { $ne: null } }, text, signature),
      forge({ alg: 'HS256', crit: ['b64'], b64: false }, text, signature),
      hs512,
      await signByKey(claims(clock), await newAppKey('ES256', 'k')),
    ]) {
      expect(await bySecret().verify(token)).toMatchObject(INVALID);
    }
  });

  test('refused: what is no JWT at all', async () => {
    for (const text of [
      '',
      '.',
      '..',
      '...',
      'a.b.c',
      'a.b.c.d.e',
      'e30.e30.',
      '\u0000',
      'x'.repeat(8_193),
    ]) {
      expect(await bySecret().verify(text)).toMatchObject(INVALID);
    }
  });

  test('a token over the limit is refused even when it is good', async () => {
    const token = await signBySecret(claims(clock, { filler: 'x'.repeat(8_192) }));
    expect(await bySecret().verify(token)).toMatchObject(INVALID);
  });

  test('a short secret, no audience or no algorithm is a mistake of the operator', () => {
    const options = { audience: AUDIENCE, issuer: undefined, clock };
    expect(
      () => new JwtVerifier({ ...options, keys: { kind: 'secret', secret: new Uint8Array(31) } }),
    ).toThrow(RangeError);
    expect(
      () => new JwtVerifier({ ...options, audience: '', keys: { kind: 'secret', secret: SECRET } }),
    ).toThrow(RangeError);
    const keys = new JwksKeys({ read: () => Promise.resolve(''), clock, log: new RecordedLog() });
    expect(() => new JwtVerifier({ ...options, keys: { kind: 'jwks', keys, algorithms: [] } })).toThrow(
      RangeError,
    );
  });
});

describe('with a JWKS', () => {
  let rs: AppKey, es: AppKey, ed: AppKey, stranger: AppKey;
  beforeAll(async () => {
    [rs, es, ed, stranger] = await Promise.all([
      newAppKey('RS256', 'rs'),
      newAppKey('ES256', 'es'),
      newAppKey('EdDSA', 'ed'),
      newAppKey('ES256', 'es'),
    ]);
  });

  function byJwks(
    algorithms: readonly JwksAlgorithm[] = ['RS256', 'ES256', 'EdDSA'],
    extra: object[] = [],
  ): JwtVerifier {
    const read = () => Promise.resolve(JSON.stringify({ keys: [rs.jwk, es.jwk, ed.jwk, ...extra] }));
    const keys = new JwksKeys({ read, clock, log: new RecordedLog() });
    return new JwtVerifier({
      keys: { kind: 'jwks', keys, algorithms },
      audience: AUDIENCE,
      issuer: 'app',
      clock,
    });
  }

  test('RS256, ES256 and EdDSA are accepted, each by its kid', async () => {
    for (const key of [rs, es, ed]) {
      expect(await byJwks().verify(await signByKey(claims(clock), key))).toMatchObject({
        kind: 'ok',
        subject: 'user-1',
      });
    }
  });

  test('an algorithm that is not configured is refused, though its key is in the set', async () => {
    expect(await byJwks(['ES256']).verify(await signByKey(claims(clock), rs))).toMatchObject(INVALID);
    expect(await byJwks(['ES256']).verify(await signByKey(claims(clock), es))).toMatchObject({ kind: 'ok' });
  });

  test('refused: no kid, an unknown kid, the kid of another key, a stranger’s key under a known kid', async () => {
    for (const token of [
      await signByKey(claims(clock), es, {}),
      await signByKey(claims(clock), es, { kid: '' }),
      await signByKey(claims(clock), es, { kid: 'unknown' }),
      await signByKey(claims(clock), es, { kid: 'rs' }),
      await signByKey(claims(clock), es, { kid: '__proto__' }),
      await signByKey(claims(clock), stranger),
    ]) {
      expect(await byJwks().verify(token)).toMatchObject(INVALID);
    }
  });

  test('refused: HS256 signed with the public key, as PEM and as JWK, also where the set holds it as a secret', async () => {
    const pem = await exportSPKI((await importJWK(rs.jwk, 'RS256')) as CryptoKey);
    const secrets = [pem, pem.trim(), JSON.stringify(rs.jwk), rs.jwk.n ?? ''].map((text) =>
      Buffer.from(text),
    );
    const oct = { kty: 'oct', kid: 'oct', k: SECRET.toString() };
    for (const secret of [...secrets, SECRET]) {
      for (const kid of ['rs', 'oct']) {
        const token = await new SignJWT(claims(clock)).setProtectedHeader({ alg: 'HS256', kid }).sign(secret);
        expect(await byJwks(undefined, [oct]).verify(token)).toMatchObject(INVALID);
      }
    }
  });

  test('refused: keys that the token brings along itself', async () => {
    const header = { alg: 'ES256', kid: 'mine', jwk: stranger.jwk, jku: 'https://evil.example/jwks' };
    const token = await new SignJWT(claims(clock)).setProtectedHeader(header).sign(stranger.privateKey);
    expect(await byJwks().verify(token)).toMatchObject(INVALID);
  });

  test('refused: alg none; an expired one is called so', async () => {
    expect(
      await byJwks().verify(forge({ alg: 'none', kid: 'es' }, JSON.stringify(claims(clock)))),
    ).toMatchObject(INVALID);
    expect(await byJwks().verify(await signByKey(claims(clock, { exp: nowS - 60 }), es))).toMatchObject(
      EXPIRED,
    );
  });

  test('without any set the answer is unavailable, to be tried later', async () => {
    const keys = new JwksKeys({
      read: () => Promise.reject(new Error('down')),
      clock,
      log: new RecordedLog(),
    });
    const verifier = new JwtVerifier({
      keys: { kind: 'jwks', keys, algorithms: ['ES256'] },
      audience: AUDIENCE,
      issuer: undefined,
      clock,
    });
    expect(await verifier.verify(await signByKey(claims(clock), es))).toMatchObject({
      fault: { code: 'unavailable', retry: 'later' },
    });
  });
});
