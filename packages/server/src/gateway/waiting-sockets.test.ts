// Places for sockets without a hello, per address.
import { expect, test } from 'bun:test';
import { UNAUTHENTICATED_PER_ADDRESS_MAX_COUNT, WaitingSockets } from './waiting-sockets.ts';

function full(address: string) {
  const waiting = new WaitingSockets();
  const sockets = Array.from({ length: UNAUTHENTICATED_PER_ADDRESS_MAX_COUNT }, () => ({
    address,
    isWaiting: true,
  }));
  for (const socket of sockets) {
    expect(waiting.hasPlace(address)).toBe(true);
    waiting.add(socket);
  }
  return { waiting, sockets };
}

test('an address that is full leaves the places of others alone', () => {
  const { waiting } = full('192.0.2.1');
  expect(waiting.hasPlace('192.0.2.1')).toBe(false);
  expect(waiting.hasPlace('::ffff:192.0.2.1')).toBe(false);
  expect(waiting.hasPlace('192.0.2.2')).toBe(true);
});

test('a socket that is let in makes place, and so does one that closes', () => {
  const { waiting, sockets } = full('192.0.2.1');
  const [first, second] = sockets;
  if (first === undefined || second === undefined) throw new Error('none');
  first.isWaiting = false;
  expect(waiting.hasPlace('192.0.2.1')).toBe(true);
  waiting.add({ address: '192.0.2.1', isWaiting: true });
  expect(waiting.hasPlace('192.0.2.1')).toBe(false);
  waiting.remove(second);
  expect(waiting.hasPlace('192.0.2.1')).toBe(true);
});
