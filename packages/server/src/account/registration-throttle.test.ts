// The allowance of registrations per address.
import { expect, test } from 'bun:test';
import { FakeClock } from '@parley/adapter-memory/fake-clock';
import {
  REGISTRATION_ADDRESSES_MAX_COUNT,
  REGISTRATION_INTERVAL_MS,
  REGISTRATIONS_PER_ADDRESS_BURST_COUNT,
  RegistrationThrottle,
} from './registration-throttle.ts';

function exhausted(clock: FakeClock, address: string): RegistrationThrottle {
  const throttle = new RegistrationThrottle(clock);
  for (let count = 0; count < REGISTRATIONS_PER_ADDRESS_BURST_COUNT; count += 1) {
    expect(throttle.take(address)).toBe(0);
  }
  return throttle;
}

test('a burst, then one each second, and the wait is told', () => {
  const clock = new FakeClock();
  const throttle = exhausted(clock, '192.0.2.1');
  expect(throttle.take('192.0.2.1')).toBe(REGISTRATION_INTERVAL_MS);
  clock.advance(REGISTRATION_INTERVAL_MS - 1);
  expect(throttle.take('192.0.2.1')).toBe(1);
  clock.advance(1);
  expect(throttle.take('192.0.2.1')).toBe(0);
  expect(throttle.take('192.0.2.1')).toBe(REGISTRATION_INTERVAL_MS);
});

test('being refused costs nothing, and quiet gives the burst back, but never more', () => {
  const clock = new FakeClock();
  const throttle = exhausted(clock, '192.0.2.1');
  for (let count = 0; count < 50; count += 1) throttle.take('192.0.2.1');
  expect(throttle.take('192.0.2.1')).toBe(REGISTRATION_INTERVAL_MS);
  clock.advance(10 * REGISTRATIONS_PER_ADDRESS_BURST_COUNT * REGISTRATION_INTERVAL_MS);
  for (let count = 0; count < REGISTRATIONS_PER_ADDRESS_BURST_COUNT; count += 1) {
    expect(throttle.take('192.0.2.1')).toBe(0);
  }
  expect(throttle.take('192.0.2.1')).toBe(REGISTRATION_INTERVAL_MS);
});

test('another address is another allowance; one customer of IPv6 is one', () => {
  const throttle = exhausted(new FakeClock(), '2001:db8:1:2::1');
  expect(throttle.take('2001:db8:1:3::1')).toBe(0);
  expect(throttle.take('2001:db8:1:2:ffff::9')).toBeGreaterThan(0);
});

test('the memory is bounded', () => {
  const throttle = new RegistrationThrottle(new FakeClock());
  for (let count = 0; count <= REGISTRATION_ADDRESSES_MAX_COUNT + 5; count += 1) {
    throttle.take(`10.${count >> 16}.${(count >> 8) & 255}.${count & 255}`);
  }
  expect(throttle.size).toBe(REGISTRATION_ADDRESSES_MAX_COUNT);
});
