// One installation of the app on one device: its disk, its process that may die, the client in it, and what it was shown.
import {
  ChatClient,
  login,
  logout,
  ParleyError,
  register,
  type AppEntry,
  type ClientEvent,
  type ClientLimits,
  type ClientStore,
  type FetchLike,
} from '@parley/client';
import type { FakeTimers } from '@parley/adapter-memory/fake-timers';
import type { Clock } from '@parley/ports/clock';
import { AppView } from './app-view.ts';
import type { Chance } from './chance.ts';
import type { ClientEnd } from './connection.ts';
import { DurableClientStore } from './durable-client-store.ts';
import { MortalTimers } from './mortal-timers.ts';
import type { Network } from './network.ts';
import { SkewedClock } from './skewed-clock.ts';
import type { Trace } from './trace.ts';

export interface SimUser {
  readonly name: string;
  readonly password: string;
  /** Known once the user has registered. */
  id: string | undefined;
}

/** Told of everything that an app sees. */
export interface AppWatcher {
  shown(installation: Installation, entry: AppEntry): void;
  told(installation: Installation, event: ClientEvent): void;
  /** The process died: what it waited for is unknown. */
  died(installation: Installation): void;
}

export interface InstallationOptions {
  readonly name: string;
  readonly user: SimUser;
  readonly clock: Clock;
  readonly timers: FakeTimers;
  readonly chance: Chance;
  readonly trace: Trace;
  readonly network: Network;
  readonly fetch: FetchLike;
  readonly watcher: AppWatcher;
  /** A fault that is planted at the app's store. */
  readonly plantedStore?: ((store: ClientStore) => ClientStore) | undefined;
}

interface Process extends ClientEnd {
  alive: boolean;
  readonly timers: MortalTimers;
  readonly client: ChatClient;
}

/** A server that nobody resolves: the network routes by itself. */
const URL = 'http://parley.test';
const SMALL: ClientLimits = {
  pendingSendsMaxCount: 40,
  bufferedEntriesMaxCount: 4,
  bufferedEntriesTotalMaxCount: 10,
  pullWindowMaxCount: 3,
  pullsInFlightMaxCount: 2,
};
const SIGN_IN_PAUSE_MAX_MS = 3_000;

export class Installation {
  readonly name: string;
  readonly user: SimUser;
  readonly disk: DurableClientStore;
  readonly views = new Map<string, AppView>();
  /** Every device that it signed in as. */
  readonly devices = new Set<string>();
  /** The device that its present token is of. */
  currentDevice = '';
  /** It is gone for good, and nobody waits for what it had not got. */
  retired = false;
  readonly #options: InstallationOptions;
  readonly #clock: SkewedClock;
  /** It asks for a new token by itself when the old one has run out. */
  readonly #renews: boolean;
  /** Some have little room, so that what does not fit must be fetched again. */
  readonly #limits: Partial<ClientLimits>;
  #token: string | undefined;
  #process: Process | undefined;
  #wanted = false;
  #signingIn = false;
  #lives = 0;

  constructor(options: InstallationOptions) {
    const { chance, timers, clock } = options;
    this.#options = options;
    this.name = options.name;
    this.user = options.user;
    this.disk = new DurableClientStore({ timers, chance: chance.fork('disk') });
    this.#clock = new SkewedClock(clock, chance.between(-60_000, 60_000));
    this.#renews = chance.happens(0.3);
    this.#limits = chance.happens(0.3) ? SMALL : {};
  }

  get client(): ChatClient | undefined {
    return this.#process?.client;
  }

  get isOnline(): boolean {
    return this.client?.state.kind === 'online';
  }

  view(conversation: string): AppView {
    const view = this.views.get(conversation) ?? new AppView();
    this.views.set(conversation, view);
    return view;
  }

