// Where the engines listen, and what the tests are told of it.
import { describe, expect, test } from 'bun:test';
import { engine, type EngineName as TestedName } from '@parley/ports/conformance/engine';
import { engineNames, targetOf, testedEngines } from './catalogue.ts';

const setting = { folder: '/run', portBase: 18_000 };
const memberNames = (name: string) => targetOf(name, setting).chosen.map((member) => member.name);

describe('targetOf', () => {
  test('a name stands for all members, a name with a number for one', () => {
    expect(memberNames('redis')).toEqual(['redis']);
    expect(memberNames('cassandra3')).toEqual(['cassandra3.1', 'cassandra3.2', 'cassandra3.3']);
    expect(memberNames('cassandra3.2')).toEqual(['cassandra3.2']);
  });

  test.each(['', 'mysql', 'redis.1', 'cassandra3.4', 'cassandra3.x'])("refuses the name '%s'", (name) => {
    expect(() => targetOf(name, setting)).toThrow('There are: postgres, redis');
  });

  test('every member listens on loopback, in the hundred ports from the base, where no other does', () => {
    const members = engineNames.flatMap((name) => targetOf(name, setting).members);
    const addresses = members.flatMap(({ host, port, peerPort }) =>
      [port, peerPort].filter((each) => each !== undefined).map((each) => ({ host, port: each })),
    );
    for (const { host, port } of addresses) {
      expect(host).toMatch(/^127\.0\.0\.[123]$/);
      expect(port).toBeWithin(18_000, 18_100);
    }
    expect(new Set(addresses.map(({ host, port }) => `${host}:${port}`)).size).toBe(addresses.length);
  });
});

test('`env` names the variables that the suites read, in the form they understand', () => {
  const urls: Readonly<Record<TestedName, string>> = {
    postgres: 'postgres://parley@127.0.0.1:18070/parley',
    redis: 'redis://127.0.0.1:18060',
    redisCluster: 'rediscluster://127.0.0.1:18061,127.0.0.1:18062,127.0.0.1:18063',
    nats: 'nats://127.0.0.1:18020',
    cassandra: 'cassandra://127.0.0.1:18042/parley?dc=datacenter1',
  };
  for (const name of testedEngines) {
    const { engine: tested, members } = targetOf(name, setting);
    using _set = inEnvironment(tested.variables(members, '/cache'));
    expect(engine(name)).toBe(urls[name]);
  }
});

/** Sets variables until it is disposed of. */
function inEnvironment(variables: Readonly<Record<string, string>>): Disposable {
  const before = Object.keys(variables).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, variables);
  return {
    [Symbol.dispose]() {
      for (const [name, value] of before) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    },
  };
}
