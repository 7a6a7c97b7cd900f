// A whole server in memory with a clock set by hand, for tests: no port, no thread, no wait.
import { FakeClock } from '@parley/adapter-memory/fake-clock';
import { FakeTimers } from '@parley/adapter-memory/fake-timers';
import { MemoryStores, type MemoryStoresOptions } from '@parley/adapter-memory/memory-stores';
import { SeededRandomness } from '@parley/adapter-memory/seeded-randomness';
import { SequentialIds } from '@parley/adapter-memory/sequential-ids';
import type { Credentials } from '@parley/protocol/account';
import { CheapAlgorithm, RecordedLog } from '../account/account-fixture.ts';
import { PasswordHasher } from '../account/password-hasher.ts';
import { ChatServer, type ChatServerOptions } from '../chat-server.ts';
import { TestClient } from './test-client.ts';

export const DAY_MS = 24 * 3_600_000;

export interface FixtureOptions extends MemoryStoresOptions {
  readonly server?: Partial<ChatServerOptions>;
  readonly clock?: FakeClock;
  readonly ids?: SequentialIds;
}

export class ServerFixture {
  readonly clock: FakeClock;
  readonly timers: FakeTimers;
  readonly stores: MemoryStores;
  readonly server: ChatServer;
  readonly ids: SequentialIds;
  readonly log = new RecordedLog();
  readonly #options: FixtureOptions;

  constructor(options: FixtureOptions = {}) {
    this.#options = options;
    this.clock = options.clock ?? new FakeClock();
    this.timers = new FakeTimers(this.clock);
    this.stores = new MemoryStores(options);
    this.ids = options.ids ?? new SequentialIds(1_000);
    this.server = new ChatServer({
      ...this.stores,
      accounts: this.stores.accounts,
      messages: this.stores.messages,
      members: this.stores.members,
      queue: this.stores.queue,
      clock: this.clock,
      timers: this.timers,
      randomness: new SeededRandomness(7),
      ids: this.ids,
      log: this.log,
      hasher: new PasswordHasher({ algorithm: new CheapAlgorithm(), runningMaxCount: 2, waitingMaxCount: 64 }),
      jwt: undefined,
      registration: 'open',
      tokenLifetimeMs: 90 * DAY_MS,
      origins: [],
      queueRetentionMs: 30 * DAY_MS,
      logRetentionMs: undefined,
      ...options.server,
    });
  }

  settle = (): Promise<void> => this.timers.settle();

  async register(name: string): Promise<Credentials> {
    const password = 'correct horse battery staple';
    const outcome = await this.server.accounts.register({ name, password, deviceName: undefined, address: '127.0.0.1' });
    if (outcome.kind === 'refused') throw new Error(JSON.stringify(outcome.fault));
    return outcome.credentials;
  }

  async login(name: string): Promise<Credentials> {
    const password = 'correct horse battery staple';
    const outcome = await this.server.accounts.login({ name, password, deviceName: undefined, address: '127.0.0.1' });
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

  /** A new user, connected. */
  async join(name: string): Promise<TestClient & { token: string }> {
    const { token } = await this.register(name);
    return Object.assign(await this.connect(token), { token });
  }

  /** The process dies, and another starts on the same data. */
  restart(): ServerFixture {
    this.stores.messages.crash();
    return new ServerFixture({ ...this.#options, world: this.stores.world, clock: this.clock, ids: this.ids });
  }
}
