// Whether the engines answer: asked for when somebody wants to know, not more often than once a second.
import type { Clock } from '@parley/ports/clock';
import type { Timers } from '@parley/ports/timers';

const ANSWER_KEPT_MS = 1_000;
/** An engine that takes longer is no help to clients either. */
const ANSWER_MAX_MS = 2_000;

export class Readiness {
  readonly #probes: readonly (() => Promise<unknown>)[];
  readonly #clock: Clock;
  readonly #timers: Timers;
  #asked: Promise<boolean> | undefined;
  #askedAtMs = 0;

  /** A probe reads something small, and rejects where it cannot. */
  constructor(probes: readonly (() => Promise<unknown>)[], parts: { clock: Clock; timers: Timers }) {
    this.#probes = probes;
    this.#clock = parts.clock;
    this.#timers = parts.timers;
  }

  /** Never rejects. */
  ask(): Promise<boolean> {
    const now = this.#clock.monotonic();
    if (this.#asked === undefined || now - this.#askedAtMs >= ANSWER_KEPT_MS) {
      this.#asked = this.#ask();
      this.#askedAtMs = now;
    }
    return this.#asked;
  }

  async #ask(): Promise<boolean> {
    const late = Promise.withResolvers<boolean>();
    const timer = this.#timers.after(ANSWER_MAX_MS, () => late.resolve(false));
    const answers = Promise.all(this.#probes.map((probe) => probe()));
    try {
      return await Promise.race([answers.then(() => true), late.promise]);
    } catch {
      return false;
    } finally {
      timer.cancel();
    }
  }
}
