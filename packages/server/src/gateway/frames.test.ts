// How the gateway reads what a client says: messages, frames, refs, and what it does about bad ones.
import { expect, test } from 'bun:test';
import { ERRORS, isErrorCode } from '@parley/protocol/error-code';
import { MESSAGE_FRAMES_MAX_COUNT, REQUESTS_IN_FLIGHT_MAX_COUNT } from '@parley/protocol/limits';
import { ServerFixture } from '../testing/server-fixture.ts';
import { sendOf, type TestClient } from '../testing/test-client.ts';
import { BAD_FRAMES_MAX_COUNT, REQUESTS_IN_FLIGHT_MAX_BYTES } from './limits.ts';

const find = (ref: number) => ({ type: 'find_users' as const, ref, names: [] });

async function adaAndBob() {
  const fixture = new ServerFixture();
  const ada = await fixture.join('ada');
  const bob = await fixture.join('bob');
  const conversation = await ada.direct(bob.userId);
  ada.clear();
  bob.clear();
  return { fixture, ada, bob, conversation };
}

test('[SOCK-2] a message holds many frames, and they are handled in order', async () => {
  const { ada, bob, conversation } = await adaAndBob();
  const frames = ['one', 'two', 'three'].map((text, at) => {
    return { ...sendOf(conversation, [{ id: `id-${text}`, text }]), ref: at };
  });
  await ada.send(...frames);
  expect(ada.all('sent').map(({ ref, results }) => [ref, results[0]])).toMatchObject([
    [0, { seq: 1 }],
    [1, { seq: 2 }],
    [2, { seq: 3 }],
  ]);
  expect(bob.pushedTexts()).toEqual(['one', 'two', 'three']);
});

test('[SOCK-2] what the server says in one turn shares a message, and every message is an array of frames', async () => {
  const { ada, bob, conversation } = await adaAndBob();
  await ada.send(find(1), find(2), { ...sendOf(conversation, [{ id: 'a', text: 'x' }]), ref: 3 });
  expect(ada.frames.length).toBeGreaterThanOrEqual(4);
  expect(ada.socket.messages.length).toBeLessThan(ada.frames.length);
  for (const message of [...ada.socket.messages, ...bob.socket.messages]) {
    const frames: unknown = JSON.parse(message);
    expect(Array.isArray(frames)).toBe(true);
    for (const frame of frames as { type: unknown }[]) expect(frame.type).toBeString();
  }
});

test('[SOCK-3] [PUSH-1] a message of the server may be larger than a client may send', async () => {
  const { ada, bob, conversation } = await adaAndBob();
  const texts = Array.from({ length: 12 }, (_, at) => ({ id: `id-${at}`, text: 'x'.repeat(8_000) }));
  for (const one of texts) await ada.texts(conversation, [one]);
  bob.clear();
  const { entries } = await bob.pull(conversation, 0);
  expect(entries).toHaveLength(12);
  expect(Math.max(...bob.socket.messages.map((message) => message.length))).toBeGreaterThan(65_536);
});

test('[SOCK-3] 257 frames are refused as a whole, 256 are handled', async () => {
  const { ada } = await adaAndBob();
  const beats = Array.from({ length: MESSAGE_FRAMES_MAX_COUNT - 1 }, () => ({ type: 'heartbeat' as const }));
  await ada.send(...beats, find(7));
  expect(ada.last('users').ref).toBe(7);
  ada.clear();
  await ada.send(...beats, { type: 'heartbeat' }, find(8));
  expect(ada.frames).toMatchObject([{ type: 'error', code: 'malformed' }]);
});

test.each([
  ['an unknown type', { type: 'dance', ref: 5 }, 'unknown_frame', 'type'],
  ['no type', { ref: 5 }, 'invalid_field', 'type'],
  ['an unknown field', { ...find(5), shoe_size: 42 }, 'invalid_field', 'shoe_size'],
  ['a wrong type', { ...find(5), names: 'bob' }, 'invalid_field', 'names'],
  [
    'a number out of range',
    { type: 'pull', ref: 5, conversation_id: '1', after: -1 },
    'invalid_field',
    'after',
  ],
  ['a wrong type far within', { ...sendBad(7), ref: 5 }, 'invalid_field', 'messages.0.content.text'],
])(
  '[SOCK-4] %s is refused by an error that names the field; the other frames are handled',
  async (_, bad, code, field) => {
    const { ada } = await adaAndBob();
    await ada.raw(JSON.stringify([find(1), bad, find(2)]));
    expect(ada.all('users').map((frame) => frame.ref)).toEqual([1, 2]);
    expect(ada.all('error')).toMatchObject([{ ref: 5, code, field, retry: 'no' }]);
    expect(ada.socket.closedWith).toBeUndefined();
  },
);

