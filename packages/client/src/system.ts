// The only file of the SDK with ambient time, timers, randomness and fetch.
import type { FetchLike } from './account.ts';
import type { Clock, Environment, Randomness, Timers } from './environment.ts';

const clock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
};

const timers: Timers = {
  after(delayMs, call) {
    const handle = setTimeout(call, delayMs);
    return { cancel: () => clearTimeout(handle) };
  },
  soon: endOfTick(),
};

const randomness: Randomness = {
  bytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
  fraction: () => Math.random(),
};

export const systemEnvironment: Environment = { clock, timers, randomness };

export const systemFetch: FetchLike = (url, init) => fetch(url, init);

/** setImmediate where there is one; in browsers a message to itself, because setTimeout waits for 4 ms there. */
function endOfTick(): (call: () => void) => void {
  const { setImmediate: immediate } = globalThis as { setImmediate?: (call: () => void) => unknown };
  if (immediate !== undefined) return (call) => void immediate(call);
  const calls: (() => void)[] = [];
  const channel = new MessageChannel();
  channel.port1.onmessage = () => calls.shift()?.();
  return (call) => {
    calls.push(call);
    channel.port2.postMessage(undefined);
  };
}
