// Several chat servers in one process on the same data and in the same time, joined by a bus that a test may disturb.
import { FakeClock } from '@parley/adapter-memory/fake-clock';
import { FakeTimers } from '@parley/adapter-memory/fake-timers';
import { MemoryConnectionRegistry } from '@parley/adapter-memory/memory-connection-registry';
import { MemoryLeaseStore } from '@parley/adapter-memory/memory-lease-store';
import { type BusFate, MemoryBusHub, MemoryNodeBus } from '@parley/adapter-memory/memory-node-bus';
import { MemoryStatusCache } from '@parley/adapter-memory/memory-status-cache';
import { MemoryWorld } from '@parley/adapter-memory/memory-world';
import { SequentialIds } from '@parley/adapter-memory/sequential-ids';
import type { Timer, Timers } from '@parley/ports/timers';
import type { ChatServerOptions } from '../chat-server.ts';
import { ServerFixture } from './server-fixture.ts';
import { StoreFaults } from './store-faults.ts';
import type { TestClient } from './test-client.ts';

const DELIVERED: readonly number[] = [0];

export interface ClusterFixtureOptions {
  /** How many nodes to start with: node-1, node-2 … */
  readonly nodes?: number;
  readonly server?: Partial<ChatServerOptions>;
}

/** The timers of one node: they end with it. */
class NodeTimers implements Timers {
  readonly #shared: FakeTimers;
  dead = false;

  constructor(shared: FakeTimers) {
    this.#shared = shared;
  }

  after(delayMs: number, call: () => void): Timer {
    return this.#shared.after(delayMs, this.#whileAlive(call));
  }

  every(intervalMs: number, call: () => void): Timer {
    return this.#shared.every(intervalMs, this.#whileAlive(call));
  }

  soon(call: () => void): void {
    this.#shared.soon(this.#whileAlive(call));
  }

  #whileAlive(call: () => void): () => void {
    return () => {
      if (!this.dead) call();
    };
  }
}

/** One node: what a ServerFixture has, on data that others share. */
export class ClusterNode extends ServerFixture {
  readonly name: string;
  readonly bus: MemoryNodeBus;
  readonly leases: MemoryLeaseStore;
  readonly #timers: NodeTimers;

  constructor(cluster: ClusterFixture, name: string, options: NodeOptions) {
    const timers = new NodeTimers(cluster.timers);
    const bus = new MemoryNodeBus(cluster.hub);
    const faults = options.faults ?? new StoreFaults();
    const { world, clock } = cluster;
    const leases = new MemoryLeaseStore({ world, clock, fault: faults.decide });
    super({
      world,
      clock,
      timers: cluster.timers,
      ids: cluster.ids,
      faults,
      seed: options.seed,
      server: {
        status: cluster.status,
        timers,
        cluster: { node: name, url: `ws://${name}.test`, bus, registry: cluster.registry, leases },
        ...options.server,
      },
    });
    this.name = name;
    this.bus = bus;
    this.leases = leases;
    this.#timers = timers;
  }

  /** The process dies: nothing of it says or does anything any more. Its clients' sockets stay as they are. */
  async crash(): Promise<void> {
    this.#timers.dead = true;
    this.stores.crash();
    this.leases.crash();
    await this.bus[Symbol.asyncDispose]();
  }

  /** It stops as planned, while time passes as it needs. */
  async stop(): Promise<void> {
    let stopped = false;
    const stopping = this.server.stop().then(() => {
      stopped = true;
    });
    for (let waited = 0; !stopped && waited < STOP_MAX_MS; waited += STOP_STEP_MS) {
      await this.timers.advance(STOP_STEP_MS);
    }
    await stopping;
    await this.bus[Symbol.asyncDispose]();
  }
}

const STOP_MAX_MS = 60_000;
const STOP_STEP_MS = 20;

interface NodeOptions {
  readonly seed: number;
  readonly server?: Partial<ChatServerOptions>;
  readonly faults?: StoreFaults;
}

export class ClusterFixture {
  readonly clock = new FakeClock();
  readonly timers = new FakeTimers(this.clock);
  /** What a node's faults hold up is waited for. */
  readonly world = new MemoryWorld({
    pause: async () => {
      await Promise.all(this.nodes.map((node) => node.faults.pause()));
    },
  });
  readonly ids = new SequentialIds(1_000);
  readonly status = new MemoryStatusCache(this.clock);
  readonly registry = new MemoryConnectionRegistry(this.clock);
  /** What becomes of each message on the bus; a test may set it. */
  fate: BusFate = () => DELIVERED;
  readonly hub = new MemoryBusHub({ timers: this.timers, fate: (message) => this.fate(message) });
  readonly nodes: ClusterNode[] = [];
  readonly #options: ClusterFixtureOptions;

  private constructor(options: ClusterFixtureOptions) {
    this.#options = options;
  }

  /** Two nodes unless told otherwise, which know each other. */
  static async start(options: ClusterFixtureOptions = {}): Promise<ClusterFixture> {
    const cluster = new ClusterFixture(options);
    for (let count = options.nodes ?? 2; count > 0; count -= 1) await cluster.add();
    // Each looks for the others every 2 s, gives up what is theirs, and then reads who has what.
    await cluster.timers.advance(NODES_KNOWN_MS);
    return cluster;
  }

  /** One more node, which has joined; the others learn of it when they next look. */
  async add(options: Omit<NodeOptions, 'seed'> = {}): Promise<ClusterNode> {
    const number = this.nodes.length + 1;
    const { server } = this.#options;
    const all = { ...server, ...options.server };
    const node = new ClusterNode(this, `node-${number}`, { ...options, seed: 7 + number, server: all });
    this.nodes.push(node);
    await node.server.start();
    return node;
  }

  settle = (): Promise<void> => this.timers.settle();

  advance(ms: number): Promise<void> {
    return this.timers.advance(ms);
  }

  /** The number counts from 1, as their names do. */
  node(number: number): ClusterNode {
    const node = this.nodes[number - 1];
    if (node === undefined) throw new Error(`there is no node ${number}`);
    return node;
  }

  /** A new user, connected to that node. */
  join(number: number, name: string): Promise<TestClient & { token: string }> {
    return this.node(number).join(name);
  }
}

const NODES_KNOWN_MS = 6_500;