function sendBad(text: unknown) {
  return {
    type: 'send',
    conversation_id: '1',
    messages: [{ client_msg_id: 'a', content: { kind: 'text', text } }],
  };
}

test('[SOCK-4] [CLOSE-1] after 20 frames that it cannot read the server closes with 4400, not before', async () => {
  const { ada } = await adaAndBob();
  await ada.raw(JSON.stringify(Array.from({ length: BAD_FRAMES_MAX_COUNT - 1 }, () => ({ type: 'dance' }))));
  expect(ada.socket.closedWith).toBeUndefined();
  await ada.raw(JSON.stringify([{ type: 'dance' }, find(3)]));
  expect(ada.socket.closedWith?.code).toBe(4400);
  expect(ada.all('error')).toHaveLength(20);
  expect(ada.all('users')).toHaveLength(0);
});

test.each([
  ['no JSON', '{"type":'],
  ['no array', '{"type":"heartbeat"}'],
  ['a frame that is no object', '[1]'],
  ['a frame that is an array', '[[]]'],
  ['null', 'null'],
  ['NaN', '[{"type":"pull","ref":NaN}]'],
])('[SOCK-4] [ERR-1] %s is answered with `malformed`', async (_, text) => {
  const { ada } = await adaAndBob();
  await ada.raw(text);
  expect(ada.all('error')).toMatchObject([{ code: 'malformed', retry: 'no' }]);
});

test('[ERR-2] a bad frame disturbs no other session and loses nothing', async () => {
  const { ada, bob, conversation } = await adaAndBob();
  const send = { ...sendOf(conversation, [{ id: 'a', text: 'kept' }]), ref: 1 };
  const bad = ['x', 1, null, { type: '__proto__' }, { type: 'send', ref: 2 }];
  await ada.raw(JSON.stringify([...bad, send, ...bad]));
  expect(ada.last('sent').results).toMatchObject([{ seq: 1 }]);
  expect(bob.pushedTexts()).toEqual(['kept']);
  expect(bob.faults).toEqual([]);
  expect((await bob.pull(conversation, 0)).head).toBe(1);
});

test('[SOCK-6] ids are decimal strings; seqs and times are numbers', async () => {
  const { fixture, ada, bob, conversation } = await adaAndBob();
  await ada.text(conversation, 'x');
  const [entry] = bob.last('entries').entries;
  for (const id of [bob.userId, conversation, entry?.message_id, entry?.sender])
    expect(id).toMatch(/^[1-9][0-9]*$/);
  expect(entry?.seq).toBe(1);
  expect(entry?.at).toBe(fixture.clock.now());
  await ada.raw(`[{"type":"pull","ref":3,"conversation_id":${conversation}}]`);
  expect(ada.last('error')).toMatchObject({ ref: 3, code: 'invalid_field', field: 'conversation_id' });
});

test('[SOCK-7] an answer carries the ref of its request, an error too', async () => {
  const { ada } = await adaAndBob();
  await ada.send(find(0), find(2 ** 31 - 1), { type: 'pull', ref: 12, conversation_id: '999' as never });
  expect(ada.all('users').map((frame) => frame.ref)).toEqual([0, 2 ** 31 - 1]);
  expect(ada.last('error')).toMatchObject({ ref: 12, code: 'not_found' });
});

test.each([-1, 2 ** 31, 2 ** 53 - 1, 1.5, '7', null])(
  '[SOCK-7] a ref that is %p is refused without one',
  async (ref) => {
    const { ada } = await adaAndBob();
    await ada.raw(JSON.stringify([{ type: 'find_users', ref, names: [] }]));
    expect(ada.frames).toEqual([
      expect.objectContaining({ type: 'error', code: 'invalid_field', field: 'ref' }),
    ]);
    expect(ada.last('error').ref).toBeUndefined();
  },
);

