// One run: machines, apps, people and misfortune from one seed; then quiet; then everything is checked.
import { FakeClock } from '@parley/adapter-memory/fake-clock';
import { FakeTimers } from '@parley/adapter-memory/fake-timers';
import { MemoryWorld } from '@parley/adapter-memory/memory-world';
import type { ClientStore } from '@parley/client';
import { Chance } from './chance.ts';
import { FinalChecks } from './final-checks.ts';
import { HistoryChecker } from './history-checker.ts';
import { HttpWay } from './http-way.ts';
import { Installation, type SimUser } from './installation.ts';
import { CLOCK_ERROR_MAX_MS, Nemesis } from './nemesis.ts';
import { Network, type Rewrite } from './network.ts';
import { SimNode, type PortPlants } from './sim-node.ts';
import { Trace } from './trace.ts';
import type { Violation } from './violations.ts';
import { Workload } from './workload.ts';

/** Faults that no healthy system survives unnoticed: each must make the checker speak. */
export interface Plants {
  readonly ports?: PortPlants;
  readonly store?: (store: ClientStore) => ClientStore;
  readonly rewriteDown?: Rewrite;
  readonly rewriteUp?: Rewrite;
  /** Done to the data once all is quiet. */
  readonly tamper?: (world: MemoryWorld) => void;
}

export interface SimulationOptions {
  readonly seed: number;
  /** How many things happen before the faults stop. */
  readonly steps: number;
  readonly plants?: Plants;
}

export interface RunReport {
  readonly seed: number;
  readonly nodes: number;
  readonly steps: number;
  /** The same for the same seed and the same code. */
  readonly digest: string;
  readonly violations: readonly Violation[];
  readonly simulatedMs: number;
  readonly events: number;
  readonly frames: number;
  readonly shown: number;
  readonly operations: { readonly ok: number; readonly refused: number; readonly unknown: number };
  readonly crashes: number;
  readonly cuts: number;
}

const USERS = ['ada', 'bob', 'cem', 'dee'];
/** Two polls of the longest kind, after the last token of before has run out and its app has signed in again. */
const QUIET_MS = 330_000;
const QUIET_STEP_MS = 5_000;
const TOKEN_SHORT_MAX_MS = 120_000;
const TOKEN_LONG_MS = 90 * 24 * 3_600_000;
/** How many of the things that happen are misfortunes: calm, rough, stormy. */
const STRIKE_PROBABILITIES = [0.05, 0.2, 0.5] as const;

export class Simulation {
  readonly #options: SimulationOptions;
  readonly #clock = new FakeClock();
  readonly #timers = new FakeTimers(this.#clock);
  readonly #chance: Chance;
  readonly #trace = new Trace(this.#clock);
  readonly #world: MemoryWorld;
  readonly #checker: HistoryChecker;
  readonly #network: Network;
  readonly #http: HttpWay;
  readonly #nodes: readonly SimNode[];
  readonly #nemesis: Nemesis;
  readonly #workload: Workload;
  readonly #epochMs = this.#clock.now();

