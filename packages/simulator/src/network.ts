// The network between clients and nodes: connections that take time, break, go silent or are read slowly.
import type { ClientSocket, OpenSocket } from '@parley/client';
import type { Clock } from '@parley/ports/clock';
import type { Timers } from '@parley/ports/timers';
import type { Gateway } from '@parley/server/gateway/gateway';
import type { Chance } from './chance.ts';
import { Connection, type ClientEnd } from './connection.ts';
import type { Trace } from './trace.ts';

/** One life of a node, as the network sees it. */
export interface NodeEnd {
  readonly name: string;
  /** False from the moment in which the process died. */
  readonly alive: boolean;
  /** False while it takes no new connections. */
  readonly listening: boolean;
  readonly gateway: Gateway;
}

/** Sees every WebSocket message at both ends of its way. */
export interface Tap {
  /** The server wrote it. */
  sent(connection: Connection, text: string): void;
  /** It reached the client. */
  delivered(connection: Connection, text: string): void;
  /** It reached the server. */
  received(connection: Connection, text: string): void;
}

/** Turns one message into what the client gets instead: a planted fault, never part of a normal run. */
export type Rewrite = (connection: Connection, text: string) => readonly string[];

export interface NetworkOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly chance: Chance;
  readonly trace: Trace;
  readonly tap: Tap;
  /** Picks a node for a new connection or request, as a load balancer does; undefined where none can be reached. */
  readonly route: () => NodeEnd | undefined;
  readonly rewriteDown?: Rewrite | undefined;
  readonly rewriteUp?: Rewrite | undefined;
}

export class Network {
  readonly options: NetworkOptions;
  readonly #connections = new Set<Connection>();
  /** Connections are refused with this probability. */
  refusing = 0;
  /** Added to the time that a message takes. */
  extraLatencyMs = 0;
  #count = 0;

  constructor(options: NetworkOptions) {
    this.options = options;
  }

  /** Those that are not over for both ends. */
  get connections(): readonly Connection[] {
    return [...this.#connections];
  }

  get nowMs(): number {
    return this.options.clock.monotonic();
  }

  /** How a client opens sockets. */
  openerFor(client: ClientEnd): OpenSocket {
    return ({ events }): ClientSocket => {
      this.#count += 1;
      const connection = new Connection(this, { id: `c${this.#count}`, client, events });
      this.#connections.add(connection);
      connection.connect();
      return connection;
    };
  }

  forget(connection: Connection): void {
    this.#connections.delete(connection);
  }

  /** What a new connection reaches now. */
  reach(): NodeEnd | undefined {
    const { chance, route } = this.options;
    return chance.happens(this.refusing) ? undefined : route();
  }

  /** A node died: its host says so with a reset, or nobody says anything. */
  nodeDied(node: NodeEnd, how: 'reset' | 'silent'): void {
    for (const connection of this.connections) if (connection.node === node) connection.nodeDied(how);
  }

  /** A client died. */
  clientDied(client: ClientEnd, how: 'reset' | 'silent'): void {
    for (const connection of this.connections) if (connection.client === client) connection.clientDied(how);
  }

  /** No fault is left; what was broken stays broken, as it would. */
  heal(): void {
    this.refusing = 0;
    this.extraLatencyMs = 0;
    for (const connection of this.connections) connection.readFast();
  }
}
