// A real server on a port, on the stores that a test names; users register as anybody does.
import { MemoryStatusCache } from '@parley/adapter-memory/memory-status-cache';
import { MemoryStores } from '@parley/adapter-memory/memory-stores';
import { openSqlite } from '@parley/adapter-sqlite/open-sqlite';
import { SystemClock } from '@parley/adapter-system/system-clock';
import { SystemRandomness } from '@parley/adapter-system/system-randomness';
import { SystemTimers } from '@parley/adapter-system/system-timers';
import { CheapAlgorithm, RecordedLog } from '@parley/server/account/account-fixture';
import { PasswordHasher } from '@parley/server/account/password-hasher';
import { ChatServer } from '@parley/server/chat-server';
import { Snowflake } from '@parley/server/message/snowflake';
import { register } from '@parley/client';
import type { Scope } from '../lib/scope.ts';

export const STORES = ['memory', 'sqlite'] as const;
export type StoresName = (typeof STORES)[number];

const DAY_MS = 24 * 3_600_000;
const PASSWORD = 'a fine password';

export interface World {
  readonly url: string;
  account(name: string): Promise<{ url: string; token: string; user_id: string }>;
}

export async function startWorld(kind: StoresName, scope: Scope): Promise<World> {
  const clock = new SystemClock();
  const timers = new SystemTimers();
  const randomness = new SystemRandomness();
  const log = new RecordedLog();
  const stores =
    kind === 'memory'
      ? new MemoryStores()
      : await openSqlite({ directory: scope.folder(), clock, timers, randomness, log });
  const { messages, members, queue, accounts, receipts, personal, contacts, invites, reports } = stores;
  const server = new ChatServer({
    messages,
    members,
    queue,
    accounts,
    receipts,
    personal,
    contacts,
    invites,
    reports,
    status: new MemoryStatusCache(clock),
    clock,
    timers,
    randomness,
    ids: new Snowflake({ clock, worker: 0, after: undefined }),
    log,
    hasher: new PasswordHasher({ algorithm: new CheapAlgorithm(), runningMaxCount: 2, waitingMaxCount: 64 }),
    jwt: undefined,
    registration: 'open',
    tokenLifetimeMs: DAY_MS,
    origins: [],
    queueRetentionMs: 30 * DAY_MS,
    logRetentionMs: undefined,
    editWindowMs: undefined,
    largeGroupMembers: 100,
  });
  const url = server.listen({ host: '127.0.0.1', port: 0 });
  scope.atEnd(async () => {
    await server.stop();
    await stores[Symbol.asyncDispose]();
  });
  return {
    url,
    async account(name) {
      const { token, user_id } = await register({ url, name, password: PASSWORD });
      return { url, token, user_id };
    },
  };
}
