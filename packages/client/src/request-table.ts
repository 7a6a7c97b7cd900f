// Requests and their answers on one connection: refs, how many may be out, and when an answer is overdue.
import type { Down } from '@parley/protocol/down';
import type { Up } from '@parley/protocol/up';
import { REQUESTS_IN_FLIGHT_MAX_COUNT, UNANSWERED_MAX_MS, UNANSWERED_ONE_MAX_MS } from './client-limits.ts';
import type { Environment } from './environment.ts';
import type { WireFault } from './parley-error.ts';
import { QuietTimer } from './quiet-timer.ts';

/** A frame that answers a request, or may. */
export type Answer = Exclude<WithRef<Down>, { type: 'error' }>;
type WithRef<Frame> = Frame extends { ref?: number | undefined }
  ? 'ref' extends keyof Frame
    ? Frame
    : never
  : never;

export type Outcome =
  | { kind: 'answered'; frame: Answer }
  | { kind: 'refused'; fault: WireFault }
  /** There was an answer, but this client cannot read it. */
  | { kind: 'unreadable'; fault: WireFault }
  /** The connection broke first: it may have happened or not. */
  | { kind: 'dropped' };

export type Request = { build: (ref: number) => Up; settle: (outcome: Outcome) => void };

export type RequestTableOptions = {
  environment: Environment;
  send: (frame: Up) => void;
  /** Answers are overdue: the connection is of no use. */
  overdue: () => void;
  /** Nothing is out any more, and nothing will go out because the server is going away. */
  drained: () => void;
};

type State = 'offline' | 'online' | 'draining';

const REF_MAX = 2 ** 31 - 1;

export class RequestTable {
  readonly #options: RequestTableOptions;
  readonly #out = new Map<number, { settle: Request['settle']; sentAt: number }>();
  readonly #unanswered: QuietTimer;
  #waiting: Request[] = [];
  #state: State = 'offline';
  #ref = 0;

  constructor(options: RequestTableOptions) {
    this.#options = options;
    const { clock, timers } = options.environment;
    this.#unanswered = new QuietTimer({
      clock,
      timers,
      afterMs: UNANSWERED_MAX_MS,
      call: () => options.overdue(),
    });
  }

  /** Whether a request can be opened now. */
  get online(): boolean {
    return this.#state === 'online';
  }

  /** Whether there is a session that takes frames which need no answer. */
  get connected(): boolean {
    return this.#state !== 'offline';
  }

  welcomed(): void {
    this.#state = 'online';
  }

  /** The server is going away: what is out may still be answered, nothing new goes out. */
  drain(): void {
    if (this.#state !== 'online') return;
    this.#state = 'draining';
    if (this.#out.size === 0) this.#options.drained();
  }

  /** Call only while `online`. `settle` is called once, never before this returns. */
  open(request: Request): void {
    if (this.#out.size >= REQUESTS_IN_FLIGHT_MAX_COUNT) this.#waiting.push(request);
    else this.#ask(request);
  }

  settle(ref: number, outcome: Outcome): void {
    const open = this.#out.get(ref);
    if (open === undefined) return;
    this.#out.delete(ref);
    if (this.#out.size === 0) this.#unanswered.stop();
    else this.#unanswered.touch();
    open.settle(outcome);
    if (this.#state === 'draining' && this.#out.size === 0) this.#options.drained();
    if (this.#state !== 'online') return;
    const next = this.#out.size < REQUESTS_IN_FLIGHT_MAX_COUNT ? this.#waiting.shift() : undefined;
    if (next !== undefined) this.#ask(next);
    this.#checkOldest();
  }

  /** The connection broke. */
  lost(): void {
    this.#state = 'offline';
    this.#unanswered.stop();
    const dropped = [...this.#out.values(), ...this.#waiting];
    this.#out.clear();
    this.#waiting = [];
    for (const { settle } of dropped) settle({ kind: 'dropped' });
  }

  #ask(request: Request): void {
    const ref = this.#ref;
    this.#ref = ref === REF_MAX ? 0 : ref + 1;
    if (this.#out.size === 0) this.#unanswered.start();
    this.#out.set(ref, { settle: request.settle, sentAt: this.#options.environment.clock.monotonic() });
    this.#options.send(request.build(ref));
  }

  /** One request may be forgotten while others are answered. */
  #checkOldest(): void {
    const oldest = this.#out.values().next().value;
    if (oldest === undefined) return;
    const age = this.#options.environment.clock.monotonic() - oldest.sentAt;
    if (age > UNANSWERED_ONE_MAX_MS) this.#options.overdue();
  }
}
