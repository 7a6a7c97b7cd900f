import { expect, test } from 'bun:test';
import type { Timers } from '@parley/ports/timers';
import { ERASED_FRAMES_DELAY_MS, ERASED_FRAMES_RETRY_MS, ErasedFrames } from './erased-frames.ts';

/** Timers whose time passes by `advance`, and a writer's thread whose answers the test gives. */
function world() {
  let now = 0;
  let asked = 0;
  const pending = new Set<{ readonly due: number; readonly call: () => void }>();
  const timers: Timers = {
    after: (delayMs, call) => {
      const timer = { due: now + delayMs, call };
      pending.add(timer);
      return { cancel: () => void pending.delete(timer) };
    },
    every: () => {
      throw new Error('not used');
    },
    soon: (call) => call(),
  };
  const advance = (ms: number): void => {
    now += ms;
    for (const timer of pending) {
      if (timer.due <= now && pending.delete(timer)) timer.call();
    }
  };
  const askToRemove = (): void => void (asked += 1);
  return {
    frames: new ErasedFrames({ timers, askToRemove }),
    without: new ErasedFrames({ timers: undefined, askToRemove }),
    advance,
    asked: () => asked,
    pending: () => pending.size,
  };
}

test('what is erased within a second is removed by one checkpoint, and what comes later by another', () => {
  const { frames, advance, asked, pending } = world();
  for (let count = 0; count < 100; count += 1) frames.remove();
  advance(ERASED_FRAMES_DELAY_MS - 1);
  expect(asked()).toBe(0);
  advance(1);
  frames.remove();
  expect([asked(), pending()]).toEqual([1, 0]);
  frames.answered(true);
  expect(pending()).toBe(0);
  frames.remove();
  advance(ERASED_FRAMES_DELAY_MS);
  expect(asked()).toBe(2);
});

test('while a reader is in the way it is tried again and again, until it is done', () => {
  const { frames, advance, asked, pending } = world();
  frames.remove();
  advance(ERASED_FRAMES_DELAY_MS);
  for (let tries = 1; tries < 20; tries += 1) {
    expect(asked()).toBe(tries);
    frames.answered(false);
    frames.remove();
    expect(pending()).toBe(1);
    advance(ERASED_FRAMES_RETRY_MS);
  }
  frames.answered(true);
  expect(pending()).toBe(0);
});

test('after a stop nothing is asked for any more, whatever comes', () => {
  const { frames, advance, asked, pending } = world();
  frames.remove();
  frames.stop();
  frames.remove();
  frames.answered(false);
  advance(10 * ERASED_FRAMES_DELAY_MS);
  expect([asked(), pending()]).toEqual([0, 0]);
});

test('without timers it is tried at once', () => {
  const { without, asked } = world();
  without.remove();
  without.answered(false);
  expect(asked()).toBe(1);
  without.remove();
  expect(asked()).toBe(2);
});
