// Invitations, channels, settings, bans and reports; and a server that is too old for them. A scripted server.
import assert from 'node:assert/strict';
import { test } from '../test/test.ts';
import { answering, harness, listOf, online, refusal, welcome } from '../test/harness.ts';

const changed = { type: 'changed', conversation_id: '70', seq: 9, message_id: '8009', at: 1 };
const done = { type: 'done' };
const view = { conversation_id: '70', kind: 'group', title: 't', members: 2, head: 9, floor: 0, received: 0 };

function withoutId(frame: object | undefined): object {
  const { client_msg_id, ...rest } = frame as { client_msg_id?: string };
  assert.equal(typeof client_msg_id, 'string');
  return rest;
}

test('[JOIN-1] invitations are made, listed and taken back', async () => {
  const made = await online();
  const { groups } = made.client;
  const invite = {
    code: 'abcdefghijklmnopqrstuv',
    conversation_id: '70',
    created_by: '11',
    expires_at: 9,
    uses: 0,
  };
  const limited = groups.createInvite('70', { expiresInS: 60, usesMax: 3 });
  const create = await answering(made, limited, { type: 'invite', invite });
  const plain = await answering(made, groups.createInvite('70'), { type: 'invite', invite });
  const frame = { type: 'create_invite', conversation_id: '70' };
  assert.deepEqual([create.asked, plain.asked], [[{ ...frame, expires_in_s: 60, uses_max: 3 }], [frame]]);
  assert.deepEqual(create.result, invite);
  const list = await answering(made, groups.invites('70'), { type: 'invites', rows: [invite] });
  assert.deepEqual(list.result, [invite]);
  const revoke = await answering(made, groups.revokeInvite('70', invite.code), done);
  assert.deepEqual(revoke.asked, [{ type: 'revoke_invite', conversation_id: '70', code: invite.code }]);
});

test('[JOIN-2] [JOIN-3] one joins by a code or into a channel, and finds channels page by page', async () => {
  const made = await online();
  const { groups } = made.client;
  const code = 'abcdefghijklmnopqrstuv';
  const answer = { type: 'conversation', conversation: view };
  const byCode = await answering(made, groups.join({ code }), answer);
  const channel = await answering(made, groups.join({ conversation_id: '70' }), answer);
  assert.deepEqual(
    [...byCode.asked, ...channel.asked],
    [
      { type: 'join', code },
      { type: 'join', conversation_id: '70' },
    ],
  );
  assert.equal(byCode.result.title, 't');
  const row = { conversation_id: '70', title: 'tea', members: 3 };
  const pages = [
    { type: 'channels', rows: [row], next: '70' },
    { type: 'channels', rows: [] },
  ];
  const found = await answering(made, listOf(groups.findChannels('te')), ...pages);
  assert.deepEqual(found.asked, [
    { type: 'find_channels', text: 'te' },
    { type: 'find_channels', text: 'te', after: '70' },
  ]);
  assert.deepEqual(found.result, [row]);
  const all = await answering(made, listOf(groups.findChannels()), { type: 'channels', rows: [] });
  assert.deepEqual(all.asked, [{ type: 'find_channels' }]);
});

test('[GROUP-6] [GROUP-7] settings, bans and their end are changes under an id of their own', async () => {
  const made = await online();
  const { groups } = made.client;
  const about = { conversation_id: '70' };
  const set = await answering(made, groups.setGroup('70', { public: true, slow_mode_s: 5 }), changed);
  assert.deepEqual(withoutId(set.asked[0]), { type: 'set_group', ...about, public: true, slow_mode_s: 5 });
  const ban = await answering(made, groups.ban('70', { user_id: '12' }), changed);
  assert.deepEqual(withoutId(ban.asked[0]), { type: 'remove_member', ...about, user_id: '12', ban: true });
  const unban = await answering(
    made,
    groups.unban('70', { user_id: '12' }, { clientMsgId: 'mine' }),
    changed,
  );
  assert.deepEqual(unban.asked, [{ type: 'unban_member', client_msg_id: 'mine', ...about, user_id: '12' }]);
  assert.equal(set.result.seq, 9);
});

test('[REPORT-1] [REPORT-2] messages are reported under an id; reports are listed and closed', async () => {
  const made = await online();
  const { groups } = made.client;
  const call = groups.report('70', [3, 4], 'spam', { note: 'again' });
  const report = await answering(made, call, { type: 'reported', report_id: '5' });
  const frame = { type: 'report', conversation_id: '70', seqs: [3, 4], reason: 'spam', note: 'again' };
  assert.deepEqual([withoutId(report.asked[0]), report.result], [frame, '5']);
  const row = { report_id: '5', reporter: '11', at: 1, reason: 'spam', entries: [] };
  const list = await answering(made, listOf(groups.reports('70')), { type: 'reports', rows: [row] });
  assert.deepEqual(list.result, [row]);
  const close = await answering(made, groups.closeReport('70', '5'), done);
  assert.deepEqual(close.asked, [{ type: 'close_report', conversation_id: '70', report_id: '5' }]);
});

test('[VERSION-2] with a server of version 2 what is new is refused here, hints are dropped, and the rest works', async () => {
  const { world, client, told } = harness();
  const connected = client.connect();
  const socket = await welcome(world, { version: 2 });
  await connected;
  const made = { world, socket };
  const calls = [
    client.reading.markRead('70', 3),
    client.presence.setState('away'),
    client.people.settings(),
    client.groups.ban('70', { user_id: '12' }),
    client.groups.setGroup('70', { public: true }),
    client.trace('8003'),
    client.devices(),
  ];
  for (const call of calls) {
    const error = await refusal(call);
    assert.equal(error.code, 'version_unsupported');
    assert.match(error.message, /too old: it speaks version 2 .* needs version 3/);
  }
  client.presence.typing('70');
  client.groups.view(['70']);
  await world.settle();
  assert.deepEqual(socket.take(), []);
  const removed = await answering(made, client.removeMember('70', { user_id: '12' }), changed);
  assert.equal(removed.result.seq, 9);
  const reaction = await answering(made, client.react('70', 3, '👍'), changed);
  assert.equal(reaction.result.seq, 9);
  // A new session with the same old server, of a client that wants to be away: nothing is said.
  socket.closeFromServer(1006);
  await world.advance(1_000);
  assert.deepEqual((await welcome(world, { version: 2 })).take(), []);
  assert.deepEqual(told('error'), []);
});

test('[SOCK-4] a server that does not know a frame is too old for it, whatever version it said', async () => {
  const made = await online();
  const call = made.client.people.settings();
  const answer = { type: 'error', code: 'unknown_frame', message: 'There is no frame.', retry: 'no' };
  const error = refusal(answering(made, call, answer));
  assert.equal((await error).code, 'version_unsupported');
});
