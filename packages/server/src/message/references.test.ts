// What a message may carry besides text: replies, threads, mentions, attachments, and forwards with their origin.
import { expect, test } from 'bun:test';
import { ServerFixture } from '../testing/server-fixture.ts';

async function pair() {
  const fixture = new ServerFixture();
  const ada = await fixture.join('ada');
  const bob = await fixture.join('bob');
  const direct = await ada.direct(bob.userId);
  await ada.text(direct, 'first', 'a');
  return { fixture, ada, bob, direct };
}

const text = (words: string) => ({ kind: 'text', text: words });

test('[SEND-1] [CONTENT-1] [CONTENT-2] [CONTENT-3] replies, threads, mentions, markdown and attachments are carried as they came', async () => {
  const { ada, bob, direct } = await pair();
  const message = {
    content: {
      kind: 'text',
      text: '**see** <b>this</b>',
      format: 'markdown',
      attachments: [
        {
          name: 'cat.png',
          media_type: 'image/png',
          size_bytes: 3,
          sha256: 'ab'.repeat(32),
          width: 2,
          height: 1,
        },
      ],
    },
    reply_to: 1,
    thread: 1,
    // Nobody looks these up: whom a message names may be anyone.
    mentions: { users: [bob.userId, '999999'], everyone: 'here' },
  };
  expect(await ada.post(direct, 'm', message)).toMatchObject({ seq: 2 });
  expect(bob.last('entries').entries).toMatchObject([{ seq: 2, kind: 'message', ...message }]);
  expect((await bob.pull(direct, 1)).entries).toMatchObject([message]);
  expect(await ada.post(direct, 'm', message)).toMatchObject({ seq: 2 });
  expect(await ada.post(direct, 'm', { ...message, reply_to: 2 })).toMatchObject({
    error: { code: 'id_reused' },
  });
});

test('[CONTENT-2] [CONTENT-3] what is beyond the limits is refused by the name of its field', async () => {
  const { ada, direct } = await pair();
  const attachment = { name: 'x', media_type: 'text/plain', size_bytes: 1 };
  const bad = [
    { content: { ...text('x'), attachments: [] } },
    { content: { ...text('x'), attachments: Array.from({ length: 11 }, () => attachment) } },
    { content: { ...text('x'), attachments: [{ ...attachment, url: 'https://x' }] } },
    { content: { ...text('x'), format: 'html' } },
    { content: { kind: 'deleted' } },
    { content: text('x'), mentions: { users: Array.from({ length: 51 }, (_, at) => `${at + 1}`) } },
    { content: text('x'), mentions: { everyone: 'nobody' } },
  ];
  for (const fields of bad) {
    ada.clear();
    await ada.post(direct, 'm', fields).catch(() => undefined);
    expect(ada.last('error')).toMatchObject({ code: 'invalid_field', retry: 'no' });
  }
});

test('[SEND-1] reply_to and thread name earlier messages that the sender may read, by the field', async () => {
  const { fixture, ada, bob } = await pair();
  const group = await ada.group('room', [], 'joined');
  await ada.text(group, 'before bob');
  await ada.change('add_members', group, 'b', { user_ids: [bob.userId] });
  for (const field of ['reply_to', 'thread']) {
    for (const seq of [0, 1, 2, 4, 99]) {
      expect(await bob.post(group, `${field}-${seq}`, { content: text('x'), [field]: seq })).toMatchObject({
        error: { code: 'invalid_field', field: `messages.0.${field}` },
      });
    }
  }
  // A root must be a message; what is only answered may be anything.
  expect(await bob.post(group, 'e', { content: text('x'), thread: 3 })).toMatchObject({
    error: { code: 'invalid_field', field: 'messages.0.thread' },
  });
  expect(await bob.post(group, 'r', { content: text('x'), reply_to: 3 })).toMatchObject({ seq: 4 });
  expect(await ada.post(group, 't', { content: text('x'), thread: 2 })).toMatchObject({ seq: 5 });
  expect(await bob.post(group, 'tt', { content: text('x'), thread: 5 })).toMatchObject({
    error: { code: 'invalid_field', field: 'messages.0.thread' },
  });
  await fixture.stores.messages.drop(group, 4);
  expect(await ada.post(group, 'u', { content: text('x'), thread: 4 })).toMatchObject({
    error: { code: 'invalid_field' },
  });
});

