// A bounded pool for password hashing: memory and cores that sign-ins may take are limited, and so is the queue.
import type { PasswordAlgorithm } from './argon2id.ts';

export interface PasswordHasherOptions {
  readonly algorithm: PasswordAlgorithm;
  /** Hashes computed at once; each takes one core and the algorithm's memory. */
  readonly runningMaxCount: number;
  /** Requests that wait for a place; one more is answered `busy` at once. */
  readonly waitingMaxCount: number;
}

/** Two at once leave the other cores to messages. */
export const HASHES_RUNNING_MAX_COUNT = 2;
/** At 30 ms a hash, the last one waits about a second. */
export const HASHES_WAITING_MAX_COUNT = 64;
/** What a client that found the queue full is told to wait. */
export const HASHES_BUSY_RETRY_MS = 1_000;

export type Busy = { readonly kind: 'busy'; readonly retryAfterMs: number };
export type HashOutcome = { readonly kind: 'hashed'; readonly hash: string } | Busy;
export type VerifyOutcome =
  | {
      readonly kind: 'verified';
      readonly matches: boolean;
      /** Store a new hash. */ readonly outdated: boolean;
    }
  | Busy;

export class PasswordHasher {
  readonly #options: PasswordHasherOptions;
  readonly #waiting: (() => void)[] = [];
  readonly #decoy: string;
  #running = 0;

  constructor(options: PasswordHasherOptions) {
    this.#options = options;
    this.#decoy = options.algorithm.decoy();
  }

  async hash(password: string): Promise<HashOutcome> {
    if (this.#full()) return busy();
    const hash = await this.#run(() => this.#options.algorithm.hash(normalise(password)));
    return { kind: 'hashed', hash };
  }

  /** Without a hash (no such user, or one without a password) the work is the same and the answer is no. */
  async verify(password: string, hash: string | undefined): Promise<VerifyOutcome> {
    if (this.#full()) return busy();
    const { algorithm } = this.#options;
    const equal = await this.#run(() => algorithm.verify(normalise(password), hash ?? this.#decoy));
    const matches = equal && hash !== undefined;
    return { kind: 'verified', matches, outdated: matches && algorithm.needsRehash(hash) };
  }

  #full(): boolean {
    const { runningMaxCount, waitingMaxCount } = this.#options;
    return this.#running >= runningMaxCount && this.#waiting.length >= waitingMaxCount;
  }

  async #run<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#running >= this.#options.runningMaxCount) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#running += 1;
    }
    try {
      return await work();
    } finally {
      // The place goes straight to the next in line, so that no newcomer can take it in between.
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}

function busy(): Busy {
  return { kind: 'busy', retryAfterMs: HASHES_BUSY_RETRY_MS };
}

/** One password, however a keyboard composed its characters (NIST SP 800-63B-4 asks for NFC or NFKC). */
function normalise(password: string): string {
  return password.normalize('NFKC');
}
