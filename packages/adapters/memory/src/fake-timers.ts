// Timers that fire when a test lets time pass, in order of their time, with everything settled in between.
import type { Timer, Timers } from '@parley/ports/timers';
import type { FakeClock } from './fake-clock.ts';

interface Pending {
  dueMs: number;
  /** Orders timers of the same time: the one that was started first fires first. */
  order: number;
  readonly intervalMs: number | undefined;
  readonly call: () => void;
}

/** Turns of `soon` within one settling; more means that a call asks for itself again and again. */
const SETTLE_MAX_TURNS = 10_000;

export class FakeTimers implements Timers {
  readonly #clock: FakeClock;
  readonly #pending = new Set<Pending>();
  #soon: (() => void)[] = [];
  #started = 0;

  constructor(clock: FakeClock) {
    this.#clock = clock;
  }

  after(delayMs: number, call: () => void): Timer {
    return this.#start(delayMs, undefined, call);
  }

  every(intervalMs: number, call: () => void): Timer {
    if (!(intervalMs > 0)) throw new RangeError(`an interval of ${intervalMs} ms never ends`);
    return this.#start(intervalMs, intervalMs, call);
  }

  soon(call: () => void): void {
    this.#soon.push(call);
  }

  /** Timers that wait. */
  get pendingCount(): number {
    return this.#pending.size;
  }

  /** Lets time pass: due timers fire one by one, each at its own time and with all promises settled before the next. */
  async advance(ms: number): Promise<void> {
    if (!(ms >= 0)) throw new RangeError(`time does not pass by ${ms} ms`);
    const endMs = this.#clock.monotonic() + ms;
    await this.settle();
    for (let next = this.#next(endMs); next !== undefined; next = this.#next(endMs)) {
      this.#clock.advance(Math.max(0, next.dueMs - this.#clock.monotonic()));
      this.#fire(next);
      await this.settle();
    }
    this.#clock.advance(Math.max(0, endMs - this.#clock.monotonic()));
  }

  /** Lets every promise that can settle do so, and runs what was asked for by `soon`, without time passing. */
  async settle(): Promise<void> {
    await turn();
    for (let turns = 0; this.#soon.length > 0; turns++) {
      if (turns === SETTLE_MAX_TURNS) throw new Error('calls of `soon` ask for `soon` without end');
      const calls = this.#soon;
      this.#soon = [];
      for (const call of calls) call();
      await turn();
    }
  }

  #start(delayMs: number, intervalMs: number | undefined, call: () => void): Timer {
    const dueMs = this.#clock.monotonic() + Math.max(0, delayMs);
    const pending: Pending = { dueMs, order: (this.#started += 1), intervalMs, call };
    this.#pending.add(pending);
    return { cancel: () => void this.#pending.delete(pending) };
  }

  #next(endMs: number): Pending | undefined {
    let next: Pending | undefined;
    for (const each of this.#pending) {
      if (each.dueMs > endMs) continue;
      const sooner = next === undefined || each.dueMs < next.dueMs;
      if (sooner || (each.dueMs === next?.dueMs && each.order < next.order)) next = each;
    }
    return next;
  }

  #fire(timer: Pending): void {
    if (timer.intervalMs === undefined) {
      this.#pending.delete(timer);
    } else {
      timer.dueMs += timer.intervalMs;
      timer.order = this.#started += 1;
    }
    timer.call();
  }
}

/** One turn of the real event loop: the only way to know that no promise can settle any more. */
function turn(): Promise<void> {
  // oxlint-disable-next-line eslint/no-restricted-globals -- it takes no time of the test's clock
  return new Promise((resolve) => setImmediate(resolve));
}
