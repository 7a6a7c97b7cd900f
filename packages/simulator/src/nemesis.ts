// What goes wrong: crashes, drains, cuts, silence, slow readers, failing stores, stepping clocks, dying and leaving apps.
import type { Timers } from '@parley/ports/timers';
import type { Chance } from './chance.ts';
import type { HttpWay } from './http-way.ts';
import type { Installation } from './installation.ts';
import type { Network } from './network.ts';
import type { SimNode } from './sim-node.ts';
import type { Weather } from './store-weather.ts';
import type { Trace } from './trace.ts';

export interface NemesisOptions {
  readonly chance: Chance;
  readonly timers: Timers;
  readonly trace: Trace;
  readonly network: Network;
  readonly http: HttpWay;
  readonly nodes: readonly SimNode[];
  readonly installations: () => readonly Installation[];
  /** Another installation for the same user. */
  readonly install: (like: Installation) => void;
}

/** A clock is set to at most this much off the truth. */
export const CLOCK_ERROR_MAX_MS = 40_000;
const WEATHER_MAX_MS = 8_000;
const DOWN_MAX_MS = 6_000;
const AWAY_MAX_MS = 40_000;
const INSTALLATIONS_PER_USER_MAX_COUNT = 5;

export class Nemesis {
  readonly #options: NemesisOptions;
  #healed = false;
  crashes = 0;
  cuts = 0;

  constructor(options: NemesisOptions) {
    this.#options = options;
  }

  /** One thing that goes wrong. */
  strike(): void {
    const { chance } = this.#options;
    const what = chance.weighted({
      crash: 10,
      drain: 5,
      cut: 20,
      cutAll: 3,
      silence: 10,
      slow: 8,
      latency: 4,
      refuse: 4,
      weather: 22,
      kill: 10,
      away: 4,
      install: 3,
      signOut: 2,
      http: 3,
    });
    switch (what) {
      case 'crash':
      case 'drain':
      case 'weather':
        return this.#strikeNode(what);
      case 'cut':
      case 'cutAll':
      case 'silence':
      case 'slow':
        return this.#strikeConnection(what);
      case 'latency':
        return this.#forAWhile(
          (on) => (this.#options.network.extraLatencyMs = on ? chance.between(50, 1_500) : 0),
        );
      case 'refuse':
        return this.#forAWhile((on) => (this.#options.network.refusing = on ? 0.8 : 0));
      case 'http':
        return this.#forAWhile((on) => (this.#options.http.losing = on ? 0.5 : 0));
      case 'kill':
      case 'away':
      case 'install':
      case 'signOut':
        return this.#strikeInstallation(what);
    }
  }

  /** Nothing goes wrong any more; everything that was stopped is started. */
  heal(): void {
    const { network, http, nodes, installations, trace } = this.#options;
    trace.note('all faults stop');
    this.#healed = true;
    network.heal();
    http.losing = 0;
    for (const node of nodes) {
      node.weather.clear();
      node.start();
    }
    for (const installation of installations()) installation.start();
  }

  #strikeNode(what: 'crash' | 'drain' | 'weather'): void {
    const { chance, nodes } = this.#options;
    const node = chance.pick(nodes);
    if (node?.life === undefined) return;
    switch (what) {
      case 'weather':
        return node.weather.turn(this.#weather(), chance.between(100, WEATHER_MAX_MS));
      case 'crash':
        this.crashes += 1;
        node.crash(chance.happens(0.7) ? 'reset' : 'silent');
        return this.#restart(node);
      case 'drain':
        node.drain().then(
          () => this.#restart(node),
          (error: unknown) => this.#options.trace.note(`a drain failed: ${String(error)}`),
        );
    }
  }

  #restart(node: SimNode): void {
    const { chance, timers } = this.#options;
    // Nobody answers for the clock of a machine that starts: it may be behind what it was before.
    if (chance.happens(0.5)) node.clock.offsetMs = chance.between(-CLOCK_ERROR_MAX_MS, CLOCK_ERROR_MAX_MS);
    if (this.#healed) node.start();
    else timers.after(chance.between(10, DOWN_MAX_MS), () => node.start());
  }

  #weather(): Weather {
    const { chance } = this.#options;
    const kind = chance.weighted({ unsteady: 5, full: 1, unavailable: 1, unreadable: 2 });
    const probability = chance.pick([0.05, 0.3, 0.8]) ?? 0.3;
    return kind === 'unsteady' || kind === 'unreadable' ? { kind, probability } : { kind };
  }

  #strikeConnection(what: 'cut' | 'cutAll' | 'silence' | 'slow'): void {
    const { chance, network } = this.#options;
    const open = network.connections.filter((connection) => connection.isOpen);
    const connection = chance.pick(open);
    if (connection === undefined) return;
    switch (what) {
      case 'cut':
        this.cuts += 1;
        return connection.cut();
      case 'cutAll':
        this.cuts += open.length;
        for (const each of open) each.cut();
        return;
      case 'silence':
        return connection.goSilent(chance.pick(['up', 'down', 'both'] as const) ?? 'both');
      case 'slow':
        return connection.readSlowly(chance.between(500, 15_000));
    }
  }

  #strikeInstallation(what: 'kill' | 'away' | 'install' | 'signOut'): void {
    const { chance, timers, install } = this.#options;
    const all = this.#options.installations().filter((installation) => !installation.retired);
    const installation = chance.pick(all);
    if (installation === undefined) return;
    const ofUser = all.filter(({ user }) => user === installation.user).length;
    const backIn = (ms: number): void => void timers.after(ms, () => installation.start());
    switch (what) {
      case 'kill':
        installation.kill(chance.happens(0.6) ? 'reset' : 'silent');
        return backIn(chance.between(10, DOWN_MAX_MS));
      case 'away':
        // Neither closing nor signing out rejects.
        void installation.close();
        return backIn(chance.between(1_000, AWAY_MAX_MS));
      case 'install':
        if (ofUser < INSTALLATIONS_PER_USER_MAX_COUNT) install(installation);
        return;
      case 'signOut':
        if (ofUser > 1) void installation.signOut();
    }
  }

  #forAWhile(set: (on: boolean) => void): void {
    const { chance, timers } = this.#options;
    set(true);
    timers.after(chance.between(500, WEATHER_MAX_MS), () => set(false));
  }
}
