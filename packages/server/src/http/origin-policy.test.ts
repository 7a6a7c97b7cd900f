// Which origins are let in.
import { expect, test } from 'bun:test';
import { OriginPolicy } from './origin-policy.ts';

const policy = new OriginPolicy(['https://chat.example.org', 'http://localhost:5173']);

test('the origins of the list, and requests of no page', () => {
  for (const origin of ['https://chat.example.org', 'http://localhost:5173', undefined]) {
    expect(policy.allows(origin)).toBe(true);
  }
});

test('[CVE-2020-28481] everything else is foreign, also by default', () => {
  for (const origin of [
    'https://evil.example',
    'http://chat.example.org',
    'https://chat.example.org:8443',
    'https://chat.example.org.evil.example',
    'https://sub.chat.example.org',
    'https://CHAT.example.org',
    'https://chat.example.org/',
    'null',
    '',
  ]) {
    expect(policy.allows(origin)).toBe(false);
  }
  expect(new OriginPolicy([]).allows('http://localhost')).toBe(false);
});

test('what no browser sends as an Origin is a mistake of the operator', () => {
  for (const origin of [
    '*',
    'null',
    '',
    'chat.example.org',
    'https://chat.example.org/',
    'https://Chat.example.org',
  ]) {
    expect(() => new OriginPolicy([origin])).toThrow(RangeError);
  }
});
