// The suite of the timers.
import { describe, expect, test } from 'bun:test';
import type { Clock } from '../clock.ts';
import type { Timer, Timers } from '../timers.ts';
import { until } from './fixture.ts';

/** Timers, their clock, and how to let time pass. */
export interface OpenedTimers {
  readonly timers: Timers;
  readonly clock: Clock;
  readonly pass: (ms: number) => Promise<void>;
}

type OpenTimers = () => OpenedTimers;

/** A timer may be early by this much against a clock of another resolution. */
const RESOLUTION_MS = 2;
/** Long enough for a timer that should not fire to have fired. */
const QUIET_MS = 40;

function afterRules(open: OpenTimers): void {
  test('[TIMER-1] after calls once, not before the delay is over', async () => {
    const { timers, clock, pass } = open();
    const start = clock.monotonic();
    const calls: number[] = [];
    timers.after(20, () => calls.push(clock.monotonic() - start));
    expect(calls).toEqual([]);
    await until(() => calls.length > 0, pass);
    expect(calls[0]).toBeGreaterThanOrEqual(20 - RESOLUTION_MS);
    await pass(QUIET_MS);
    expect(calls).toHaveLength(1);
  });

  test('[TIMER-2] a delay of 0 calls later, never within the call', async () => {
    const { timers, pass } = open();
    let called = false;
    timers.after(0, () => (called = true));
    expect(called).toBe(false);
    await until(() => called, pass);
  });

  test('[TIMER-3] timers fire in order of their time', async () => {
    const { timers, pass } = open();
    const calls: number[] = [];
    for (const delay of [60, 5, 30]) timers.after(delay, () => calls.push(delay));
    await until(() => calls.length === 3, pass);
    expect(calls).toEqual([5, 30, 60]);
  });

  test('[TIMER-4] a cancelled timer does not fire; cancelling twice or too late is no error', async () => {
    const { timers, pass } = open();
    const calls: string[] = [];
    const cancelled = timers.after(10, () => calls.push('cancelled'));
    const fired = timers.after(10, () => calls.push('fired'));
    cancelled.cancel();
    cancelled.cancel();
    await until(() => calls.length > 0, pass);
    await pass(QUIET_MS);
    fired.cancel();
    expect(calls).toEqual(['fired']);
  });

  test('[TIMER-5] a timer may be started and cancelled from within a timer', async () => {
    const { timers, pass } = open();
    const calls: string[] = [];
    const victim = timers.after(QUIET_MS, () => calls.push('victim'));
    timers.after(1, () => {
      victim.cancel();
      timers.after(1, () => calls.push('inner'));
    });
    await until(() => calls.length > 0, pass);
    await pass(2 * QUIET_MS);
    expect(calls).toEqual(['inner']);
  });

  test('[TIMER-6] a delay of more than 2^31 - 1 ms does not fire at once', async () => {
    const { timers, pass } = open();
    let called = false;
    const pending = [2 ** 31, 2 ** 32, 2 ** 32 + 1].map((delay) =>
      timers.after(delay, () => (called = true)),
    );
    await pass(QUIET_MS);
    for (const timer of pending) timer.cancel();
    expect(called).toBe(false);
  });
}

function everyRules(open: OpenTimers): void {
  test('[TIMER-7] every calls again and again, first after one interval, until it is cancelled', async () => {
    const { timers, clock, pass } = open();
    const start = clock.monotonic();
    const calls: number[] = [];
    const timer = timers.every(10, () => calls.push(clock.monotonic() - start));
    await until(() => calls.length >= 3, pass);
    timer.cancel();
    timer.cancel();
    expect(calls[0]).toBeGreaterThanOrEqual(10 - RESOLUTION_MS);
    expect(calls[2]).toBeGreaterThanOrEqual(30 - 3 * RESOLUTION_MS);
    const before = calls.length;
    await pass(QUIET_MS);
    expect(calls).toHaveLength(before);
  });

  test('[TIMER-8] every may be cancelled from within its own call', async () => {
    const { timers, pass } = open();
    let calls = 0;
    const timer: Timer = timers.every(5, () => {
      calls += 1;
      if (calls === 2) timer.cancel();
    });
    await until(() => calls === 2, pass);
    await pass(QUIET_MS);
    expect(calls).toBe(2);
  });
}

function soonRules(open: OpenTimers): void {
  test('[TIMER-9] soon calls once, after this turn and all its promises, in the order asked for', async () => {
    const { timers, pass } = open();
    const calls: string[] = [];
    const chain = async () => {
      for (let link = 0; link < 50; link++) await Promise.resolve();
      calls.push('promises');
    };
    timers.soon(() => calls.push('first'));
    timers.soon(() => calls.push('second'));
    const chained = chain();
    calls.push('turn');
    await until(() => calls.includes('second'), pass);
    await chained;
    await pass(5);
    expect(calls).toEqual(['turn', 'promises', 'first', 'second']);
  });

  test('[TIMER-10] soon within soon comes after another turn', async () => {
    const { timers, pass } = open();
    const calls: string[] = [];
    timers.soon(() => {
      timers.soon(() => calls.push('inner'));
      void Promise.resolve().then(() => calls.push('promise')); // cannot reject
      calls.push('outer');
    });
    await until(() => calls.includes('inner'), pass);
    expect(calls).toEqual(['outer', 'promise', 'inner']);
  });
}

export function testTimers(adapter: string, open: OpenTimers): void {
  describe(`${adapter} as Timers`, () => {
    afterRules(open);
    everyRules(open);
    soonRules(open);
  });
}
