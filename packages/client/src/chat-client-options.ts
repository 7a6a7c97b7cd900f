// What an app gives to a ChatClient.
import type { ClientLimits } from './client-limits.ts';
import type { OpenSocket } from './client-socket.ts';
import type { ClientStore } from './client-store.ts';
import type { Clock, Randomness, Timers } from './environment.ts';
import type { AppEntry, ClientEvent } from './event.ts';

/** A token, or a function that is asked for one before each connection (a JWT that is fetched anew). */
export type TokenSource = string | (() => string | Promise<string>);

export type ChatClientOptions = {
  /** The server: http, https, ws or wss; `/v1/socket` is added to its path. */
  url: string;
  token: TokenSource;
  /** With a JWT: names this installation, so that it finds its queue again. */
  deviceKey?: string;
  /** With a JWT: what people call this device. */
  deviceName?: string;
  /** Name and version of the app, for the operator's logs. */
  clientName?: string;
  /** Keeps pending sends and cursors; in memory where it is left out. */
  store?: ClientStore;
  /**
   * Called with each entry of each conversation once and in seq order, one at a time per conversation. When it returns
   * (or its promise resolves) the entry is acknowledged. When it throws, the same entry comes again after a pause.
   * A client without it only sends and asks: it acknowledges nothing.
   */
  onEntry?: (entry: AppEntry) => void | Promise<void>;
  onEvent?: (event: ClientEvent) => void;

  /** For tests and simulators; each has a default in system.ts. */
  clock?: Clock;
  timers?: Timers;
  randomness?: Randomness;
  openSocket?: OpenSocket;
  limits?: Partial<ClientLimits>;
};
