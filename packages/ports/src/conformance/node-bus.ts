// The suite of the node bus, with no faults in it: a lossy bus too delivers when nothing is wrong.
import { describe, expect, test } from 'bun:test';
import { BUS_PAYLOAD_MAX_BYTES, type NodeBus } from '../node-bus.ts';
import { rejection, until } from './fixture.ts';

/** Two nodes on one bus, and how to let time pass. */
export interface OpenedBus extends AsyncDisposable {
  readonly one: NodeBus;
  readonly other: NodeBus;
  readonly pass: (ms: number) => Promise<void>;
  /** Cuts the connection of `one` to the bus; it comes back by itself. */
  readonly interrupt: () => void;
}

type OpenBus = () => Promise<OpenedBus>;

const WITHIN_MS = 5_000;
const SHORT_MS = 30;
const HOUR_MS = 3_600_000;

/** Two bytes in UTF-8, one unit of a string's length. */
const TWO_BYTES = 'é';

/** Publishes until the subscriber has it: a subscription may need a moment to be known everywhere. */
async function arrives(
  world: OpenedBus,
  from: NodeBus,
  send: { topic: string; payload: string; got: string[] },
): Promise<void> {
  from.publish(send.topic, send.payload);
  let turns = 0;
  await until(() => {
    if ((turns += 1) % 20 === 0) from.publish(send.topic, send.payload);
    return send.got.includes(send.payload);
  }, world.pass);
}

function publishRules(open: OpenBus): void {
  test('[BUS-1] what is published reaches the subscribers of the topic on every node, byte for byte', async () => {
    await using world = await open();
    const [here, there, twin]: [string[], string[], string[]] = [[], [], []];
    using _here = world.one.subscribe('t', (payload) => here.push(payload));
    using _there = world.other.subscribe('t', (payload) => there.push(payload));
    using _twin = world.other.subscribe('t', (payload) => twin.push(payload));
    const payloads = ['plain', '', '{"text":"👩‍👩‍👧 שלום \\u0000"}', '\u0000\u0001', 'x'.repeat(100_000)];
    for (const payload of payloads) {
      for (const got of [here, there, twin]) await arrives(world, world.one, { topic: 't', payload, got });
    }
    for (const got of [here, there, twin]) expect(new Set(got)).toEqual(new Set(payloads));
  });

  test('[BUS-2] a topic is exact: no other topic is heard', async () => {
    await using world = await open();
    const [got, others]: [string[], string[]] = [[], []];
    using _got = world.other.subscribe('node.1', (payload) => got.push(payload));
    const topics = ['node.10', 'node', 'node.1.x', 'NODE.1'];
    const ends = topics.map((topic) => world.other.subscribe(topic, (payload) => others.push(payload)));
    await arrives(world, world.one, { topic: 'node.1', payload: 'a', got });
    await arrives(world, world.one, { topic: 'node.10', payload: 'b', got: others });
    expect(new Set(got)).toEqual(new Set(['a']));
    expect(new Set(others)).toEqual(new Set(['b']));
    for (const end of ends) end[Symbol.dispose]();
  });

  test('[BUS-3] no handler is called before publish has returned', async () => {
    await using world = await open();
    const got: string[] = [];
    using _own = world.one.subscribe('t', (payload) => got.push(payload));
    await arrives(world, world.one, { topic: 't', payload: 'first', got });
    const before = got.length;
    world.one.publish('t', 'second');
    expect(got.length).toBe(before);
    await until(() => got.includes('second'), world.pass);
  });

  test('[BUS-4] a subscription that was disposed of hears nothing more; twice is no error', async () => {
    await using world = await open();
    const [ended, kept]: [string[], string[]] = [[], []];
    const end = world.other.subscribe('t', (payload) => ended.push(payload));
    using _kept = world.other.subscribe('t', (payload) => kept.push(payload));
    await arrives(world, world.one, { topic: 't', payload: 'a', got: ended });
    end[Symbol.dispose]();
    end[Symbol.dispose]();
    const before = ended.length;
    await arrives(world, world.one, { topic: 't', payload: 'b', got: kept });
    expect(ended.length).toBe(before);
  });

  test('[BUS-5] publishing where nobody listens, or after the bus was closed, is no error', async () => {
    const world = await open();
    world.one.publish('nobody', 'a');
    await world[Symbol.asyncDispose]();
    world.one.publish('nobody', 'b');
    expect(await world.one.request('nobody', 'c', SHORT_MS)).toEqual({ kind: 'unanswered' });
  });
}

/** Asks until there is an answer, for the same reason as `arrives`. */
async function answered(world: OpenedBus, topic: string, payload: string): Promise<string> {
  for (let turn = 0; turn < 100; turn++) {
    const pending = world.one.request(topic, payload, WITHIN_MS);
    const outcome = await settled(world, pending);
    if (outcome.kind === 'answered') return outcome.payload;
  }
  throw new Error('no answer came');
}

