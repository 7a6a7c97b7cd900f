// The settings that the engines are started with: durable, and bound to the member's own address.
import { describe, expect, test } from 'bun:test';
import { cassandraSettings } from './cassandra.ts';
import { targetOf } from './catalogue.ts';
import { postgresSettings } from './postgres.ts';
import { redisSettings } from './redis.ts';

const membersOf = (name: string) => targetOf(name, { folder: '/run', portBase: 18_000 }).members;

test('PostgreSQL acknowledges what is on the disk', () => {
  const lines = postgresSettings(membersOf('postgres')[0]!).split('\n');
  expect(lines).toContain("listen_addresses = '127.0.0.1'");
  expect(lines).toContain('port = 18070');
  expect(lines).toContain('fsync = on');
  expect(lines).toContain('synchronous_commit = on');
});

describe('Redis', () => {
  test('keeps an append-only file and drops no key', () => {
    const lines = redisSettings(membersOf('redis')[0]!).split('\n');
    expect(lines).toContain('bind 127.0.0.1');
    expect(lines).toContain('appendonly yes');
    expect(lines).toContain('maxmemory-policy noeviction');
    expect(lines).not.toContain('cluster-enabled yes');
  });

  test('is a cluster where its members know a way to each other', () => {
    const lines = redisSettings(membersOf('redisCluster')[1]!).split('\n');
    expect(lines).toContain('cluster-enabled yes');
    expect(lines).toContain('port 18062');
    expect(lines).toContain('cluster-port 18066');
  });
});

describe('Cassandra', () => {
  const [, second] = membersOf('cassandra3');
  const settings = cassandraSettings(second!, membersOf('cassandra3'));

  test('acknowledges what is on the disk, and has the Paxos that reads at SERIAL cheaply', () => {
    expect(settings).toMatchObject({ commitlog_sync: 'batch', paxos_variant: 'v2' });
  });

  test('three nodes are three addresses, three parts of the ring, and seeds of each other', () => {
    expect(settings).toMatchObject({
      listen_address: '127.0.0.2',
      rpc_address: '127.0.0.2',
      storage_port: 18_001,
      native_transport_port: 18_043,
      seed_provider: [{ parameters: [{ seeds: '127.0.0.1:18001,127.0.0.2:18001,127.0.0.3:18001' }] }],
    });
    const tokens = membersOf('cassandra3').map((member) => cassandraSettings(member, [])['initial_token']);
    expect(new Set(tokens).size).toBe(3);
  });
});