test('[SEND-1] a refused message of a frame stops none of the others, and its field says which it was', async () => {
  const { ada, direct } = await pair();
  const messages = [
    { client_msg_id: '1', content: text('one') },
    { client_msg_id: '2', content: text('two'), reply_to: 9 },
    { client_msg_id: '3', content: text('three'), thread: 1 },
    { client_msg_id: '4' },
    { client_msg_id: '5', content: text('x'), forward: { conversation_id: direct, seq: 1 } },
    { client_msg_id: '6', forward: { conversation_id: direct, seq: 1 } },
  ];
  const answer = await ada.request({ type: 'send', conversation_id: direct, messages } as never);
  expect(answer).toMatchObject({
    results: [
      { seq: 2 },
      { error: { code: 'invalid_field', field: 'messages.1.reply_to' } },
      { seq: 3 },
      { error: { code: 'invalid_field', field: 'messages.3.content' } },
      { error: { code: 'invalid_field', field: 'messages.4.forward' } },
      { seq: 4 },
    ],
  });
});

test('[SEND-5] a root that cannot be looked up is tried again later, and so is what follows', async () => {
  const { fixture, ada, direct } = await pair();
  const messages = [
    { client_msg_id: '1', content: text('one') },
    { client_msg_id: '2', content: text('two'), thread: 1 },
    { client_msg_id: '3', content: text('three') },
  ];
  const send = () => ada.request({ type: 'send', conversation_id: direct, messages } as never);
  fixture.faults.next('read', 'unavailable');
  const later = { error: { code: 'unavailable', retry: 'later' } };
  expect(await send()).toMatchObject({ results: [{ seq: 2 }, later, later] });
  expect((await ada.pull(direct, 0)).head).toBe(2);
  // Neither can what may have been stored before: then nothing is known of what follows.
  fixture.faults.next('read', 'unavailable');
  fixture.faults.next('find', 'unavailable');
  expect(await send()).toMatchObject({ results: [{ seq: 2 }, later, later] });
  expect(await send()).toMatchObject({ results: [{ seq: 2 }, { seq: 3 }, { seq: 4 }] });
});

test('[STATE-1] the root of a thread says how many messages it has, and the last', async () => {
  const { ada, bob, direct } = await pair();
  for (const id of ['1', '2']) await bob.post(direct, id, { content: text(id), thread: 1 });
  await ada.post(direct, 'r', { content: text('no thread'), reply_to: 1 });
  // The word alone makes no reply of a text.
  await ada.text(direct, '"thread":1');
  expect((await ada.pull(direct, 0)).states).toMatchObject([{ seq: 1, as_of: 3, replies: 2, last_reply: 3 }]);
  await ada.change('delete_message', direct, 'd', { target: 1 });
  expect((await ada.pull(direct, 0)).states).toMatchObject([{ deleted: true, replies: 2, last_reply: 3 }]);
});

test('[ENTRY-1] [STATE-2] a deleted message of a thread still counts for whoever meets it later', async () => {
  const { ada, bob, direct } = await pair();
  await bob.post(direct, '1', { content: text('secret'), thread: 1, mentions: { everyone: 'all' } });
  await bob.change('delete_message', direct, 'd', { target: 2 });
  const { entries } = await ada.pull(direct, 1);
  expect(entries[0]).toMatchObject({ seq: 2, thread: 1, content: { kind: 'deleted' } });
  expect(JSON.stringify(entries)).not.toMatch(/secret|everyone/);
});

