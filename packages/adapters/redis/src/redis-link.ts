// The way to Redis: bounded, answered or failed in time, and made anew for as long as the link lives.
import type { Clock } from '@parley/ports/clock';
import type { Log } from '@parley/ports/log';
import type { Randomness } from '@parley/ports/randomness';
import type { Timer, Timers } from '@parley/ports/timers';
import {
  ANSWER_TIMEOUT_MS,
  BATCH_MAX_COUNT,
  COMMANDS_IN_FLIGHT_MAX_COUNT,
  SILENCE_MAX_MS,
} from './limits.ts';
import { createRedisClient, reconnectDelayMs, type RedisClient, type RedisTls } from './redis-client.ts';
import { type Effect, isUnknownScript, storeError, unanswered, unavailable } from './redis-error.ts';
import type { RedisServers } from './redis-url.ts';
import { listOf, type Reply } from './reply.ts';
import { type Command, command } from './script.ts';

export interface RedisLinkParts {
  readonly servers: RedisServers;
  readonly tls: RedisTls | undefined;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly randomness: Randomness;
  readonly log: Log;
}

/** Commands that were sent together and are not all answered. */
interface Flight {
  readonly startedMs: number;
  readonly count: number;
}

export class RedisLink {
  readonly #parts: RedisLinkParts;
  /** In the order in which they were sent. */
  readonly #flights = new Set<Flight>();
  #client: RedisClient;
  #inFlight = 0;
  #losses = 0;
  #isOutageLogged = false;
  #isClosed = false;
  #watch: Timer | undefined;
  #retry: Timer | undefined;
  #opened: (() => void)[] = [];

  constructor(parts: RedisLinkParts) {
    this.#parts = parts;
    this.#client = this.#connect();
  }

  /**
   * Changes whenever a connection was lost or a master replaced: what was written before may be gone, though the
   * leases are not.
   */
  get epoch(): string {
    return `${this.#losses} ${this.#client.masters()}`;
  }

