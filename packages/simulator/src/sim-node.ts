// One server machine: it starts, crashes, drains and starts again on the same world, with a clock of its own.
import type { FakeTimers } from '@parley/adapter-memory/fake-timers';
import { MemoryStores } from '@parley/adapter-memory/memory-stores';
import { MemoryStatusCache } from '@parley/adapter-memory/memory-status-cache';
import type { MemoryWorld } from '@parley/adapter-memory/memory-world';
import type { Clock } from '@parley/ports/clock';
import type { IdSource } from '@parley/ports/id-source';
import type { Log } from '@parley/ports/log';
import type { MessageStore } from '@parley/ports/message-store';
import type { OfflineQueue } from '@parley/ports/offline-queue';
import { StoreError } from '@parley/ports/store-error';
import type { PasswordAlgorithm } from '@parley/server/account/argon2id';
import { PasswordHasher } from '@parley/server/account/password-hasher';
import { ChatServer } from '@parley/server/chat-server';
import type { Gateway } from '@parley/server/gateway/gateway';
import { Snowflake } from '@parley/server/message/snowflake';
import type { Chance } from './chance.ts';
import { MortalTimers } from './mortal-timers.ts';
import type { Network, NodeEnd } from './network.ts';
import { SkewedClock } from './skewed-clock.ts';
import { StoreWeather } from './store-weather.ts';
import type { Trace } from './trace.ts';

/** Faults that are planted at a port, to see that the checker finds them. */
export interface PortPlants {
  readonly messages?: (store: MessageStore, world: MemoryWorld) => MessageStore;
  readonly queue?: (queue: OfflineQueue, world: MemoryWorld) => OfflineQueue;
  readonly ids?: (ids: IdSource) => IdSource;
}

export interface SimNodeOptions {
  readonly name: string;
  readonly world: MemoryWorld;
  readonly inbox: 'join' | 'written';
  readonly clock: Clock;
  readonly timers: FakeTimers;
  readonly chance: Chance;
  readonly trace: Trace;
  readonly network: Network;
  readonly tokenLifetimeMs: number;
  /** Of its ids; no other node has it. */
  readonly worker: number;
  readonly plants: PortPlants;
  /** A failure that no fault explains. */
  readonly unexpected: (what: string) => void;
}

interface Life extends NodeEnd {
  alive: boolean;
  listening: boolean;
  readonly server: ChatServer;
  readonly stores: MemoryStores;
  readonly timers: MortalTimers;
}

const DAY_MS = 24 * 3_600_000;

export class SimNode {
  readonly clock: SkewedClock;
  /** Of tokens that are made from now on. */
  tokenLifetimeMs: number;
  readonly weather: StoreWeather;
  readonly #options: SimNodeOptions;
  #life: Life | undefined;
  #lives = 0;

  constructor(options: SimNodeOptions) {
    this.#options = options;
    this.tokenLifetimeMs = options.tokenLifetimeMs;
    this.clock = new SkewedClock(options.clock, options.chance.between(-5_000, 5_000));
    this.weather = new StoreWeather({ chance: options.chance.fork('weather'), clock: options.clock });
  }

  get name(): string {
    return this.#options.name;
  }

  /** Undefined while it is down. */
  get life(): (NodeEnd & { readonly server: { readonly http: ChatServer['http'] } }) | undefined {
    return this.#life;
  }

  start(): void {
    if (this.#life !== undefined) return;
    const { world, inbox, chance, timers: shared, trace, plants } = this.#options;
    this.#lives += 1;
    trace.note(`${this.name} starts, its clock off by ${this.clock.offsetMs} ms`);
    const stores = new MemoryStores({ world, inbox, fault: this.weather.decide });
    const createToken = stores.accounts.createToken.bind(stores.accounts);
    stores.accounts.createToken = (token) =>
      createToken({ ...token, expiresAt: token.createdAt + this.tokenLifetimeMs });
    const timers = new MortalTimers(shared);
    const { clock } = this;
    const ids = new Snowflake({ clock, worker: this.#options.worker, after: greatestId(world) });
    const server = new ChatServer({
      messages: plants.messages?.(stores.messages, world) ?? stores.messages,
      members: stores.members,
      queue: plants.queue?.(stores.queue, world) ?? stores.queue,
      accounts: stores.accounts,
      receipts: stores.receipts,
      personal: stores.personal,
      contacts: stores.contacts,
      invites: stores.invites,
      reports: stores.reports,
      status: new MemoryStatusCache(clock),
      clock,
      timers,
      randomness: chance.fork(`life ${this.#lives}`).randomness,
      ids: plants.ids?.(ids) ?? ids,
      log: this.#log(),
      hasher: new PasswordHasher({ algorithm: PLAIN, runningMaxCount: 2, waitingMaxCount: 64 }),
      jwt: undefined,
      registration: 'open',
      tokenLifetimeMs: this.tokenLifetimeMs,
      origins: [],
      queueRetentionMs: 30 * DAY_MS,
      logRetentionMs: undefined,
      editWindowMs: undefined,
      // A store without joins knows of no large groups.
      largeGroupMembers: inbox === 'join' ? 3 : 100,
    });
    const gateway: Gateway = server.gateway;
    this.#life = {
      name: `${this.name}/${this.#lives}`,
      alive: true,
      listening: true,
      server,
      gateway,
      stores,
      timers,
    };
  }

  /** The process dies. With `silent`, so does the machine, and nobody tells the clients. */
  crash(how: 'reset' | 'silent'): void {
    const life = this.#life;
    if (life === undefined) return;
    this.#options.trace.note(`${this.name} crashes (${how})`);
    this.#end(life, how);
  }

  /** A planned stop. Resolves when it is down; it may crash meanwhile. */
  async drain(): Promise<void> {
    const life = this.#life;
    if (life === undefined || !life.listening) return;
    this.#options.trace.note(`${this.name} drains`);
    life.listening = false;
    await life.server.stop();
    if (!life.alive) return;
    await life.stores[Symbol.asyncDispose]();
    if (!life.alive) return;
    this.#options.trace.note(`${this.name} has stopped`);
    this.#end(life, 'reset');
  }

  #end(life: Life, how: 'reset' | 'silent'): void {
    life.alive = false;
    life.listening = false;
    life.stores.crash();
    life.timers.kill();
    this.#options.network.nodeDied(life, how);
    this.#life = undefined;
  }

  #log(): Log {
    const { trace, unexpected } = this.#options;
    const note = (fields: Readonly<Record<string, unknown>>, message: string): void => {
      const { error } = fields;
      trace.note(`${this.name} logs: ${message}${error instanceof Error ? `: ${error.message}` : ''}`);
      if (error instanceof Error && !(error instanceof StoreError)) unexpected(`${message}: ${error.stack}`);
    };
    return { debug: () => undefined, info: () => undefined, warn: note, error: note };
  }
}

/** What a node that starts reads from its store: its ids go on above it, whatever its clock says. */
function greatestId({ state }: MemoryWorld): string {
  const rows = [...state.logs.values()].flatMap((log) => log.rows.map((row) => row.messageId));
  const ids = [...rows, ...state.users.keys(), ...state.devices.keys(), ...state.conversations.keys()].map(
    BigInt,
  );
  return String(ids.reduce((greatest, id) => (id > greatest ? id : greatest), 0n));
}

/** Hashing is not the subject here. */
const PLAIN: PasswordAlgorithm = {
  hash: (password) => Promise.resolve(`plain$${password}`),
  verify: (password, hash) => Promise.resolve(hash === `plain$${password}`),
  needsRehash: () => false,
  decoy: () => 'plain$decoy',
};
