// The node bus within one process: nodes joined by one hub, which may lose, repeat and delay what it is told to.
import {
  type Answer,
  BUS_PAYLOAD_MAX_BYTES,
  type NodeBus,
  type RequestOutcome,
} from '@parley/ports/node-bus';
import type { Timer, Timers } from '@parley/ports/timers';

export interface BusMessage {
  readonly kind: 'publish' | 'request' | 'answer';
  readonly topic: string;
  readonly payload: string;
}

/**
 * Decides what becomes of a message on its way to one receiver: the delays in milliseconds of its deliveries. [] loses
 * it, [0] delivers it once and in order, [0, 0] twice, [50] late.
 */
export type BusFate = (message: BusMessage) => readonly number[];

export interface MemoryBusOptions {
  readonly timers: Timers;
  readonly fate?: BusFate;
}

type Handle = (payload: string) => void;

const DELIVERED: readonly number[] = [0];
const UNANSWERED: RequestOutcome = { kind: 'unanswered' };

/** What joins the nodes. */
export class MemoryBusHub {
  readonly timers: Timers;
  readonly #fate: BusFate;
  readonly subscribers = new Map<string, Set<Handle>>();
  readonly answerers = new Map<string, Set<Answer>>();

  constructor(options: MemoryBusOptions) {
    this.timers = options.timers;
    this.#fate = options.fate ?? (() => DELIVERED);
  }

  /** Runs the delivery as often and as late as fate has it, never within this call. */
  carry(message: BusMessage, deliver: () => void): void {
    for (const delayMs of this.#fate(message)) {
      if (delayMs <= 0) queueMicrotask(deliver);
      else this.timers.after(delayMs, deliver);
    }
  }
}

/** One node's end of the bus. */
export class MemoryNodeBus implements NodeBus {
  readonly #hub: MemoryBusHub;
  readonly #ends = new Set<Disposable>();
  readonly #reconnected = new Set<() => void>();
  /** Settles each request that waits for its answer. */
  readonly #waiting = new Set<(outcome: RequestOutcome) => void>();
  #closed = false;

  constructor(hub: MemoryBusHub) {
    this.#hub = hub;
  }

  subscribe(topic: string, handle: Handle): Disposable {
    return this.#join(this.#hub.subscribers, topic, (payload: string) => handle(payload));
  }

  publish(topic: string, payload: string): void {
    checkLength(payload);
    if (this.#closed) return;
    const handles = this.#hub.subscribers.get(topic);
    for (const handle of handles ?? []) {
      this.#hub.carry({ kind: 'publish', topic, payload }, () => {
        if (handles?.has(handle) === true) handle(payload);
      });
    }
  }

  answer(topic: string, handle: Answer): Disposable {
    return this.#join(this.#hub.answerers, topic, (payload: string) => handle(payload));
  }

  async request(topic: string, payload: string, withinMs: number): Promise<RequestOutcome> {
    checkLength(payload);
    const [answer] = this.#hub.answerers.get(topic) ?? [];
    if (this.#closed || answer === undefined) return UNANSWERED;
    return await new Promise((resolve) => {
      let timer: Timer | undefined;
      const settle = (outcome: RequestOutcome) => {
        timer?.cancel();
        this.#waiting.delete(settle);
        resolve(outcome);
      };
      timer = this.#hub.timers.after(withinMs, () => settle(UNANSWERED));
      this.#waiting.add(settle);
      this.#hub.carry({ kind: 'request', topic, payload }, () =>
        this.#ask({ topic, payload, answer, settle }),
      );
    });
  }

  onReconnected(call: () => void): Disposable {
    const own = () => call();
    this.#reconnected.add(own);
    return { [Symbol.dispose]: () => void this.#reconnected.delete(own) };
  }

  /** Tells of a loss of the connection, as the next turn would of a real one. What it loses is up to fate. */
  interrupt(): void {
    queueMicrotask(() => {
      if (!this.#closed) for (const call of this.#reconnected) call();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    for (const end of this.#ends) end[Symbol.dispose]();
    for (const settle of this.#waiting) settle(UNANSWERED);
  }

  #ask(asked: {
    readonly topic: string;
    readonly payload: string;
    readonly answer: Answer;
    readonly settle: (outcome: RequestOutcome) => void;
  }): void {
    const { topic, payload, answer, settle } = asked;
    if (this.#hub.answerers.get(topic)?.has(answer) !== true) return settle(UNANSWERED);
    answer(payload).then(
      (answered) => {
        if (Buffer.byteLength(answered) > BUS_PAYLOAD_MAX_BYTES) return settle(UNANSWERED);
        this.#hub.carry({ kind: 'answer', topic, payload: answered }, () =>
          settle({ kind: 'answered', payload: answered }),
        );
      },
      () => settle(UNANSWERED),
    );
  }

  /** Adds a handler under a topic and gives what takes it away again. */
  #join<Member>(topics: Map<string, Set<Member>>, topic: string, member: Member): Disposable {
    if (this.#closed) throw new Error('the bus is closed');
    const members = topics.get(topic) ?? new Set<Member>();
    topics.set(topic, members.add(member));
    const end: Disposable = {
      [Symbol.dispose]: () => {
        this.#ends.delete(end);
        members.delete(member);
        if (members.size === 0 && topics.get(topic) === members) topics.delete(topic);
      },
    };
    this.#ends.add(end);
    return end;
  }
}

function checkLength(payload: string): void {
  const bytes = Buffer.byteLength(payload);
  if (bytes > BUS_PAYLOAD_MAX_BYTES) throw new RangeError(`a payload of ${bytes} bytes for the bus`);
}
