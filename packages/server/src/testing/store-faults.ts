// Faults of the memory stores that a test plans by the name of a call: it fails, or it waits until it is let go.
import type { StoreCall, StoreFault } from '@parley/adapter-memory/memory-handle';

export interface Held {
  /** True once the call has been made and waits. */
  readonly reached: boolean;
  release(): void;
}

interface Plan {
  readonly matches: (call: StoreCall) => boolean;
  readonly act: (call: StoreCall) => StoreFault | undefined;
}

type Which = string | ((call: StoreCall) => boolean);

export class StoreFaults {
  #plans: Plan[] = [];
  #nextPause: Promise<void> | undefined;
  readonly #pause: () => Promise<void>;
  /** Asked when no plan matches. */
  always: (call: StoreCall) => StoreFault | undefined = () => undefined;
  /** Names of the calls that were made, in order. */
  readonly calls: string[] = [];

  /** `pause` is how long each call takes, before and after its effect. */
  constructor(pause: () => Promise<void> = () => Promise.resolve()) {
    this.#pause = pause;
  }

  /** The next call that matches fails so, the one after that by the next plan, and so on. */
  next(which: Which, ...faults: (StoreFault | undefined)[]): void {
    for (const fault of faults) this.#plans.push({ matches: matcher(which), act: () => fault });
  }

  /** The next call that matches waits, with no effect yet, until it is released. */
  hold(which: Which): Held {
    const { promise, resolve } = Promise.withResolvers<void>();
    const held = { reached: false, release: resolve };
    this.#plans.push({
      matches: matcher(which),
      act: () => {
        held.reached = true;
        this.#nextPause = promise;
        return undefined;
      },
    });
    return held;
  }

  /** No more faults. What is held stays held. */
  clear(): void {
    this.#plans = [];
    this.always = () => undefined;
  }

  /** Plans that no call has met yet. */
  get unmet(): number {
    return this.#plans.length;
  }

  readonly decide = (call: StoreCall): StoreFault | undefined => {
    this.calls.push(call.method);
    const plan = this.#plans.find((each) => each.matches(call));
    if (plan === undefined) return this.always(call);
    this.#plans = this.#plans.filter((each) => each !== plan);
    return plan.act(call);
  };

  /** A store asks `decide` and then pauses in the same turn, so the pause is that call's. */
  readonly pause = (): Promise<void> => {
    const held = this.#nextPause;
    this.#nextPause = undefined;
    return held ?? this.#pause();
  };
}

function matcher(which: Which): (call: StoreCall) => boolean {
  return typeof which === 'string' ? (call) => call.method === which : which;
}
