// URLs of Redis.
import { expect, test } from 'bun:test';
import { parseRedisUrl } from './redis-url.ts';

const NOBODY = { username: undefined, password: undefined };

test('one server, with user, password, database and TLS', () => {
  expect(parseRedisUrl('redis://a')).toEqual({
    ...NOBODY,
    kind: 'single',
    tls: false,
    database: 0,
    hosts: [{ host: 'a', port: 6_379 }],
  });
  expect(parseRedisUrl('rediss://me:p%40%2Fss@a.b:1/3')).toEqual({
    username: 'me',
    password: 'p@/ss',
    kind: 'single',
    tls: true,
    database: 3,
    hosts: [{ host: 'a.b', port: 1 }],
  });
  expect(parseRedisUrl('redis://[::1]:7/')).toMatchObject({ hosts: [{ host: '::1', port: 7 }] });
});

test('the members of a Cluster', () => {
  expect(parseRedisUrl('rediscluster://:p@a:1,b:2,c')).toEqual({
    username: undefined,
    password: 'p',
    kind: 'cluster',
    tls: false,
    database: 0,
    hosts: [
      { host: 'a', port: 1 },
      { host: 'b', port: 2 },
      { host: 'c', port: 6_379 },
    ],
  });
  expect(parseRedisUrl('redisscluster://a:1')).toMatchObject({ kind: 'cluster', tls: true });
});

test('what is none is refused, and nothing of it is shown', () => {
  for (const url of [
    '',
    'a:1',
    'http://a',
    'redis://',
    'redis://:secret@a:1,b:2',
    'rediscluster://:secret@a/1',
  ]) {
    expect(() => parseRedisUrl(url)).toThrow(/Redis/);
    expect(() => parseRedisUrl(url)).not.toThrow(/secret/);
  }
});
