// What the server remembers of its last messages, and what it forgets.
import { expect, test } from 'bun:test';
import type { MessageId } from '@parley/protocol/ids';
import { Timelines } from './timelines.ts';

const id = (number: number) => String(7_000_000_000_000_000_000n + BigInt(number)) as MessageId;

test('[TRACE-1] the newest messages are remembered, each with its own times; the oldest make place', () => {
  const timelines = new Timelines(4);
  expect(timelines.of(id(1))).toBeUndefined();
  for (let at = 1; at <= 6; at += 1) {
    timelines.record(id(at), { acceptedAt: at * 10, durableAt: at * 10 + 1, fannedOutAt: at * 10 + 2 });
  }
  expect([1, 2].map((at) => timelines.of(id(at)))).toEqual([undefined, undefined]);
  for (const at of [3, 4, 5, 6]) {
    const expected = { acceptedAt: at * 10, durableAt: at * 10 + 1, fannedOutAt: at * 10 + 2 };
    expect(timelines.of(id(at))).toEqual(expected);
  }
});

test('[TRACE-1] ids next to one another are told apart, over all 63 bits', () => {
  const timelines = new Timelines(8);
  const ids = ['9223372036854775807', '9223372036854775806', '1', '2'] as MessageId[];
  for (const [at, each] of ids.entries()) {
    timelines.record(each, { acceptedAt: at, durableAt: at, fannedOutAt: at });
  }
  expect(ids.map((each) => timelines.of(each)?.acceptedAt)).toEqual([0, 1, 2, 3]);
  expect(timelines.of('3' as MessageId)).toBeUndefined();
});

test('[TRACE-1] a clock that was set back meanwhile makes no step earlier than the one before', () => {
  const timelines = new Timelines(1);
  timelines.record(id(1), { acceptedAt: 500, durableAt: 400, fannedOutAt: 450 });
  expect(timelines.of(id(1))).toEqual({ acceptedAt: 500, durableAt: 500, fannedOutAt: 500 });
});