test('[SEND-1] a forward copies what the message says now, and names the first of the chain', async () => {
  const { fixture, ada, bob, direct } = await pair();
  const cy = await fixture.join('cy');
  const other = await bob.direct(cy.userId);
  const third = await cy.group('third', []);
  const content = { kind: 'text', text: 'edited', format: 'markdown' };
  const mentions = { users: [bob.userId] };
  await ada.change('edit_message', direct, 'e', { target: 1, version: 1, content, mentions });
  await bob.post(other, 'f', { forward: { conversation_id: direct, seq: 1 } });
  await cy.post(third, 'g', { forward: { conversation_id: other, seq: 1 }, mentions: { everyone: 'all' } });
  const [source] = (await ada.pull(direct, 0)).entries;
  const forwarded = { message_id: source?.message_id, sender: ada.userId, at: source?.at };
  const [first] = (await cy.pull(other, 0)).entries;
  expect(first).toMatchObject({ sender: bob.userId, content, forwarded });
  expect(first).not.toHaveProperty('mentions');
  const [second] = (await cy.pull(third, 1)).entries;
  expect(second).toMatchObject({ sender: cy.userId, content, forwarded, mentions: { everyone: 'all' } });
});

test('[SEND-1] [INV 15] only what the sender may read is forwarded: not_found for all else', async () => {
  const { fixture, ada, bob, direct } = await pair();
  const eve = await fixture.join('eve');
  const own = await eve.direct(bob.userId);
  const group = await ada.group('room', [eve.userId]);
  await ada.text(group, 'seen', 's');
  await ada.change('remove_member', group, 'r', { user_id: eve.userId });
  await ada.change('edit_message', group, 'e', { target: 2, version: 2, content: text('after') });
  await ada.text(group, 'not seen');
  const sources = [
    { conversation_id: direct, seq: 1 },
    { conversation_id: '999', seq: 1 },
    { conversation_id: group, seq: 1 },
    { conversation_id: group, seq: 3 },
    { conversation_id: group, seq: 5 },
    { conversation_id: group, seq: 0 },
  ];
  for (const [at, forward] of sources.entries()) {
    expect(await eve.post(own, `f-${at}`, { forward })).toMatchObject({
      error: { code: 'not_found', field: 'messages.0.forward' },
    });
  }
  expect(await eve.post(own, 'ok', { forward: { conversation_id: group, seq: 2 } })).toMatchObject({
    seq: 1,
  });
  expect((await eve.pull(own, 0)).entries).toMatchObject([{ content: text('seen') }]);
  fixture.faults.next('read', 'unavailable');
  expect(await eve.post(own, 'later', { forward: { conversation_id: group, seq: 2 } })).toMatchObject({
    error: { code: 'unavailable', retry: 'later' },
  });
});

test('[SEND-3] the retry of a forward is answered as before, also when its source was edited or deleted', async () => {
  const { ada, bob, direct } = await pair();
  const group = await bob.group('mine', []);
  const forward = { conversation_id: direct, seq: 1 };
  const stored = await bob.post(group, 'f', { forward });
  await ada.change('edit_message', direct, 'e', { target: 1, version: 1, content: text('edited') });
  expect(await bob.post(group, 'f', { forward })).toEqual(stored);
  expect(await bob.post(group, 'f', { forward, reply_to: 1 })).toMatchObject({
    error: { code: 'id_reused' },
  });
  await ada.text(direct, 'another');
  expect(await bob.post(group, 'f', { forward: { ...forward, seq: 3 } })).toMatchObject({
    error: { code: 'id_reused' },
  });
  await ada.change('delete_message', direct, 'd', { target: 1 });
  expect(await bob.post(group, 'f', { forward })).toEqual(stored);
  expect(await bob.post(group, 'g', { forward })).toMatchObject({ error: { code: 'deleted' } });
  // And when the copy is deleted as well.
  await bob.change('delete_message', group, 'd', { target: 2 });
  expect(await bob.post(group, 'f', { forward })).toEqual(stored);
  expect((await bob.pull(group, 0)).head).toBe(3);
});

test('[SEND-3] the retry of a message in a thread is answered as before, also when its root was deleted', async () => {
  const { ada, bob, direct } = await pair();
  const reply = { content: text('x'), thread: 1, reply_to: 1 };
  const stored = await bob.post(direct, 'r', reply);
  await ada.change('delete_message', direct, 'd', { target: 1 });
  expect(await bob.post(direct, 'r', reply)).toEqual(stored);
  expect(await bob.post(direct, 'r', { ...reply, content: text('y') })).toMatchObject({
    error: { code: 'id_reused' },
  });
  expect(await bob.post(direct, 's', reply)).toMatchObject({ error: { code: 'deleted' } });
});
