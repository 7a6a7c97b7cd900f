// Settings, blocks, devices and the timeline of a message. A scripted server.
import assert from 'node:assert/strict';
import { test } from '../test/test.ts';
import { answering, listOf, online } from '../test/harness.ts';

const settings = { read_receipts: false, visibility: 'contacts' } as const;

test('[SET-1] settings are read and set; what is left out stays; a change of any session is an event', async () => {
  const made = await online();
  const { people } = made.client;
  const answer = { type: 'settings', ...settings };
  const set = await answering(made, people.setSettings({ visibility: 'contacts' }), answer);
  assert.deepEqual(set.asked, [{ type: 'set_settings', visibility: 'contacts' }]);
  const got = await answering(made, people.settings(), answer);
  assert.deepEqual([set.result, got.result], [settings, settings]);
  made.socket.sendFrames({ ...answer, visibility: 'nobody' });
  await made.world.settle();
  assert.deepEqual(made.told('settings').at(-1), {
    kind: 'settings',
    settings: { ...settings, visibility: 'nobody' },
  });
});

test('[BLOCK-1] users are blocked, unblocked and listed; the app is told of both, whichever session did it', async () => {
  const made = await online();
  const { people } = made.client;
  const done = { type: 'done' };
  const block = await answering(made, people.block({ user_id: '12' }), done);
  const unblock = await answering(made, people.unblock({ user_id: '12' }), done);
  assert.deepEqual(
    [...block.asked, ...unblock.asked],
    [
      { type: 'block_user', user_id: '12' },
      { type: 'unblock_user', user_id: '12' },
    ],
  );
  made.socket.sendFrames({ type: 'user_blocked', user_id: '13', blocked: true });
  const row = { user_id: '13', name: 'cy' };
  const list = await answering(made, listOf(people.blocked()), { type: 'blocked', rows: [row] });
  assert.deepEqual(list.result, [row]);
  assert.deepEqual(
    made.told('blocked').map(({ user_id, blocked }) => [user_id, blocked]),
    [
      ['12', true],
      ['12', false],
      ['13', true],
    ],
  );
});

test('[USER-2] devices are listed, and one is signed out', async () => {
  const made = await online();
  const rows = [{ device_id: '31', name: 'Laptop', created_at: 1, connected: true, current: true }];
  const list = await answering(made, made.client.devices(), { type: 'devices', rows });
  assert.deepEqual([list.asked, list.result], [[{ type: 'list_devices' }], rows]);
  const revoked = await answering(made, made.client.revokeDevice('32'), { type: 'done' });
  assert.deepEqual(revoked.asked, [{ type: 'revoke_device', device_id: '32' }]);
});

test('[TRACE-1] the timeline of a message is asked for by its id', async () => {
  const made = await online();
  const about = { type: 'timeline', message_id: '8003', conversation_id: '70', seq: 3, sender: '11', at: 1 };
  const steps = { accepted_at: 1, durable_at: 2, fanned_out_at: 3 };
  const delivered = [{ user_id: '12', device_id: '41', at: 4 }];
  const answer = { ...about, ...steps, delivered, read: [{ user_id: '12' }] };
  const { asked, result } = await answering(made, made.client.trace('8003'), answer);
  assert.deepEqual(asked, [{ type: 'get_timeline', message_id: '8003' }]);
  assert.deepEqual([result.durable_at, result.delivered], [2, delivered]);
});
