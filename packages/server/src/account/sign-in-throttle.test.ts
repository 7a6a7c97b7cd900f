// The rule of back-off, point by point.
import { expect, test } from 'bun:test';
import { FakeClock } from '@parley/adapter-memory/fake-clock';
import { SignInThrottle, type Attempt } from './sign-in-throttle.ts';

const HOME = '192.0.2.1';

function begin(throttle: SignInThrottle, name: string, address: string): Attempt {
  const begun = throttle.begin(name, address);
  if (begun.kind === 'wait') throw new Error(`has to wait ${begun.retryAfterMs} ms`);
  return begun.attempt;
}

function fail(throttle: SignInThrottle, times: number, name: string, address: string): void {
  for (let time = 0; time < times; time += 1) begin(throttle, name, address);
}

test('rule 1: a name from one address waits after 10 failures, and twice as long after each further one', () => {
  const clock = new FakeClock();
  const throttle = new SignInThrottle(clock);
  fail(throttle, 10, 'alice', HOME);
  expect(throttle.begin('alice', HOME)).toEqual({ kind: 'wait', retryAfterMs: 1_000 });
  clock.advance(1_000);
  fail(throttle, 1, 'alice', HOME);
  expect(throttle.begin('alice', HOME)).toEqual({ kind: 'wait', retryAfterMs: 2_000 });
});

test('rule 1: another name from the address, and the name from another address, need not wait', () => {
  const throttle = new SignInThrottle(new FakeClock());
  fail(throttle, 10, 'alice', HOME);
  expect(throttle.begin('bob', HOME).kind).toBe('go');
  expect(throttle.begin('alice', '192.0.2.2').kind).toBe('go');
});

test('rule 1: a success starts afresh', () => {
  const throttle = new SignInThrottle(new FakeClock());
  fail(throttle, 9, 'alice', HOME);
  begin(throttle, 'alice', HOME).succeeded();
  fail(throttle, 10, 'alice', HOME);
  expect(throttle.begin('alice', HOME).kind).toBe('wait');
});

test('rule 2: an address waits after 50 failures at any names; successes of its own account do not help it', () => {
  const throttle = new SignInThrottle(new FakeClock());
  for (let time = 0; time < 50; time += 1) {
    fail(throttle, 1, `victim${time}`, HOME);
    if (time < 49) begin(throttle, 'attacker', HOME).succeeded();
  }
  expect(throttle.begin('victim50', HOME)).toEqual({ kind: 'wait', retryAfterMs: 1_000 });
  expect(throttle.begin('victim50', '192.0.2.2').kind).toBe('go');
});

test('rule 2: all addresses of one IPv6 network are one', () => {
  const throttle = new SignInThrottle(new FakeClock());
  for (let time = 0; time < 50; time += 1) fail(throttle, 1, `victim${time}`, `2001:db8::${time + 1}`);
  expect(throttle.begin('victim50', '2001:db8::ffff').kind).toBe('wait');
});

test('rule 3: under attack an address has 3 tries at the name, and its owner is never locked out', () => {
  const throttle = new SignInThrottle(new FakeClock());
  for (let address = 1; address <= 100; address += 1) fail(throttle, 1, 'alice', `198.51.100.${address}`);
  fail(throttle, 3, 'alice', '203.0.113.1');
  expect(throttle.begin('alice', '203.0.113.1')).toEqual({ kind: 'wait', retryAfterMs: 1_000 });
  begin(throttle, 'alice', HOME);
  begin(throttle, 'alice', HOME).succeeded();
  expect(throttle.begin('bob', '203.0.113.1').kind).toBe('go');
});

test('a try counts from its start: of a thousand at once only the allowance gets through', () => {
  const throttle = new SignInThrottle(new FakeClock());
  const kinds = Array.from({ length: 1_000 }, () => throttle.begin('alice', HOME).kind);
  expect(kinds.filter((kind) => kind === 'go').length).toBe(10);
});

test('a try that came to no answer never happened', () => {
  const throttle = new SignInThrottle(new FakeClock());
  for (let time = 0; time < 300; time += 1) begin(throttle, 'alice', HOME).withdrawn();
  fail(throttle, 10, 'alice', HOME);
  expect(throttle.begin('alice', HOME).kind).toBe('wait');
});