  /** Resolves when the first connection is made or the time is over. */
  async opened(withinMs: number): Promise<void> {
    if (this.#client.isReady) return;
    let timer: Timer | undefined;
    await new Promise<void>((resolve) => {
      this.#opened.push(resolve);
      timer = this.#parts.timers.after(withinMs, resolve);
    });
    timer?.cancel();
  }

  /**
   * Sends the commands in one round trip to each master they belong to, or more than one when they are many. Replies
   * come in the order of the commands. Rejects with a StoreError when one of them fails.
   */
  async send(commands: readonly Command[], effect: Effect): Promise<readonly Reply[]> {
    const replies: Reply[] = [];
    for (let start = 0; start < commands.length; start += BATCH_MAX_COUNT) {
      replies.push(...(await this.#sendBatch(commands.slice(start, start + BATCH_MAX_COUNT), effect)));
    }
    return replies;
  }

  /** The values of the keys, null where there is none: by one command where all keys are on one server. */
  async values(keys: readonly string[]): Promise<readonly Reply[]> {
    if (this.#parts.servers.kind === 'cluster') {
      return await this.send(
        keys.map((key) => command('GET', key)),
        'read',
      );
    }
    const values: Reply[] = [];
    for (let start = 0; start < keys.length; start += BATCH_MAX_COUNT) {
      const [first = '', ...rest] = keys.slice(start, start + BATCH_MAX_COUNT);
      const [reply] = await this.send([command('MGET', first, ...rest)], 'read');
      values.push(...listOf(reply));
    }
    return values;
  }

  close(): void {
    this.#isClosed = true;
    this.#watch?.cancel();
    this.#retry?.cancel();
    this.#client.destroy();
    for (const resolve of this.#opened) resolve();
  }

  async #sendBatch(commands: readonly Command[], effect: Effect): Promise<readonly Reply[]> {
    if (commands.length === 0) return [];
    if (this.#isClosed || !this.#client.isReady) throw unavailable('it is not connected');
    if (this.#inFlight + commands.length > COMMANDS_IN_FLIGHT_MAX_COUNT)
      throw unavailable('it is overloaded');
    return await this.#fly(this.#depart(commands.length), commands, effect);
  }

  /** One timer and one promise for all of the commands: they are many, and this is the path of every message. */
  #fly(flight: Flight, commands: readonly Command[], effect: Effect): Promise<readonly Reply[]> {
    const client = this.#client;
    return new Promise((resolve, reject) => {
      const replies = Array.from<Reply>({ length: commands.length });
      let left = commands.length;
      const timer = this.#parts.timers.after(ANSWER_TIMEOUT_MS, () => reject(unanswered(effect)));
      const settled = () => {
        left -= 1;
        if (left > 0) return;
        timer.cancel();
        this.#arrive(flight);
        resolve(replies);
      };
      commands.forEach((each, index) => {
        sendOne(client, each).then(
          (reply) => {
            replies[index] = reply;
            settled();
          },
          (error: unknown) => {
            reject(storeError(error, effect));
            settled();
          },
        );
      });
    });
  }

  #depart(count: number): Flight {
    const flight = { startedMs: this.#parts.clock.monotonic(), count };
    this.#flights.add(flight);
    this.#inFlight += count;
    this.#watch ??= this.#parts.timers.after(SILENCE_MAX_MS, () => this.#look());
    return flight;
  }

  #arrive(flight: Flight): void {
    if (this.#flights.delete(flight)) this.#inFlight -= flight.count;
  }

  /** A connection answers in order: one that leaves a command unanswered for long answers none. */
  #look(): void {
    this.#watch = undefined;
    const [oldest] = this.#flights;
    if (oldest === undefined || this.#isClosed) return;
    const silentMs = this.#parts.clock.monotonic() - oldest.startedMs;
    if (silentMs >= SILENCE_MAX_MS) {
      this.#lost(new Error(`no answer for ${Math.round(silentMs)} ms`));
      this.#client.destroy();
      this.#client = this.#connect();
      this.#flights.clear();
      this.#inFlight = 0;
      return;
    }
    this.#watch = this.#parts.timers.after(Math.max(1, SILENCE_MAX_MS - silentMs), () => this.#look());
  }

  #connect(): RedisClient {
    const { servers, tls, randomness } = this.#parts;
    const client = createRedisClient({
      servers,
      tls,
      randomness,
      ready: () => this.#isUp(),
      lost: (error) => this.#lost(error),
    });
    client.connect().then(
      () => this.#isUp(),
      (error: unknown) => this.#failed(client, error),
    );
    return client;
  }

  #isUp(): void {
    if (!this.#client.isReady) return;
    if (this.#isOutageLogged) this.#parts.log.info({}, 'Redis is back');
    this.#isOutageLogged = false;
    for (const resolve of this.#opened) resolve();
    this.#opened = [];
  }

  /** The library gave up: none of the named members of a Cluster could be reached. */
  #failed(client: RedisClient, error: unknown): void {
    if (this.#isClosed || client !== this.#client) return;
    this.#lost(error);
    client.destroy();
    this.#retry = this.#parts.timers.after(reconnectDelayMs(this.#parts.randomness), () => {
      this.#client = this.#connect();
    });
  }

  #lost(error: unknown): void {
    this.#losses += 1;
    if (this.#isClosed || this.#isOutageLogged) return;
    this.#isOutageLogged = true;
    this.#parts.log.warn({ error }, 'Redis cannot be reached');
  }
}

function sendOne(client: RedisClient, { key, args, unknown }: Command): Promise<Reply> {
  const sent = client.send(key, args);
  if (unknown === undefined) return sent;
  return sent.catch((error: unknown) => {
    if (isUnknownScript(error)) return client.send(key, unknown);
    throw error;
  });
}
