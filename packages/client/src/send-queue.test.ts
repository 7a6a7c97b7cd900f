// Sends over a network that breaks, and a server that is busy. A scripted server, a fake clock.
import assert from 'node:assert/strict';
import { test } from '../test/test.ts';
import type { FakeSocket, Frame } from '../test/fake-world.ts';
import { harness, heads, message, online, push, row, storeWith, welcome } from '../test/harness.ts';
import { MemoryClientStore } from './memory-client-store.ts';
import { ParleyError } from './parley-error.ts';

const SHUT = { code: 'unavailable', message: 'Not now.', retry: 'later' };

function sent(send: Frame, firstSeq: number): object {
  const results = send.messages.map(({ client_msg_id }, index) => stored(client_msg_id, firstSeq + index));
  return { type: 'sent', ref: send.ref, conversation_id: send.conversation_id, results };
}

function stored(client_msg_id: string, seq: number): object {
  return { client_msg_id, seq, message_id: String(8_000 + seq), at: 1_764_000_000_000 };
}

const sendsOf = (socket: FakeSocket): Frame[] => socket.take().filter(({ type }) => type === 'send');
const textsOf = (send: Frame | undefined): string[] =>
  send?.messages.map(({ content }) => content.text) ?? [];

async function fails(promise: Promise<unknown>, code: string): Promise<void> {
  await assert.rejects(promise, (error) => error instanceof ParleyError && error.code === code);
}

test('[SEND-4] one send without an answer per conversation; what comes meanwhile goes into the next, in order', async () => {
  const { world, socket, client } = await online();
  const first = client.send('70', 'a');
  await world.settle();
  const [one] = sendsOf(socket);
  assert.deepEqual(textsOf(one), ['a']);
  const others = ['b', 'c', 'd'].map((text) => client.send('70', text));
  const elsewhere = client.send('71', 'x');
  await world.settle();
  assert.deepEqual(
    sendsOf(socket).map(({ conversation_id }) => conversation_id),
    ['71'],
  );
  socket.sendFrames(sent(one!, 1));
  await world.settle();
  assert.equal((await first).seq, 1);
  const [two] = sendsOf(socket);
  assert.deepEqual(textsOf(two), ['b', 'c', 'd']);
  socket.sendFrames(sent(two!, 2));
  await world.settle();
  assert.deepEqual(
    (await Promise.all(others)).map(({ seq }) => seq),
    [2, 3, 4],
  );
  assert.equal(client.pending.length, 1);
  void elsewhere.catch(() => {});
});

test('[SEND-1] a burst is cut into frames of at most 64 messages and 48 KB', async () => {
  const { world, socket, client } = await online();
  const short = Array.from({ length: 70 }, (_, index) => client.send('70', `m${index}`));
  const long = Array.from({ length: 9 }, () => client.send('71', '\u{20ac}'.repeat(8_000)));
  const counts: Record<string, number[]> = { 70: [], 71: [] };
  for (let round = 0; round < 10; round++) {
    await world.settle();
    for (const send of sendsOf(socket)) {
      counts[send.conversation_id]?.push(send.messages.length);
      socket.sendFrames(sent(send, 1));
    }
  }
  await Promise.all([...short, ...long]);
  assert.deepEqual(counts, { 70: [64, 6], 71: [2, 2, 2, 2, 1] });
});

test('[SOCK-3] no WebSocket message is larger than the server takes', async () => {
  const { world, socket, client } = await online();
  for (let id = 1; id <= 300; id++) void client.send(String(id), '\u{20ac}'.repeat(200)).catch(() => {});
  await world.settle();
  const texts = socket.takeMessages();
  const sizes = texts.map((frames) => new TextEncoder().encode(JSON.stringify(frames)).byteLength);
  assert.equal(
    sizes.every((size) => size <= 65_536),
    true,
    `sizes: ${sizes.join(', ')}`,
  );
  assert.equal(
    texts.every((frames) => frames.length <= 256),
    true,
  );
  assert.equal(texts.flat().length, 256, 'the other requests wait for a place in flight');
  socket.sendFrames(sent(texts.flat()[0]!, 1), sent(texts.flat()[1]!, 1));
  await world.settle();
  assert.deepEqual(
    sendsOf(socket).map(({ conversation_id }) => conversation_id),
    ['257', '258'],
  );
});

