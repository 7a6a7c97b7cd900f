// The handlers of topics, with one subscription of the connection for each topic that has any.
import type { NatsConnection, Subscription } from '@nats-io/transport-node';

interface Topic<Handler> {
  readonly handlers: Set<Handler>;
  subscription: Subscription | undefined;
}

/** Subscribes on a connection, and calls the handlers of the topic that are there when a message comes. */
export type Subscribe<Handler> = (
  connection: NatsConnection,
  topic: string,
  handlers: ReadonlySet<Handler>,
) => Subscription;

export class TopicHandlers<Handler> {
  readonly #topics = new Map<string, Topic<Handler>>();
  readonly #subscribe: Subscribe<Handler>;

  constructor(subscribe: Subscribe<Handler>) {
    this.#subscribe = subscribe;
  }

  add(connection: NatsConnection | undefined, name: string, handler: Handler): Disposable {
    const topic = this.#topics.get(name) ?? { handlers: new Set<Handler>(), subscription: undefined };
    this.#topics.set(name, topic);
    topic.handlers.add(handler);
    if (connection !== undefined && topic.subscription === undefined) this.#begin(connection, name, topic);
    return { [Symbol.dispose]: () => this.#remove(name, topic, handler) };
  }

  /** Subscribes all on a connection that is new. */
  moveTo(connection: NatsConnection): void {
    for (const [name, topic] of this.#topics) this.#begin(connection, name, topic);
  }

  clear(): void {
    for (const [name, topic] of this.#topics) {
      for (const handler of topic.handlers) this.#remove(name, topic, handler);
    }
  }

  #begin(connection: NatsConnection, name: string, topic: Topic<Handler>): void {
    topic.subscription = this.#subscribe(connection, name, topic.handlers);
  }

  #remove(name: string, topic: Topic<Handler>, handler: Handler): void {
    if (!topic.handlers.delete(handler) || topic.handlers.size > 0) return;
    topic.subscription?.unsubscribe();
    this.#topics.delete(name);
  }
}