  /** Makes the user, signed in here. */
  async register(): Promise<void> {
    const { name, password } = this.user;
    const credentials = await register({ url: URL, name, password, fetch: this.#options.fetch });
    this.user.id = credentials.user_id;
    this.#signedIn(credentials);
  }

  /** From now on it runs, signing in where it must. */
  start(): void {
    if (this.retired) return;
    this.#wanted = true;
    if (this.#process !== undefined) return;
    if (this.#token === undefined) this.#signIn();
    else this.#run(this.#token);
  }

  /** The process dies on the spot; with `silent`, its machine as well. */
  kill(how: 'reset' | 'silent'): void {
    this.#wanted = false;
    const process = this.#process;
    if (process === undefined) return;
    this.#options.trace.note(`${this.name} is killed (${how})`);
    this.#end(process, how);
  }

  /** The app closes its client and ends. */
  async close(): Promise<void> {
    this.#wanted = false;
    const process = this.#process;
    if (process === undefined) return;
    this.#options.trace.note(`${this.name} closes`);
    await process.client.close();
    if (this.#process === process) this.#end(process, 'reset');
  }

  /** Signs out: this device is gone, and the installation with it. */
  async signOut(): Promise<void> {
    const token = this.#token;
    this.#options.trace.note(`${this.name} signs out`);
    this.retired = true;
    if (token !== undefined) {
      await logout({ url: URL, token, fetch: this.#options.fetch }).catch((error: unknown) => {
        this.#options.trace.note(`${this.name} could not sign out: ${String(error)}`);
      });
    }
    await this.close();
  }

  #signedIn({ device_id, token }: { device_id: string; token: string }): void {
    this.#options.trace.note(`${this.name} is signed in as device ${device_id}`);
    this.devices.add(device_id);
    this.currentDevice = device_id;
    this.#token = token;
  }

  #signIn(): void {
    if (this.#signingIn) return;
    this.#signingIn = true;
    const { timers, chance, fetch } = this.#options;
    const { name, password } = this.user;
    login({ url: URL, name, password, fetch }).then(
      (credentials) => {
        this.#signingIn = false;
        this.#signedIn(credentials);
        if (this.#wanted) this.start();
      },
      () => {
        this.#signingIn = false;
        timers.after(chance.between(500, SIGN_IN_PAUSE_MAX_MS), () => {
          if (this.#wanted) this.start();
        });
      },
    );
  }

  #run(token: string): void {
    const { timers: shared, network, chance, trace } = this.#options;
    this.#lives += 1;
    const label = `life ${this.#lives}`;
    const ofLife = chance.fork(label);
    const timers = new MortalTimers(shared);
    const end = { name: `${this.name}#${this.#lives}`, alive: true };
    for (const view of this.views.values()) view.newLife();
    trace.note(`${end.name} starts`);
    const client = new ChatClient({
      url: URL,
      token: this.#renews ? () => this.#freshToken(token) : token,
      store: this.#options.plantedStore?.(this.disk.open(end)) ?? this.disk.open(end),
      limits: this.#limits,
      clock: this.#clock,
      timers,
      randomness: ofLife.randomness,
      openSocket: network.openerFor(end),
      onEntry: (entry) => this.#handle(entry, end, ofLife),
      onEvent: (event) => {
        if (end.alive) this.#told(event);
      },
    });
    this.#process = Object.assign(end, { timers, client });
    // It rejects only where the state says why.
    client.connect().catch(() => undefined);
  }

  /** The token that was given, and a new one when a session was refused or ended with it. */
  async #freshToken(first: string): Promise<string> {
    if (this.#token === first) return first;
    if (this.#token !== undefined) return this.#token;
    const { fetch } = this.#options;
    const { name, password } = this.user;
    const credentials = await login({ url: URL, name, password, fetch });
    this.#signedIn(credentials);
    return credentials.token;
  }

  /** Apps differ: most take an entry at once, some take their time, and some fail now and then. */
  #handle(entry: AppEntry, end: ClientEnd, chance: Chance): void | Promise<void> {
    if (!end.alive) return undefined;
    const { watcher, timers } = this.#options;
    if (chance.happens(0.01)) throw new Error('the app failed');
    if (chance.happens(0.9)) return watcher.shown(this, entry);
    const { promise, resolve } = Promise.withResolvers<void>();
    timers.after(chance.between(1, 200), () => {
      if (!end.alive) return;
      watcher.shown(this, entry);
      resolve();
    });
    return promise;
  }

  #told(event: ClientEvent): void {
    const { watcher, timers, chance } = this.#options;
    watcher.told(this, event);
    if (event.kind !== 'connection') return;
    if (event.state.kind === 'waiting' && event.state.code === 4401) this.#token = undefined;
    if (event.state.kind !== 'closed' || event.state.reason.kind !== 'sign_in') return;
    // The token is of no use any more: sign in again, as another device with the same disk.
    this.#token = undefined;
    const process = this.#process;
    timers.after(chance.between(0, SIGN_IN_PAUSE_MAX_MS), () => {
      if (process !== undefined && this.#process === process) this.#end(process, 'reset');
      if (this.#wanted) this.start();
    });
  }

  #end(process: Process, how: 'reset' | 'silent'): void {
    process.alive = false;
    process.timers.kill();
    this.#process = undefined;
    this.#options.network.clientDied(process, how);
    this.#options.watcher.died(this);
  }
}

/** Whether an error is the server's last word on an operation; else it is unknown what became of it. */
export function refusalOf(error: unknown): string | undefined {
  if (!(error instanceof ParleyError) || error.retry === 'later') return undefined;
  return error.code === 'invalid_credentials' || error.code === 'token_expired' ? undefined : error.code;
}
