// Worlds for the suites: the stores of one keyspace, with the member store in memory that the offline queue asks.
import { afterAll, beforeAll } from 'bun:test';
import { MemoryMemberStore } from '@parley/adapter-memory/memory-member-store';
import { MemoryWorld } from '@parley/adapter-memory/memory-world';
import type { LogCounts } from '@parley/ports/log-counts';
import type { CassandraStores } from '../open-cassandra.ts';
import { TestKeyspace } from './test-keyspace.ts';

const SETUP_MAX_MS = 30_000;

export interface World extends CassandraStores {
  readonly members: MemoryMemberStore;
  readonly counts: LogCounts;
  /** What a restart keeps besides the keyspace. */
  readonly memory: MemoryWorld;
  readonly close: () => Promise<void>;
}

/** Call it inside a `describe`: the keyspace is made before its tests and removed after them. */
export function testWorlds(url: string, bucketSeqsCount: number) {
  let made: TestKeyspace | undefined;
  beforeAll(async () => {
    made = await TestKeyspace.make(url);
  }, SETUP_MAX_MS);
  afterAll(() => made?.[Symbol.asyncDispose](), SETUP_MAX_MS);
  const keyspace = (): TestKeyspace => {
    if (made === undefined) throw new Error('the keyspace is not made yet');
    return made;
  };
  const openOn = async (memory: MemoryWorld): Promise<World> => {
    const members = new MemoryMemberStore(memory);
    const stores = await keyspace().open(members, { bucketSeqsCount });
    return {
      ...stores,
      members,
      counts: stores.messages,
      memory,
      close: async () => stores[Symbol.asyncDispose](),
      [Symbol.asyncDispose]: () => stores[Symbol.asyncDispose](),
    };
  };
  return {
    keyspace,
    open: async (): Promise<World> => {
      await keyspace().clear();
      return openOn(new MemoryWorld());
    },
    reopen: async (world: World): Promise<World> => {
      await world.close();
      return openOn(world.memory);
    },
  };
}
