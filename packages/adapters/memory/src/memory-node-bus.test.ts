// What fate does to messages on the bus in memory.
import { describe, expect, test } from 'bun:test';
import { FakeClock } from './fake-clock.ts';
import { FakeTimers } from './fake-timers.ts';
import { type BusFate, type BusMessage, MemoryBusHub, MemoryNodeBus } from './memory-node-bus.ts';

function bus(fate?: BusFate) {
  const timers = new FakeTimers(new FakeClock());
  const hub = new MemoryBusHub(fate === undefined ? { timers } : { timers, fate });
  const [one, other] = [new MemoryNodeBus(hub), new MemoryNodeBus(hub)];
  const got: string[] = [];
  other.subscribe('t', (payload) => got.push(payload));
  return { timers, one, other, got };
}

describe('fate', () => {
  test('[] loses a message, [0, 0] repeats it, and fate sees each one', async () => {
    const seen: BusMessage[] = [];
    const { timers, one, got } = bus((message) => {
      seen.push(message);
      return message.payload === 'lost' ? [] : message.payload === 'twice' ? [0, 0] : [0];
    });
    for (const payload of ['a', 'lost', 'twice', 'b']) one.publish('t', payload);
    await timers.settle();
    expect(got).toEqual(['a', 'twice', 'twice', 'b']);
    expect(seen[1]).toEqual({ kind: 'publish', topic: 't', payload: 'lost' });
  });

  test('a delay holds a message back, so that others overtake it', async () => {
    const { timers, one, got } = bus((message) => (message.payload === 'late' ? [50] : [0]));
    one.publish('t', 'late');
    one.publish('t', 'b');
    await timers.advance(49);
    expect(got).toEqual(['b']);
    await timers.advance(1);
    expect(got).toEqual(['b', 'late']);
  });

  test('each receiver has a fate of its own', async () => {
    let turn = 0;
    const { timers, one, got } = bus(() => ((turn += 1) === 1 ? [] : [0]));
    const own: string[] = [];
    one.subscribe('t', (payload) => own.push(payload));
    one.publish('t', 'a');
    await timers.settle();
    expect([got, own]).toEqual([[], ['a']]);
  });

  test('a lost request is not handled and a lost answer was: both are unanswered after the time', async () => {
    for (const lost of ['request', 'answer'] as const) {
      const { timers, one, other } = bus((message) => (message.kind === lost ? [] : [0]));
      let handled = 0;
      other.answer('ask', async () => String((handled += 1)));
      const outcomes: unknown[] = [];
      const pending = one.request('ask', 'a', 100).then((outcome) => outcomes.push(outcome));
      await timers.advance(99);
      expect(outcomes).toEqual([]);
      await timers.advance(1);
      await pending;
      expect(outcomes).toEqual([{ kind: 'unanswered' }]);
      expect(handled).toBe(lost === 'request' ? 0 : 1);
    }
  });

  test('a request that is repeated is handled twice and answered once', async () => {
    const { timers, one, other } = bus((message) => (message.kind === 'request' ? [0, 0] : [0]));
    let handled = 0;
    other.answer('ask', async () => String((handled += 1)));
    const pending = one.request('ask', 'a', 100);
    await timers.settle();
    expect(await pending).toEqual({ kind: 'answered', payload: '1' });
    expect(handled).toBe(2);
    expect(timers.pendingCount).toBe(0);
  });
});

test('a request whose handler fails is unanswered at once', async () => {
  const { timers, one, other } = bus();
  other.answer('fails', () => Promise.reject(new Error('handler')));
  const pending = one.request('fails', 'a', 100);
  await timers.settle();
  expect(timers.pendingCount).toBe(0);
  expect(await pending).toEqual({ kind: 'unanswered' });
});

test('a node that closed hears nothing that is under way to it, and may not join again', async () => {
  const { timers, one, other, got } = bus(() => [10]);
  one.publish('t', 'a');
  await other[Symbol.asyncDispose]();
  await timers.advance(10);
  expect(got).toEqual([]);
  expect(() => other.subscribe('t', () => {})).toThrow('closed');
});