/** Lets time pass until a promise is settled. */
async function settled<Value>(world: OpenedBus, promise: Promise<Value>): Promise<Value> {
  let done = false;
  const watched = promise.finally(() => {
    done = true;
  });
  await until(() => done, world.pass);
  return await watched;
}

function requestRules(open: OpenBus): void {
  test('[BUS-6] a request brings the answer of the node that answers the topic', async () => {
    await using world = await open();
    using _echo = world.other.answer('echo', async (payload) => `answer to ${payload}`);
    using _own = world.one.answer('own', async () => 'from myself');
    for (const payload of ['', 'a', '👩‍👩‍👧\u0000', 'x'.repeat(50_000)]) {
      expect(await answered(world, 'echo', payload)).toBe(`answer to ${payload}`);
    }
    expect(await answered(world, 'own', 'a')).toBe('from myself');
  });

  test('[BUS-7] requests at the same time each get their own answer, in whatever order those come', async () => {
    await using world = await open();
    const waiting: (() => void)[] = [];
    using _late = world.other.answer('late', async (payload) => {
      if (payload !== 'warm-up') await new Promise<void>((resolve) => waiting.unshift(resolve));
      return payload;
    });
    await answered(world, 'late', 'warm-up');
    const payloads = Array.from({ length: 50 }, (_, index) => `p${index}`);
    const outcomes = Promise.all(payloads.map((payload) => world.one.request('late', payload, WITHIN_MS)));
    await until(() => waiting.length === payloads.length, world.pass);
    for (const resolve of waiting) resolve();
    const expected = payloads.map((payload) => ({ kind: 'answered', payload }) as const);
    expect(await settled(world, outcomes)).toEqual(expected);
  });

  test('[BUS-8] a request is unanswered when nobody answers the topic, not in time, or the handler fails', async () => {
    await using world = await open();
    using _never = world.other.answer('never', () => new Promise<string>(() => {}));
    using _fails = world.other.answer('fails', () => Promise.reject(new Error('handler')));
    const ended = world.other.answer('ended', async () => 'a');
    await answered(world, 'ended', '');
    ended[Symbol.dispose]();
    for (const topic of ['nobody', 'never', 'fails', 'ended']) {
      const outcome = await settled(world, world.one.request(topic, 'a', SHORT_MS));
      expect(outcome).toEqual({ kind: 'unanswered' });
    }
  });

  test('[BUS-9] closing the bus settles the requests that are under way', async () => {
    const world = await open();
    using _never = world.other.answer('never', () => new Promise<string>(() => {}));
    const pending = world.one.request('never', 'a', HOUR_MS);
    await world[Symbol.asyncDispose]();
    expect(await settled(world, pending)).toEqual({ kind: 'unanswered' });
  });
}

function lossRules(open: OpenBus): void {
  test('[BUS-10] a bus that was away says so when it is back, with its subscriptions and answers in force', async () => {
    await using world = await open();
    const { one, other } = world;
    const [got, calls, ended]: [string[], string[], string[]] = [[], [], []];
    using _got = one.subscribe('t', (payload) => got.push(payload));
    using _twin = one.subscribe('t', (payload) => got.push(payload));
    using _answer = other.answer('echo', async (payload) => payload);
    await arrives(world, other, { topic: 't', payload: 'before', got });
    using _calls = one.onReconnected(() => calls.push('back'));
    const end = one.onReconnected(() => ended.push('back'));
    end[Symbol.dispose]();
    end[Symbol.dispose]();
    for (const turn of [1, 2]) {
      expect(calls).toHaveLength(turn - 1);
      world.interrupt();
      await until(() => calls.length === turn, world.pass);
      got.length = 0;
      await arrives(world, other, { topic: 't', payload: `after ${turn}`, got });
      expect(await answered(world, 'echo', 'a')).toBe('a');
    }
    await world.pass(SHORT_MS);
    expect([calls, ended]).toEqual([['back', 'back'], []]);
  });

  test('[BUS-11] a payload of the greatest length arrives, one that is longer throws', async () => {
    await using world = await open();
    const got: string[] = [];
    using _got = world.other.subscribe('t', (payload) => got.push(payload));
    const longest = TWO_BYTES.repeat(BUS_PAYLOAD_MAX_BYTES / 2);
    await arrives(world, world.one, { topic: 't', payload: longest, got });
    const longer = `${longest}x`;
    expect(() => world.one.publish('t', longer)).toThrow(RangeError);
    expect(await rejection(() => world.one.request('t', longer, WITHIN_MS))).toBeInstanceOf(RangeError);
    using _long = world.other.answer('long', async (payload) => (payload === 'longest' ? longest : longer));
    expect(await answered(world, 'long', 'longest')).toBe(longest);
    const outcome = await settled(world, world.one.request('long', 'longer', WITHIN_MS));
    expect(outcome).toEqual({ kind: 'unanswered' });
  });
}

export function testNodeBus(adapter: string, open: OpenBus): void {
  describe(`${adapter} as NodeBus`, () => {
    publishRules(open);
    requestRules(open);
    lossRules(open);
  });
}
