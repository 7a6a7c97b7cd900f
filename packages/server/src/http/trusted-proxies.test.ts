// Which address a request is counted under, behind proxies that are trusted and behind those that are not.
import { expect, test } from 'bun:test';
import { TrustedProxies } from './trusted-proxies.ts';

const proxies = new TrustedProxies(['127.0.0.1', '10.0.0.0/8', 'fd00::/8']);

test.each([
  ['a peer that is not trusted, whatever it says', '192.0.2.9', '198.51.100.1', '192.0.2.9'],
  ['a trusted peer that says nothing', '127.0.0.1', null, '127.0.0.1'],
  ['what a trusted peer says', '127.0.0.1', '198.51.100.1', '198.51.100.1'],
  ['not what the client wrote to the left', '127.0.0.1', '203.0.113.66, 198.51.100.1', '198.51.100.1'],
  ['a chain of trusted proxies', '127.0.0.1', '203.0.113.66,198.51.100.1, 10.1.2.3 ,fd00::7', '198.51.100.1'],
  ['trusted all the way', '127.0.0.1', '10.9.9.9, 10.1.2.3', '10.9.9.9'],
  ['what is no address ends it', '127.0.0.1', '198.51.100.1, unknown, 10.1.2.3', '10.1.2.3'],
  ['an empty part ends it', '127.0.0.1', '198.51.100.1,', '127.0.0.1'],
  ['with a port', '127.0.0.1', '198.51.100.1:4711', '198.51.100.1'],
  ['IPv6 with a port', '127.0.0.1', '[2001:db8::1]:4711', '2001:db8::1'],
  ['IPv6 in brackets', 'fd00::1', '[2001:db8::1]', '2001:db8::1'],
  ['IPv4 as IPv6 sees it', '::ffff:127.0.0.1', '198.51.100.1', '198.51.100.1'],
  ['a peer that is unknown', 'unknown', '198.51.100.1', 'unknown'],
])('%s', (_title, peer, forwardedFor, address) => {
  expect(proxies.addressOf(peer, forwardedFor)).toBe(address);
});

test('by default nobody is trusted', () => {
  expect(new TrustedProxies([]).addressOf('127.0.0.1', '198.51.100.1')).toBe('127.0.0.1');
});

test.each([
  '',
  'proxy.example',
  '10.0.0.0/33',
  '10.0.0.0/',
  '10.0.0.0/8/8',
  '10.0.0/8',
  'fd00::/129',
  '10.0.0.0/-1',
])('refused, with an advice: %p', (text) => {
  expect(() => new TrustedProxies([text])).toThrow(/write it like/);
});
