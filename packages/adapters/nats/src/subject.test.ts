// Topics hold any text, subjects do not.
import { expect, test } from 'bun:test';
import { describeWithEngine } from '@parley/ports/conformance/engine';
import { eventually } from '@parley/ports/testing/real-time';
import { SUBJECT_MAX_BYTES } from './limits.ts';
import { Subjects } from './subject.ts';
import { freshPrefix, openTestBus } from './testing/nats-fixture.ts';

const ODD = [
  '',
  '=',
  '==',
  ' ',
  '*',
  '>',
  '.',
  '..',
  'a.b',
  'a.*',
  'a.>',
  'a b',
  'a\tb',
  'a\r\nPUB x 0',
  '\u0000',
];
const TOPICS = [...ODD, '=2e', '2e', '_', '-', 'NODE', 'node', '$SYS', 'né', '👩‍👩‍👧', 'x'.repeat(900)];

test('every topic becomes one token that NATS allows, and no two become the same', () => {
  const subjects = new Subjects('parley.test');
  const made = TOPICS.flatMap((topic) => [subjects.of('publish', topic), subjects.of('request', topic)]);
  for (const subject of made) expect(subject).toMatch(/^parley\.test\.[pr]\.[A-Za-z0-9_=-]+$/);
  expect(new Set(made).size).toBe(made.length);
});

test('a prefix or topic that cannot be a subject is refused', () => {
  for (const prefix of ['', '.', 'a.', '.a', 'a..b', 'a b', 'a*', '>', 'é']) {
    expect(() => new Subjects(prefix)).toThrow(RangeError);
  }
  expect(() => new Subjects('a').of('publish', 'x'.repeat(SUBJECT_MAX_BYTES))).toThrow(RangeError);
});

describeWithEngine('nats', (url) => {
  test('each topic is heard by those who subscribed to it and by nobody else', async () => {
    const prefix = freshPrefix();
    await using one = await openTestBus(url, prefix);
    await using other = await openTestBus(url, prefix);
    const got = new Map(TOPICS.map((topic): [string, string[]] => [topic, []]));
    for (const topic of TOPICS) other.subscribe(topic, (payload) => got.get(topic)?.push(payload));
    other.answer('ready', async () => '');
    await eventually(async () => (await one.request('ready', '', 100)).kind === 'answered');
    for (const topic of TOPICS) one.publish(topic, topic);
    await eventually(() => [...got.values()].every((payloads) => payloads.length > 0));
    for (const [topic, payloads] of got) expect(payloads).toEqual([topic]);
  });
});
