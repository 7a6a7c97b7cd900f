// A real server on a port, on the stores that a test names; users register as anybody does.
import { MemoryStatusCache } from '@parley/adapter-memory/memory-status-cache';
import { MemoryStores } from '@parley/adapter-memory/memory-stores';
import { SystemClock } from '@parley/adapter-system/system-clock';
import { SystemRandomness } from '@parley/adapter-system/system-randomness';
import { SystemTimers } from '@parley/adapter-system/system-timers';
import { CheapAlgorithm, RecordedLog } from '@parley/server/account/account-fixture';
import { PasswordHasher } from '@parley/server/account/password-hasher';
import { ChatServer } from '@parley/server/chat-server';
import { Snowflake } from '@parley/server/message/snowflake';
import { register } from '@parley/client';
import { configFrom } from '@parley/server-app/config';
import { readEnvironment } from '@parley/server-app/env';
import { openStores, type StoresParts } from '@parley/server-app/stores';
import type { Scope } from '../lib/scope.ts';
import { openTestStores, type StoresKind } from '../lib/test-stores.ts';

export type StoresName = 'memory' | StoresKind;

const DAY_MS = 24 * 3_600_000;
const PASSWORD = 'a fine password';
const LARGE_GROUP_MEMBERS = 100;

export interface World {
  readonly url: string;
  account(name: string): Promise<{ url: string; token: string; user_id: string }>;
}

export async function startWorld(kind: StoresName, scope: Scope): Promise<World> {
  const clock = new SystemClock();
  const timers = new SystemTimers();
  const randomness = new SystemRandomness();
  const log = new RecordedLog();
  const parts = { clock, timers, randomness, log, largeGroupMembers: LARGE_GROUP_MEMBERS };
  const { ports, close } = kind === 'memory' ? inMemory(parts) : await opened(kind, scope, parts);
  const server = new ChatServer({
    ...ports,
    clock,
    timers,
    randomness,
    log,
    hasher: new PasswordHasher({ algorithm: new CheapAlgorithm(), runningMaxCount: 2, waitingMaxCount: 64 }),
    jwt: undefined,
    registration: 'open',
    tokenLifetimeMs: DAY_MS,
    origins: [],
    queueRetentionMs: 30 * DAY_MS,
    logRetentionMs: undefined,
    editWindowMs: undefined,
    largeGroupMembers: LARGE_GROUP_MEMBERS,
  });
  const url = server.listen({ host: '127.0.0.1', port: 0 });
  scope.atEnd(async () => {
    await server.stop();
    await close();
  });
  return {
    url,
    async account(name) {
      const { token, user_id } = await register({ url, name, password: PASSWORD });
      return { url, token, user_id };
    },
  };
}

function inMemory({ clock }: StoresParts) {
  const stores = new MemoryStores();
  const status = new MemoryStatusCache(clock);
  const ids = new Snowflake({ clock, worker: 0, after: undefined });
  const { messages, members, queue, accounts, receipts, personal, contacts, invites, reports } = stores;
  return {
    ports: {
      messages,
      members,
      queue,
      accounts,
      receipts,
      personal,
      contacts,
      invites,
      reports,
      status,
      ids,
    },
    close: () => stores[Symbol.asyncDispose](),
  };
}

async function opened(kind: StoresKind, scope: Scope, parts: StoresParts) {
  const { directory, env } = await openTestStores(kind, scope);
  const stores = await openStores(configFrom(readEnvironment(env), { directory }).stores, parts);
  return { ports: stores.ports, close: () => stores[Symbol.asyncDispose]() };
}
