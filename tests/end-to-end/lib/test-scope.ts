// A Scope for each test, or for all tests of a file, that bun:test disposes of, also after a time-out.
import { afterAll, afterEach, setDefaultTimeout } from 'bun:test';
import { Scope } from './scope.ts';

/** Longer than the deadlines of poll.ts, which say what was waited for. */
const TEST_WITHIN_MS = 60_000;

export function scopePerTest(): () => Scope {
  // Here and not beside the constant: it holds for one test file, and this module is evaluated for the first only.
  setDefaultTimeout(TEST_WITHIN_MS);
  let scope: Scope | undefined;
  afterEach(async () => {
    const ended = scope;
    scope = undefined;
    await ended?.[Symbol.asyncDispose]();
  });
  return () => (scope ??= new Scope());
}

export function scopePerFile(): Scope {
  setDefaultTimeout(TEST_WITHIN_MS);
  const scope = new Scope();
  afterAll(() => scope[Symbol.asyncDispose]());
  return scope;
}
