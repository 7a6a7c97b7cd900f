// The node bus on NATS core: at most once, in order of one sender, lost while the connection is.
import { headers, type Msg } from '@nats-io/transport-node';
import type { Log } from '@parley/ports/log';
import {
  type Answer,
  BUS_PAYLOAD_MAX_BYTES,
  type NodeBus,
  type RequestOutcome,
} from '@parley/ports/node-bus';
import type { Randomness } from '@parley/ports/randomness';
import type { Timer, Timers } from '@parley/ports/timers';
import { connectionOptions, type NatsServers } from './connection-options.ts';
import {
  ANSWERS_MAX_COUNT,
  DRAIN_MAX_MS,
  OPEN_WAIT_MS,
  REQUEST_MAX_MS,
  REQUESTS_MAX_COUNT,
  UNCONFIRMED_MAX_BYTES,
} from './limits.ts';
import { NatsLink } from './nats-link.ts';
import { SendWindow } from './send-window.ts';
import { Subjects } from './subject.ts';
import { TopicHandlers } from './topic-handlers.ts';

export interface NatsBusOptions {
  readonly servers: NatsServers;
  /** Of all subjects, so that several installations can share one NATS. */
  readonly subjectPrefix: string;
  /** As the server shows this connection to its operator. */
  readonly name: string;
  readonly timers: Timers;
  readonly randomness: Randomness;
  readonly log: Log;
}

type Handle = (payload: string) => void;

const UNANSWERED: RequestOutcome = { kind: 'unanswered' };
/** Of the nodes that answer a topic, one gets a request. */
const ANSWER_QUEUE = 'answer';
/** Marks an answer that says only that there is none. */
const FAILED_HEADER = 'Parley-Failed';

/**
 * Opens the bus. A NATS that cannot be reached does not keep a node from starting: it is tried again for ever, and
 * until then nothing arrives. Throws for a URL or prefix that can never work.
 */
export async function openNatsBus(options: NatsBusOptions): Promise<NatsNodeBus> {
  const bus = new NatsNodeBus(options);
  await bus.opened();
  return bus;
}

export class NatsNodeBus implements NodeBus {
  readonly #timers: Timers;
  readonly #log: Log;
  readonly #subjects: Subjects;
  readonly #link: NatsLink;
  readonly #window = new SendWindow(UNCONFIRMED_MAX_BYTES);
  readonly #subscribers: TopicHandlers<Handle>;
  readonly #answerers: TopicHandlers<Answer>;
  readonly #reconnected = new Set<Handle>();
  /** Settles each request that waits for its answer. */
  readonly #waiting = new Set<(outcome: RequestOutcome) => void>();
  readonly #answering = new Set<Promise<void>>();
  #closed = false;