  constructor(options: SimulationOptions) {
    this.#options = options;
    this.#chance = new Chance(options.seed);
    this.#world = new MemoryWorld({ pause: this.#storePause(this.#chance.fork('store')) });
    this.#checker = new HistoryChecker({ world: this.#world, trace: this.#trace });
    const { rewriteDown, rewriteUp } = options.plants ?? {};
    const shared = { clock: this.#clock, timers: this.#timers, trace: this.#trace };
    const routing = this.#chance.fork('route');
    this.#network = new Network({
      ...shared,
      chance: this.#chance.fork('network'),
      tap: this.#checker.wire,
      route: () => this.#route(routing)?.life,
      rewriteDown,
      rewriteUp,
    });
    this.#http = new HttpWay({
      ...shared,
      chance: this.#chance.fork('http'),
      route: () => this.#route(routing)?.life,
    });
    this.#nodes = this.#makeNodes();
    this.#nemesis = new Nemesis({
      ...shared,
      chance: this.#chance.fork('nemesis'),
      network: this.#network,
      http: this.#http,
      nodes: this.#nodes,
      installations: () => this.#checker.installations,
      install: ({ user }) => this.#install(user).start(),
    });
    this.#workload = new Workload({
      clock: this.#clock,
      chance: this.#chance.fork('workload'),
      checker: this.#checker,
    });
  }

  async run(): Promise<RunReport> {
    await this.#prepare();
    const chance = this.#chance.fork('steps');
    const strikes = chance.pick(STRIKE_PROBABILITIES) ?? 0;
    for (let step = 0; step < this.#options.steps; step++) {
      if (chance.happens(strikes)) this.#nemesis.strike();
      else this.#workload.act();
      await this.#pass(this.#stepMs(chance));
    }
    this.#nemesis.heal();
    for (const node of this.#nodes) node.tokenLifetimeMs = TOKEN_LONG_MS;
    for (let ms = 0; ms < QUIET_MS; ms += QUIET_STEP_MS) await this.#pass(QUIET_STEP_MS);
    this.#options.plants?.tamper?.(this.#world);
    new FinalChecks({
      checker: this.#checker,
      epochMs: this.#epochMs,
      clockErrorMaxMs: CLOCK_ERROR_MAX_MS + 1_000,
    }).run();
    return this.#report();
  }

  async #prepare(): Promise<void> {
    for (const node of this.#nodes) node.start();
    for (const name of USERS) {
      const installation = this.#install({ name, password: `${name} likes long walks`, id: undefined });
      await this.#until(installation.register());
      installation.start();
      const others = this.#chance.below(3);
      for (let other = 0; other < others; other++) this.#install(installation.user).start();
    }
    await this.#pass(2_000);
    for (const installation of this.#checker.installations) {
      const { client } = installation;
      if (client === undefined) continue;
      this.#workload.openDirect({ installation, client });
      if (this.#chance.happens(0.4)) this.#workload.createGroup({ installation, client });
    }
    await this.#pass(1_000);
  }

  #makeNodes(): SimNode[] {
    const count = this.#chance.happens(0.5) ? 1 : 2;
    const inbox = this.#chance.happens(0.5) ? 'join' : 'written';
    const tokenLifetimeMs = this.#chance.happens(0.25)
      ? this.#chance.between(40_000, TOKEN_SHORT_MAX_MS)
      : TOKEN_LONG_MS;
    return Array.from({ length: count }, (_, at) => {
      const name = `node${at + 1}`;
      return new SimNode({
        name,
        inbox,
        tokenLifetimeMs,
        world: this.#world,
        clock: this.#clock,
        timers: this.#timers,
        chance: this.#chance.fork(name),
        trace: this.#trace,
        network: this.#network,
        worker: at,
        plants: this.#options.plants?.ports ?? {},
        unexpected: (what) => this.#checker.violations.add('unexpected', what),
      });
    });
  }

  #install(user: SimUser): Installation {
    const { installations } = this.#checker;
    const name = `${user.name}/${installations.filter((each) => each.user.name === user.name).length + 1}`;
    const installation = new Installation({
      name,
      user,
      clock: this.#clock,
      timers: this.#timers,
      chance: this.#chance.fork(name),
      trace: this.#trace,
      network: this.#network,
      fetch: this.#http.fetch,
      watcher: this.#checker,
      plantedStore: this.#options.plants?.store,
    });
    installations.push(installation);
    return installation;
  }

  /** A load balancer that does not always know yet who is down. */
  #route(chance: Chance): SimNode | undefined {
    const listening = this.#nodes.filter((node) => node.life?.listening === true);
    return chance.happens(0.03) ? chance.pick(this.#nodes) : chance.pick(listening);
  }

  /** Half of the calls of a store are quick, some are slow: what is asked for first need not be done first. */
  #storePause(chance: Chance): () => Promise<void> {
    return () => {
      if (chance.happens(0.5)) return Promise.resolve();
      const { promise, resolve } = Promise.withResolvers<void>();
      const ms = chance.happens(0.02) ? chance.between(100, 2_000) : chance.between(0, 15);
      this.#timers.after(ms, resolve);
      return promise;
    };
  }

  #stepMs(chance: Chance): number {
    const pace = chance.weighted({ none: 30, short: 35, middle: 30, long: 5 });
    switch (pace) {
      case 'none':
        return 0;
      case 'short':
        return chance.between(1, 60);
      case 'middle':
        return chance.between(60, 1_000);
      case 'long':
        return chance.between(1_000, 10_000);
    }
  }

  async #pass(ms: number): Promise<void> {
    await this.#timers.advance(ms);
    this.#checker.sampleMarks();
  }

  /** Lets time pass until something is done. */
  async #until(done: Promise<void>): Promise<void> {
    let isDone = false;
    const noted = done.finally(() => {
      isDone = true;
    });
    while (!isDone) await this.#timers.advance(10);
    await noted;
  }

  #report(): RunReport {
    const { operations, violations, wire, shownCount } = this.#checker;
    return {
      seed: this.#options.seed,
      nodes: this.#nodes.length,
      steps: this.#options.steps,
      digest: this.#trace.digest(),
      violations: violations.found,
      simulatedMs: this.#clock.monotonic(),
      events: this.#trace.count,
      frames: wire.framesCount,
      shown: shownCount,
      operations: {
        ok: operations.count('ok'),
        refused: operations.count('refused'),
        unknown: operations.count('unknown'),
      },
      crashes: this.#nemesis.crashes,
      cuts: this.#nemesis.cuts,
    };
  }
}

/** Runs one seed from beginning to end. */
export function simulate(options: SimulationOptions): Promise<RunReport> {
  return new Simulation(options).run();
}

/** A report for people: one line, and each violation with the events around it. */
export function describe({ violations, ...run }: RunReport, shown = 3): string {
  const { ok, refused, unknown } = run.operations;
  const line = `seed ${run.seed}: ${run.nodes} nodes, ${run.steps} steps, ${Math.round(run.simulatedMs / 1_000)} s, ${run.frames} frames, ${ok} ok, ${refused} refused, ${unknown} unknown, ${run.shown} shown, ${run.crashes} crashes, ${run.cuts} cuts, digest ${run.digest}`;
  const found = violations
    .slice(0, shown)
    .flatMap(({ invariant, what, events }) => [
      `seed ${run.seed} violates ${invariant}: ${what}`,
      ...events.map((event) => `    ${event}`),
    ]);
  return [line, ...found].join('\n');
}