test('[SEND-6] what was not answered when the connection broke is sent again under the same ids, in order', async () => {
  const { world, socket, client } = await online();
  const results = ['a', 'b'].map((text) => client.send('70', text));
  await world.settle();
  const before = sendsOf(socket);
  const late = client.send('70', 'c');
  await world.settle();
  socket.closeFromServer(1006);
  await world.advance(1_000);
  const again = await welcome(world);
  const [resent] = sendsOf(again);
  assert.deepEqual(textsOf(resent), ['a', 'b', 'c']);
  const ids = (send: Frame | undefined): string[] => send!.messages.map(({ client_msg_id }) => client_msg_id);
  assert.deepEqual(ids(resent).slice(0, 2), ids(before[0]));
  again.sendFrames(sent(resent!, 7));
  await world.settle();
  assert.deepEqual(
    (await Promise.all([...results, late])).map(({ seq }) => seq),
    [7, 8, 9],
  );
  assert.deepEqual(client.pending, []);
});

test('[SEND-6] `retry: later` is sent again under the same id after a pause, with all that follow it', async () => {
  const { world, socket, client, events } = await online();
  const results = ['a', 'b', 'c'].map((text) => client.send('70', text));
  await world.settle();
  const [send] = sendsOf(socket);
  const ids = send!.messages.map(({ client_msg_id }) => client_msg_id);
  const later = (client_msg_id: string): object => ({
    client_msg_id,
    error: { ...SHUT, retry_after_ms: 3_000 },
  });
  const answers = [stored(ids[0]!, 1), later(ids[1]!), later(ids[2]!)];
  const behind = client.send('70', 'd');
  await world.settle();
  socket.sendFrames({ type: 'sent', ref: send!.ref, conversation_id: '70', results: answers });
  await world.advance(2_999);
  assert.deepEqual(sendsOf(socket), []);
  const [delayed] = events.filter(({ kind }) => kind === 'delayed');
  assert.equal(delayed?.kind === 'delayed' && delayed.error.fault.retry_after_ms, 3_000);
  await world.advance(501);
  const [again] = sendsOf(socket);
  assert.deepEqual(again!.messages.map(({ client_msg_id }) => client_msg_id).slice(0, 2), ids.slice(1));
  assert.deepEqual(textsOf(again), ['b', 'c', 'd']);
  socket.sendFrames({ type: 'error', ref: again!.ref, ...SHUT });
  await world.advance(1_000);
  const [third] = sendsOf(socket);
  socket.sendFrames(sent(third!, 2));
  await world.settle();
  assert.deepEqual(
    (await Promise.all([...results, behind])).map(({ seq }) => seq),
    [1, 2, 3, 4],
  );
});

test('[SEND-6] a final refusal rejects that message alone', async () => {
  const { world, socket, client } = await online();
  const [bad, good] = [client.send('70', 'a'), client.send('70', 'b')];
  await world.settle();
  const [send] = sendsOf(socket);
  const [first, second] = send!.messages;
  const error = { code: 'id_reused', message: 'Used before.', retry: 'no' };
  const results = [{ client_msg_id: first!.client_msg_id, error }, stored(second!.client_msg_id, 1)];
  socket.sendFrames({ type: 'sent', ref: send!.ref, conversation_id: '70', results });
  await fails(bad, 'id_reused');
  assert.equal((await good).seq, 1);
});

test('[SEND-7] a refusal of the whole frame rejects its messages, and later ones are tried', async () => {
  const { world, socket, client } = await online();
  const refused = client.send('70', 'a');
  await world.settle();
  const next = client.send('70', 'b');
  next.catch(() => {});
  await world.settle();
  const { ref } = sendsOf(socket)[0]!;
  socket.sendFrames({ type: 'error', ref, code: 'not_member', message: 'Not a member.', retry: 'no' });
  await fails(refused, 'not_member');
  await world.settle();
  assert.deepEqual(textsOf(sendsOf(socket)[0]), ['b']);
});

test('[SEND-8] the answer to a send moves no cursor; the own entry comes by push and is shown once', async () => {
  const { world, socket, client, seqs } = await online({}, heads(row(5, 5)));
  const mine = client.send('70', 'a', { clientMsgId: 'a-1' });
  await world.settle();
  const [send] = sendsOf(socket);
  socket.sendFrames(sent(send!, 7));
  await world.settle();
  assert.equal((await mine).seq, 7);
  assert.deepEqual(seqs(), []);
  socket.sendFrames(push(message(6), message(7, { sender: '11', client_msg_id: 'a-1' })));
  await world.settle();
  assert.deepEqual(seqs(), [6, 7]);
});

