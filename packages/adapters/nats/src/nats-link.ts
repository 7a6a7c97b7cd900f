// One connection to NATS for the life of a bus: made again and again, with what was lost told to the one who uses it.
import { connect, type NatsConnection, type NodeConnectionOptions } from '@nats-io/transport-node';
import type { Log } from '@parley/ports/log';
import { BUS_PAYLOAD_MAX_BYTES } from '@parley/ports/node-bus';
import type { Randomness } from '@parley/ports/randomness';
import type { Timer, Timers } from '@parley/ports/timers';
import { reconnectDelayMs } from './connection-options.ts';

export interface NatsLinkParts {
  readonly options: NodeConnectionOptions;
  readonly timers: Timers;
  readonly randomness: Randomness;
  readonly log: Log;
  /** A new connection, which knows no subscription yet. */
  readonly connected: (connection: NatsConnection) => void;
  /** There was a connection before this one, and all subscriptions are in force again. */
  readonly reconnected: () => void;
}

export class NatsLink {
  readonly #parts: NatsLinkParts;
  /** Ends with the link; never rejects. */
  readonly #running: Promise<void>;
  #connection: NatsConnection | undefined;
  #isUp = false;
  #wasUp = false;
  #isEnded = false;
  #isOutageLogged = false;
  #opened: (() => void)[] = [];
  #endPause: (() => void) | undefined;

  constructor(parts: NatsLinkParts) {
    this.#parts = parts;
    this.#running = this.#run();
  }

  /** The connection while it is up. */
  get up(): NatsConnection | undefined {
    return this.#isUp ? this.#connection : undefined;
  }

  /** The connection that keeps the subscriptions, up or not. */
  get current(): NatsConnection | undefined {
    return this.#connection;
  }

  /** Resolves when the first connection is made or the time is over. */
  async opened(withinMs: number): Promise<void> {
    if (this.#wasUp) return;
    let timer: Timer | undefined;
    await new Promise<void>((resolve) => {
      this.#opened.push(resolve);
      timer = this.#parts.timers.after(withinMs, resolve);
    });
    timer?.cancel();
  }

  /** Closes the connection. Never rejects. */
  async end(): Promise<void> {
    this.#isEnded = true;
    this.#endPause?.();
    await this.#connection?.close().catch(() => undefined); // it is closed then, too
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#isEnded) {
      try {
        const connection = await connect(this.#parts.options);
        await this.#use(connection);
      } catch (error) {
        this.#lost(error);
      }
      if (!this.#isEnded) await this.#pause();
    }
    for (const resolve of this.#opened) resolve();
  }

  /** Follows the connection until it is closed for good; what breaks meanwhile the library mends. */
  async #use(connection: NatsConnection): Promise<void> {
    if (this.#isEnded) return await connection.close();
    const states = connection.status();
    this.#connection = connection;
    try {
      this.#parts.connected(connection);
      await this.#isBack(connection);
      for await (const state of states) {
        if (state.type === 'disconnect') this.#lost(new Error(`the connection to ${state.server} was lost`));
        else if (state.type === 'reconnect') await this.#isBack(connection);
        else if (state.type === 'error') this.#parts.log.warn({ error: state.error }, 'the bus said');
      }
      this.#lost(await connection.closed());
    } finally {
      this.#isUp = false;
      this.#connection = undefined;
    }
  }

  async #isBack(connection: NatsConnection): Promise<void> {
    try {
      // An answer of the server to what was sent after the subscriptions: it has those.
      await connection.flush();
    } catch {
      return; // lost again; the state that says so comes next
    }
    const isFirst = !this.#wasUp;
    this.#isUp = true;
    this.#wasUp = true;
    this.#checkPayloadMax(connection);
    if (this.#isOutageLogged) this.#parts.log.info({}, 'the bus is back');
    this.#isOutageLogged = false;
    for (const resolve of this.#opened) resolve();
    this.#opened = [];
    if (!isFirst) this.#parts.reconnected();
  }

  #checkPayloadMax(connection: NatsConnection): void {
    const maxBytes = connection.info?.max_payload ?? 0;
    if (maxBytes > BUS_PAYLOAD_MAX_BYTES) return;
    this.#parts.log.error(
      { max_payload: maxBytes, needed: BUS_PAYLOAD_MAX_BYTES },
      'long messages between nodes are lost: set max_payload of NATS to 1 MiB',
    );
  }

  #lost(error: unknown): void {
    this.#isUp = false;
    if (this.#isEnded || this.#isOutageLogged) return;
    this.#isOutageLogged = true;
    this.#parts.log.warn({ error }, 'the bus cannot be reached');
  }

  async #pause(): Promise<void> {
    let timer: Timer | undefined;
    await new Promise<void>((resolve) => {
      this.#endPause = resolve;
      timer = this.#parts.timers.after(reconnectDelayMs(this.#parts.randomness), resolve);
    });
    this.#endPause = undefined;
    timer?.cancel();
  }
}
