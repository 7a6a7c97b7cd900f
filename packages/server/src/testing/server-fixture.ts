// A whole server in memory with a clock set by hand, for tests: no port, no thread, no wait.
import { FakeClock } from '@parley/adapter-memory/fake-clock';
import { FakeTimers } from '@parley/adapter-memory/fake-timers';
import { MemoryStores, type MemoryStoresOptions } from '@parley/adapter-memory/memory-stores';
import { MemoryStatusCache } from '@parley/adapter-memory/memory-status-cache';
import { MemoryWorld } from '@parley/adapter-memory/memory-world';
import { SeededRandomness } from '@parley/adapter-memory/seeded-randomness';
import { SequentialIds } from '@parley/adapter-memory/sequential-ids';
import type { Credentials } from '@parley/protocol/account';
import type { UserId } from '@parley/protocol/ids';
import { CheapAlgorithm, RecordedLog } from '../account/account-fixture.ts';
import { PasswordHasher } from '../account/password-hasher.ts';
import { ChatServer, type ChatServerOptions } from '../chat-server.ts';
import { StoreFaults } from './store-faults.ts';
import { TestClient } from './test-client.ts';

export const DAY_MS = 24 * 3_600_000;

export interface FixtureOptions extends MemoryStoresOptions {
  readonly server?: Partial<ChatServerOptions>;
  readonly clock?: FakeClock;
  readonly timers?: FakeTimers;
  readonly ids?: SequentialIds;
  /** How the stores fail; also theirs after a restart. */
  readonly faults?: StoreFaults;
  /** Of the server's randomness: tokens, jitter. */
  readonly seed?: number;
}

export class ServerFixture {
  readonly clock: FakeClock;
  readonly timers: FakeTimers;
  readonly stores: MemoryStores;
  readonly server: ChatServer;
  readonly status: MemoryStatusCache;
  readonly ids: SequentialIds;
  readonly faults: StoreFaults;
  readonly log = new RecordedLog();
  readonly #options: FixtureOptions;

  constructor(options: FixtureOptions = {}) {
    this.#options = options;
    this.clock = options.clock ?? new FakeClock();
    this.timers = options.timers ?? new FakeTimers(this.clock);
    this.faults = options.faults ?? new StoreFaults();
    const world = options.world ?? new MemoryWorld({ pause: this.faults.pause });
    this.stores = new MemoryStores({ fault: this.faults.decide, ...options, world });
    this.ids = options.ids ?? new SequentialIds(1_000);
    this.status = new MemoryStatusCache(this.clock);
    this.server = new ChatServer({
      accounts: this.stores.accounts,
      messages: this.stores.messages,
      members: this.stores.members,
      queue: this.stores.queue,
      receipts: this.stores.receipts,
      personal: this.stores.personal,
      contacts: this.stores.contacts,
      invites: this.stores.invites,
      reports: this.stores.reports,
      status: this.status,
      clock: this.clock,
      timers: this.timers,
      randomness: new SeededRandomness(options.seed ?? 7),
      ids: this.ids,
      log: this.log,
      hasher: new PasswordHasher({
        algorithm: new CheapAlgorithm(),
        runningMaxCount: 2,
        waitingMaxCount: 64,
      }),
      jwt: undefined,
      registration: 'open',
      tokenLifetimeMs: 90 * DAY_MS,
      origins: [],
      queueRetentionMs: 30 * DAY_MS,
      logRetentionMs: undefined,
      editWindowMs: undefined,
      largeGroupMembers: 100,
      ...options.server,
    });
  }

  settle = (): Promise<void> => this.timers.settle();

  register(name: string): Promise<Credentials> {
    return this.#signIn('register', name);
  }

  login(name: string): Promise<Credentials> {
    return this.#signIn('login', name);
  }

  async #signIn(how: 'register' | 'login', name: string): Promise<Credentials> {
    const password = 'correct horse battery staple';
    const request = { name, password, deviceName: undefined, address: '127.0.0.1' };
    const outcome = await this.server.accounts[how](request);
    if (outcome.kind === 'refused') throw new Error(JSON.stringify(outcome.fault));
    return outcome.credentials;
  }

  /** A socket that has said nothing yet. */
  open(): TestClient {
    return new TestClient(this.server.gateway, this.settle);
  }

  async connect(token: string): Promise<TestClient> {
    const client = this.open();
    await client.hello(token);
    return client;
  }

  /** A new user's account, by a name that says nothing: for groups of many. */
  async registerMany(count: number): Promise<UserId[]> {
    const users = Array.from({ length: count }, () => this.ids.next() as UserId);
    await Promise.all(
      users.map((id) => {
        const common = { passwordHash: undefined, externalId: `many|${id}`, createdAt: 0 };
        return this.stores.accounts.createUser({ id, name: `many-${id}`, ...common });
      }),
    );
    return users;
  }

  /** A new user, connected. */
  async join(name: string): Promise<TestClient & { token: string }> {
    const { token } = await this.register(name);
    return Object.assign(await this.connect(token), { token });
  }

  /** The process dies, and another starts on the same data. */
  restart(): ServerFixture {
    this.stores.crash();
    return this.second({ timers: new FakeTimers(this.clock) });
  }

  /** Another server at work on the same data, and in the same time, as two nodes would be. */
  second(options: Pick<FixtureOptions, 'timers' | 'server' | 'seed' | 'faults'> = {}): ServerFixture {
    const { stores, clock, ids, timers, faults } = this;
    const shared = { world: stores.world, clock, ids, timers, faults };
    return new ServerFixture({ seed: 11, ...this.#options, ...shared, ...options });
  }
}