  constructor(options: NatsBusOptions) {
    const { timers, randomness, log } = options;
    this.#timers = timers;
    this.#log = log;
    this.#subjects = new Subjects(options.subjectPrefix);
    this.#subscribers = new TopicHandlers((connection, topic, handlers) =>
      connection.subscribe(this.#subjects.of('publish', topic), {
        callback: (error, message) => {
          if (error !== null) return this.#log.warn({ error }, 'a subscription of the bus failed');
          const payload = message.string();
          for (const handle of handlers) this.#call(handle, payload);
        },
      }),
    );
    this.#answerers = new TopicHandlers((connection, topic, handlers) =>
      connection.subscribe(this.#subjects.of('request', topic), {
        queue: ANSWER_QUEUE,
        callback: (error, message) => {
          if (error !== null) return this.#log.warn({ error }, 'a subscription of the bus failed');
          const [answer] = handlers;
          if (answer !== undefined) this.#answer(answer, message);
        },
      }),
    );
    this.#link = new NatsLink({
      options: connectionOptions(options.servers, options.name, randomness),
      timers,
      randomness,
      log,
      connected: (connection) => {
        this.#subscribers.moveTo(connection);
        this.#answerers.moveTo(connection);
      },
      reconnected: () => {
        for (const call of this.#reconnected) this.#call(call, '');
      },
    });
  }

  /** Resolves when the bus is connected, or when that takes too long to wait for. */
  opened(): Promise<void> {
    return this.#link.opened(OPEN_WAIT_MS);
  }

  subscribe(topic: string, handle: Handle): Disposable {
    return this.#join(this.#subscribers, topic, (payload: string) => handle(payload));
  }

  publish(topic: string, payload: string): void {
    const bytes = lengthOf(payload);
    const subject = this.#subjects.of('publish', topic);
    const connection = this.#link.up;
    if (this.#closed || connection === undefined || !this.#window.admits(bytes)) return;
    connection.publish(subject, payload);
    this.#window.sent(connection, bytes + subject.length);
  }

  answer(topic: string, handle: Answer): Disposable {
    return this.#join(this.#answerers, topic, (payload: string) => handle(payload));
  }

  async request(topic: string, payload: string, withinMs: number): Promise<RequestOutcome> {
    const bytes = lengthOf(payload);
    const subject = this.#subjects.of('request', topic);
    const connection = this.#link.up;
    if (this.#closed || connection === undefined || !this.#window.admits(bytes)) return UNANSWERED;
    if (this.#waiting.size >= REQUESTS_MAX_COUNT) return UNANSWERED;
    return await new Promise((resolve) => {
      const settle = (outcome: RequestOutcome) => {
        this.#waiting.delete(settle);
        resolve(outcome);
      };
      this.#waiting.add(settle);
      const timeout = Math.min(Math.max(withinMs, 1), REQUEST_MAX_MS);
      connection.request(subject, payload, { timeout }).then(
        (message) => settle(outcomeOf(message)),
        () => settle(UNANSWERED), // nobody answers it, not in time, or the connection was closed
      );
      this.#window.sent(connection, bytes + subject.length);
    });
  }

  onReconnected(call: () => void): Disposable {
    const own = () => call();
    this.#reconnected.add(own);
    return { [Symbol.dispose]: () => void this.#reconnected.delete(own) };
  }

  /** Takes no more, gives the answers under way a moment, and closes the connection. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const settle of this.#waiting) settle(UNANSWERED);
    this.#subscribers.clear();
    this.#answerers.clear();
    await this.#within(DRAIN_MAX_MS, Promise.all(this.#answering));
    const connection = this.#link.up;
    if (connection !== undefined) await this.#within(DRAIN_MAX_MS, connection.flush());
    await this.#link.end();
  }

  #join<Handler>(topics: TopicHandlers<Handler>, topic: string, handler: Handler): Disposable {
    if (this.#closed) throw new Error('the bus is closed');
    return topics.add(this.#link.current, topic, handler);
  }

  /** A handler must not throw. One that does is a bug here, and no reason for the library to close the connection. */
  #call(handle: Handle, payload: string): void {
    try {
      handle(payload);
    } catch (error) {
      this.#log.error({ error }, 'a handler of the bus threw');
    }
  }

  #answer(answer: Answer, message: Msg): void {
    if (this.#answering.size >= ANSWERS_MAX_COUNT) return this.#respond(message, undefined);
    const answering = answer(message.string())
      .then(
        (payload) => this.#respond(message, payload),
        () => this.#respond(message, undefined),
      )
      .finally(() => this.#answering.delete(answering));
    this.#answering.add(answering);
  }

  /** Says that there is no answer, too, so that nobody waits for one. */
  #respond(message: Msg, payload: string | undefined): void {
    const connection = this.#link.up;
    if (connection === undefined) return;
    const isAnswer = payload !== undefined && Buffer.byteLength(payload) <= BUS_PAYLOAD_MAX_BYTES;
    if (payload !== undefined && !isAnswer) this.#log.error({}, 'an answer is too long for the bus');
    const text = isAnswer ? payload : '';
    if (!this.#window.admits(text.length)) return;
    if (isAnswer) message.respond(text);
    else message.respond(text, { headers: failure() });
    this.#window.sent(connection, Buffer.byteLength(text) + message.subject.length);
  }

  /** Waits for the end of something, but not for longer, and not for its success. */
  async #within(ms: number, ending: Promise<unknown>): Promise<void> {
    let timer: Timer | undefined;
    const late = new Promise<void>((resolve) => {
      timer = this.#timers.after(ms, resolve);
    });
    await Promise.race([ending.catch(() => undefined), late]);
    timer?.cancel();
  }
}

function outcomeOf(message: Msg): RequestOutcome {
  if (message.headers?.has(FAILED_HEADER) === true) return UNANSWERED;
  return { kind: 'answered', payload: message.string() };
}

function failure() {
  const marks = headers();
  marks.set(FAILED_HEADER, '1');
  return marks;
}

function lengthOf(payload: string): number {
  const bytes = Buffer.byteLength(payload);
  if (bytes > BUS_PAYLOAD_MAX_BYTES) throw new RangeError(`a payload of ${bytes} bytes for the bus`);
  return bytes;
}