/** Requests that the store does not answer. */
async function flood(client: TestClient, count: number): Promise<void> {
  for (let left = count; left > 0; left -= MESSAGE_FRAMES_MAX_COUNT) {
    const refs = Array.from({ length: Math.min(left, MESSAGE_FRAMES_MAX_COUNT) }, (_, at) => left - at);
    await client.send(...refs.map((ref) => ({ type: 'find_users' as const, ref, ids: ['1' as never] })));
  }
}

test('[SOCK-7] 1,024 requests may be in flight; one more closes with 4429, and other sessions go on', async () => {
  const { fixture, ada, bob, conversation } = await adaAndBob();
  const held = Array.from({ length: REQUESTS_IN_FLIGHT_MAX_COUNT + 1 }, () =>
    fixture.faults.hold('usersByIds'),
  );
  await flood(ada, REQUESTS_IN_FLIGHT_MAX_COUNT);
  expect(ada.socket.closedWith).toBeUndefined();
  await flood(ada, 1);
  expect(ada.socket.closedWith?.code).toBe(4429);
  expect(await bob.text(conversation, 'still here')).toMatchObject({ seq: 1 });
  for (const each of held) each.release();
  await fixture.settle();
  expect(ada.all('users')).toHaveLength(0);
});

test('[SOCK-7] answered requests make room again', async () => {
  const { ada } = await adaAndBob();
  for (let round = 0; round < 3; round++) await flood(ada, REQUESTS_IN_FLIGHT_MAX_COUNT);
  expect(ada.socket.closedWith).toBeUndefined();
  expect(ada.session.requestsInFlight).toBe(0);
  expect(ada.session.bytesInFlight).toBe(0);
});

test('[SOCK-7] many small requests of one large message do not count for more than the message has', async () => {
  const { fixture, ada, conversation } = await adaAndBob();
  const held = fixture.faults.hold('append');
  const send = (at: number) => ({
    ...sendOf(conversation, [{ id: `id-${at}`, text: 'x'.repeat(100) }]),
    ref: at,
  });
  const message = JSON.stringify(Array.from({ length: 250 }, (_, at) => send(at)));
  expect(message.length * 250).toBeGreaterThan(REQUESTS_IN_FLIGHT_MAX_BYTES);
  await ada.raw(message);
  expect(ada.session.bytesInFlight).toBeLessThan(message.length + 250);
  held.release();
  await fixture.settle();
  expect(ada.socket.closedWith).toBeUndefined();
  expect(ada.all('sent')).toHaveLength(250);
});

test('a flood of marks that must be looked up meets the same limit as requests', async () => {
  const { fixture, ada } = await adaAndBob();
  const held = Array.from({ length: 1_100 }, () => fixture.faults.hold('state'));
  const marks = [{ conversation_id: '999' as never, seq: 1 }];
  for (let sent = 0; sent < 1_100; sent += 220) {
    await ada.send(...Array.from({ length: 220 }, () => ({ type: 'received' as const, marks })));
  }
  expect(ada.socket.closedWith?.code).toBe(4429);
  for (const each of held) each.release();
  await fixture.settle();
});

test('[ERR-1] every error that a client gets has a known code, the retry of that code and a message', async () => {
  const { fixture, ada, bob, conversation } = await adaAndBob();
  await ada.raw('x');
  await ada.raw('[{"type":"dance"}]');
  await ada.hello('again');
  await ada.change('rename_group', conversation, 'a', { title: 'x' });
  await ada.request({ type: 'pull', conversation_id: '999' as never });
  fixture.faults.next('append', 'storage_full', 'unavailable');
  const refused = [await ada.text(conversation, 'a'), await ada.text(conversation, 'b')];
  const faults = [...ada.all('error'), ...refused.map((each) => ('error' in each ? each.error : undefined))];
  expect(faults).toHaveLength(7);
  for (const each of faults) {
    const { code, retry, message } = each ?? { code: '', retry: 'no', message: '' };
    if (!isErrorCode(code)) throw new Error(`unknown code ${code}`);
    expect(retry).toBe(ERRORS[code].retry);
    expect(message.length).toBeGreaterThan(5);
  }
  expect(faults.at(-1)?.retry_after_ms).toBeGreaterThan(0);
  expect(bob.faults).toEqual([]);
});
