// Hands one conversation's items to the app, one at a time, and the same one again after a growing pause if that fails.
import type { UserId } from '@parley/protocol/ids';
import { BackOff } from './back-off.ts';
import type { ConversationLog } from './conversation-log.ts';
import { errorOf } from './deferred.ts';
import type { Environment, Timer } from './environment.ts';
import type { AppEntry, ClientEvent } from './event.ts';

export type DeliveryOptions = {
  environment: Environment;
  log: ConversationLog;
  self: () => UserId | undefined;
  onEntry: (entry: AppEntry) => void | Promise<void>;
  emit: (event: ClientEvent) => void;
  /** The cursor moved: the app has one more. */
  applied: () => void;
};

export class Delivery {
  readonly #options: DeliveryOptions;
  readonly #backOff: BackOff;
  #busy = false;
  #pause: Timer | undefined;
  #stopped = false;
  #running: Promise<void> | undefined;

  constructor(options: DeliveryOptions) {
    this.#options = options;
    this.#backOff = new BackOff(options.environment.randomness);
  }

  /** Hands over what waits, as far as that goes without waiting for the app. */
  run(): void {
    if (this.#busy) return;
    this.#busy = true;
    while (!this.#stopped && this.#step()) continue;
    if (this.#running === undefined && this.#pause === undefined) this.#busy = false;
  }

  /** Nothing is handed over from now on; what a handler under way still does, counts. */
  stop(): void {
    this.#stopped = true;
    this.#pause?.cancel();
  }

  /** Resolves when the handler that runs now is through; never rejects. */
  async through(): Promise<void> {
    await this.#running;
  }

  /** Hands over the next item; returns false when there is none, or it takes time. */
  #step(): boolean {
    const { log, onEntry, emit } = this.#options;
    const item = log.next;
    if (item === undefined) return false;
    if (item.kind === 'missing') emit(item.event);
    if (item.kind === 'entry') {
      try {
        const handled = onEntry(item.entry);
        if (isPromise(handled)) {
          this.#wait(handled);
          return false;
        }
      } catch (thrown) {
        this.#fail(errorOf(thrown));
        return false;
      }
    }
    this.#applied();
    return true;
  }

  #wait(handled: Promise<void>): void {
    this.#running = handled.then(
      () => {
        this.#running = undefined;
        this.#applied();
        this.#busy = false;
        this.run();
      },
      (thrown: unknown) => {
        this.#running = undefined;
        this.#fail(errorOf(thrown));
      },
    );
  }

  #applied(): void {
    const { log, self, emit, applied } = this.#options;
    this.#backOff.reset();
    const seq = log.applied(self());
    applied();
    if (seq !== undefined) emit({ kind: 'removed', conversation_id: log.conversation_id, seq });
  }

  #fail(error: Error): void {
    if (this.#stopped) return;
    const { environment, log, emit } = this.#options;
    this.#pause = environment.timers.after(this.#backOff.next(), () => {
      this.#pause = undefined;
      this.#busy = false;
      this.run();
    });
    emit({ kind: 'error', error, conversation_id: log.conversation_id });
  }
}

function isPromise(value: void | Promise<void>): value is Promise<void> {
  return typeof value === 'object' && typeof value.then === 'function';
}
