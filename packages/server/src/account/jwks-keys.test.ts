// When the document is read: at the first need, for an unknown key, when it is old; never more than the cool-down allows.
import { beforeAll, expect, test } from 'bun:test';
import { FakeClock } from '@parley/adapter-memory/fake-clock';
import { RecordedLog } from './account-fixture.ts';
import { JWKS_COOL_DOWN_MS, JWKS_FRESH_MS, JWKS_KEPT_MS, JwksKeys } from './jwks-keys.ts';
import { newAppKey, type AppKey } from './jwt-fixture.ts';

let first: AppKey, second: AppKey;
beforeAll(async () => {
  [first, second] = await Promise.all([newAppKey('ES256', 'first'), newAppKey('ES256', 'second')]);
});

class Source {
  readonly clock = new FakeClock();
  readonly log = new RecordedLog();
  reads = 0;
  text = JSON.stringify({ keys: [first.jwk] });
  down = false;
  readonly keys = new JwksKeys({
    clock: this.clock,
    log: this.log,
    read: () => {
      this.reads += 1;
      return this.down ? Promise.reject(new Error('down')) : Promise.resolve(this.text);
    },
  });

  async kind(kid: string): Promise<string> {
    return (await this.keys.find({ alg: 'ES256', kid })).kind;
  }
}

test('the set is read once for many tokens, at once and later', async () => {
  const source = new Source();
  expect(await Promise.all(['first', 'first', 'first'].map((kid) => source.kind(kid)))).toEqual(
    Array(3).fill('found'),
  );
  expect(await source.kind('first')).toBe('found');
  expect(source.reads).toBe(1);
});

test('an unknown key makes it be read again, so that a rotated one is found', async () => {
  const source = new Source();
  await source.kind('first');
  source.text = JSON.stringify({ keys: [second.jwk] });
  source.clock.advance(JWKS_COOL_DOWN_MS);
  expect(await source.kind('second')).toBe('found');
  expect(await source.kind('first')).toBe('unknown');
});

test('many unknown keys make one reading a cool-down, whether it works or not', async () => {
  const source = new Source();
  await source.kind('first');
  for (const down of [false, true]) {
    source.down = down;
    source.clock.advance(JWKS_COOL_DOWN_MS);
    const before = source.reads;
    for (let count = 0; count < 20; count += 1) expect(await source.kind(`unknown ${count}`)).toBe('unknown');
    expect(source.reads).toBe(before + 1);
  }
});

test('a set that was never read is asked for once a cool-down, and found when it is there', async () => {
  const source = new Source();
  source.down = true;
  expect(await source.kind('first')).toBe('unavailable');
  source.down = false;
  expect(await source.kind('first')).toBe('unavailable');
  source.clock.advance(JWKS_COOL_DOWN_MS);
  expect(await source.kind('first')).toBe('found');
});

test('an old set is read again, so that a withdrawn key ends', async () => {
  const source = new Source();
  await source.kind('first');
  source.text = JSON.stringify({ keys: [second.jwk] });
  source.clock.advance(JWKS_FRESH_MS);
  expect(await source.kind('first')).toBe('found');
  source.clock.advance(1);
  expect(await source.kind('first')).toBe('unknown');
});

test('while it cannot be read the old set is good for an hour, and not longer', async () => {
  const source = new Source();
  await source.kind('first');
  source.down = true;
  source.clock.advance(JWKS_KEPT_MS);
  expect(await source.kind('first')).toBe('found');
  source.clock.advance(1);
  expect(await source.kind('first')).toBe('unavailable');
});

test.each(['', 'null', '[]', '{}', '{"keys":{}}', '{"keys":[null]}', 'not JSON'])(
  'a document that is no set does not replace the one before: %p',
  async (text) => {
    const source = new Source();
    await source.kind('first');
    source.text = text;
    source.clock.advance(JWKS_FRESH_MS + 1);
    expect(await source.kind('first')).toBe('found');
    expect(source.log.events()).toContain('jwks_unreadable');
  },
);

test('a private key in the set, and two keys of one kid, are not used', async () => {
  const source = new Source();
  source.text = JSON.stringify({ keys: [{ ...first.jwk, d: 'AA' }, second.jwk, second.jwk] });
  expect(await source.kind('first')).toBe('unknown');
  expect(await source.kind('second')).toBe('unknown');
  expect(source.log.events()).toContain('jwks_key_refused');
});