test('[SEND-3] [PITFALL: a resend takes a new transaction id] after a crash a new client with the same store sends what was not answered under the same ids', async () => {
  const store = new MemoryClientStore();
  const before = await online({ store });
  for (const text of ['a', 'b']) before.client.send('70', text).catch(() => {});
  await before.world.settle();
  const ids = sendsOf(before.socket)[0]!.messages.map(({ client_msg_id }) => client_msg_id);

  const after = await online({ store });
  assert.deepEqual(
    after.client.pending.map(({ client_msg_id }) => String(client_msg_id)),
    ids,
  );
  const { socket } = after;
  const [again] = sendsOf(socket);
  assert.deepEqual(
    again!.messages.map(({ client_msg_id }) => client_msg_id),
    ids,
  );
  const joined = after.client.send('70', 'b', { clientMsgId: ids[1]! });
  await fails(after.client.send('70', 'other', { clientMsgId: ids[1]! }), 'id_reused');
  const error = { code: 'not_member', message: 'No.', retry: 'no' };
  const results = [{ client_msg_id: ids[0], error }, stored(ids[1]!, 4)];
  socket.sendFrames({ type: 'sent', ref: again!.ref, conversation_id: '70', results });
  await after.world.settle();
  assert.equal((await joined).seq, 4);
  assert.equal(after.told('error')[0]?.client_msg_id, ids[0], 'nobody waits for it, so it is an event');
  assert.deepEqual(store.load().pending, []);
});

test('[SEND-6] a message is in the store before it goes out, and is not sent where the store fails', async () => {
  const kept: string[] = [];
  let fail = false;
  const store = storeWith({
    savePending: async (sends) => {
      await Promise.resolve();
      if (fail) throw new Error('no room');
      kept.push(...sends.map(({ content }) => content?.text ?? ''));
    },
  });
  const { world, socket, client } = await online({ store });
  client.send('70', 'a').catch(() => {});
  assert.deepEqual(sendsOf(socket), []);
  await world.settle();
  assert.deepEqual(kept, ['a']);
  assert.deepEqual(textsOf(sendsOf(socket)[0]), ['a']);
  fail = true;
  await assert.rejects(client.send('71', 'b'), /no room/);
  await world.settle();
  assert.deepEqual(sendsOf(socket), []);
  assert.equal(client.pending.length, 1);
});

test('[SEND-4] a message that is not kept yet holds up those behind it, and not those before', async () => {
  const gates: (() => void)[] = [];
  const store = storeWith({ savePending: () => new Promise<void>((resolve) => gates.push(resolve)) });
  const { world, socket, client } = await online({ store });
  const open = async (): Promise<void> => {
    gates.shift()?.();
    await world.settle();
  };
  client.send('70', 'a').catch(() => {});
  await world.settle();
  for (const text of ['b', 'c']) client.send('70', text).catch(() => {});
  await open();
  const [first] = sendsOf(socket);
  assert.deepEqual(textsOf(first), ['a']);
  socket.sendFrames(sent(first!, 1));
  await world.settle();
  assert.deepEqual(sendsOf(socket), []);
  await open();
  assert.deepEqual(textsOf(sendsOf(socket)[0]), ['b', 'c']);
});

test('[SEND-1] what the server would refuse is refused here, and does not spoil its neighbours', async () => {
  const { client } = harness();
  await fails(client.send('70', ''), 'invalid_field');
  await fails(client.send('70', 'x'.repeat(8_001)), 'invalid_field');
  await fails(client.send('not an id', 'x'), 'invalid_field');
  await fails(client.send('70', 'x', { clientMsgId: 'no spaces' }), 'invalid_field');
});

test('[SEND-6] pending sends have a bound, and close tells those who wait while the store keeps the messages', async () => {
  const store = new MemoryClientStore();
  const { client, world } = harness({ store, limits: { pendingSendsMaxCount: 2 } });
  const waiting = [client.send('70', 'a'), client.send('70', 'b')];
  const outcomes = Promise.allSettled(waiting);
  await fails(client.send('70', 'c'), 'limit_reached');
  await world.settle();
  const closing = client.close();
  await world.settle();
  await closing;
  assert.deepEqual(
    (await outcomes).map(({ status }) => status),
    ['rejected', 'rejected'],
  );
  assert.deepEqual(
    store.load().pending.map(({ content }) => content?.text),
    ['a', 'b'],
  );
  await fails(client.send('70', 'd'), 'unavailable');
  assert.equal(world.pendingTimers, 0);
});

test('[SEND-1] client_msg_ids are UUIDv7 of the clock that was passed in', async () => {
  const { world, client } = harness();
  client.send('70', 'a').catch(() => {});
  await world.settle();
  const id = client.pending[0]!.client_msg_id.replaceAll('-', '');
  assert.equal(Number.parseInt(id.slice(0, 12), 16), world.now);
  assert.equal(id[12], '7');
});
