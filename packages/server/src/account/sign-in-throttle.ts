// Back-off on failed password sign-ins. The rule, in full:
// 1. A name from one address: after 10 failures it waits, 1 s and then twice as long each time, up to 15 minutes.
// 2. An address, whatever the names: the same after 50 failures.
// 3. A name that failed 100 times from anywhere is under attack: every address has 3 tries at it instead of 10.
// No rule blocks a name by itself, so nobody can lock a user out from another address. A try counts as failed from
// its start, so that a thousand at once gain nothing; 15 minutes without a failure forget it.
import type { Clock } from '@parley/ports/clock';
import { FailureCount } from './failure-count.ts';
import { throttleKey } from './throttle-key.ts';

export const FAILURES_PER_NAME_AND_ADDRESS_MAX_COUNT = 10;
export const FAILURES_PER_ADDRESS_MAX_COUNT = 50;
export const FAILURES_PER_NAME_MAX_COUNT = 100;
export const FAILURES_UNDER_ATTACK_MAX_COUNT = 3;

export interface Attempt {
  /** The password was right: this address starts afresh with this name. */
  succeeded(): void;
  /** It came to no answer (no place in the pool, a store that failed): it never happened. */
  withdrawn(): void;
}

export type BeginOutcome =
  | { readonly kind: 'go'; readonly attempt: Attempt }
  | { readonly kind: 'wait'; readonly retryAfterMs: number };

export class SignInThrottle {
  readonly #pairs: FailureCount;
  readonly #addresses: FailureCount;
  readonly #names: FailureCount;

  constructor(clock: Clock) {
    this.#pairs = new FailureCount(clock);
    this.#addresses = new FailureCount(clock);
    this.#names = new FailureCount(clock);
  }

  /** Counts a failure, unless the attempt says otherwise later. */
  begin(name: string, address: string): BeginOutcome {
    const from = throttleKey(address);
    const pair = `${from} ${name}`;
    const retryAfterMs = Math.max(this.#pairs.waitMs(pair), this.#addresses.waitMs(from));
    if (retryAfterMs > 0) return { kind: 'wait', retryAfterMs };
    const underAttack = this.#names.failures(name) >= FAILURES_PER_NAME_MAX_COUNT;
    const allowance = underAttack ? FAILURES_UNDER_ATTACK_MAX_COUNT : FAILURES_PER_NAME_AND_ADDRESS_MAX_COUNT;
    this.#pairs.add(pair, allowance);
    this.#addresses.add(from, FAILURES_PER_ADDRESS_MAX_COUNT);
    this.#names.add(name, Number.POSITIVE_INFINITY);
    const takeBack = () => {
      this.#addresses.takeBack(from, FAILURES_PER_ADDRESS_MAX_COUNT);
      this.#names.takeBack(name, Number.POSITIVE_INFINITY);
    };
    return {
      kind: 'go',
      attempt: {
        succeeded: () => {
          takeBack();
          this.#pairs.forget(pair);
        },
        withdrawn: () => {
          takeBack();
          this.#pairs.takeBack(pair, allowance);
        },
      },
    };
  }
}
