// Every call of the SDK that concerns more than messages, against the server itself: what the one asks, the other answers.
import { expect, test } from 'bun:test';
import type { AppEntry, ParleyError } from '@parley/client';
import { ServerFixture } from '@parley/server/testing/server-fixture';
import { SdkDevice } from './sdk-device.ts';

interface People {
  readonly fixture: ServerFixture;
  readonly ada: SdkDevice;
  /** Ada's other device. */
  readonly laptop: SdkDevice;
  readonly bob: SdkDevice;
  readonly adaId: string;
  readonly bobId: string;
}

async function people(): Promise<People> {
  const fixture = new ServerFixture();
  const ada = await fixture.register('ada');
  const laptop = await fixture.login('ada');
  const bob = await fixture.register('bob');
  const made = [ada, laptop, bob].map(({ token }, seed) => new SdkDevice({ fixture, token, seed }));
  for (const device of made) await device.connect();
  const [one, two, three] = made as [SdkDevice, SdkDevice, SdkDevice];
  return { fixture, ada: one, laptop: two, bob: three, adaId: ada.user_id, bobId: bob.user_id };
}

async function refusalOf(device: SdkDevice, call: Promise<unknown>): Promise<string> {
  return device.done(
    call.then(
      () => 'none',
      (error: ParleyError) => error.code,
    ),
  );
}

test('[READ-1] [READ-4] [READ-5] [READ-6] [RECEIPT-1] [RECEIPT-2] [RECEIPT-3] reading, and what others see of it', async () => {
  const { fixture, ada, laptop, bob, adaId, bobId } = await people();
  const { conversation_id } = await bob.done(bob.client.openDirect({ name: 'ada' }));
  for (const text of ['one', 'two', 'three']) await bob.done(bob.client.send(conversation_id, text));
  await fixture.timers.advance(2_000);
  expect(ada.entries.length).toBe(3);
  const before = await ada.done(ada.client.reading.unread());
  expect(before.total).toEqual({ unread: 3, mentions: 0 });
  expect((await ada.list(before.rows)).map(({ unread }) => unread)).toEqual([3]);
  const read = await ada.done(ada.client.reading.markRead(conversation_id));
  expect(read).toMatchObject({ read: 3, unread: 0, as_of: 3 });
  await fixture.timers.advance(2_000);
  expect(laptop.told('standing').at(-1)?.standing).toMatchObject({ read: 3, unread: 0 });
  const told = bob.told('receipts').flatMap(({ rows }) => rows.filter(({ user_id }) => user_id === adaId));
  expect(told.at(-1)).toMatchObject({ received: 3, read: 3 });
  const reach = await bob.done(bob.client.reading.receipts(conversation_id, 2));
  expect(reach).toMatchObject({ members: 1, delivered: 1, read: 1 });
  expect((await bob.list(reach.rows)).map(({ user_id }) => user_id as string)).toEqual([adaId]);
  const marks = await ada.list(ada.client.reading.watermarks(conversation_id));
  expect(marks.map(({ user_id }) => user_id as string).toSorted()).toEqual([adaId, bobId].toSorted());
  expect(await ada.done(ada.client.reading.markUnread(conversation_id, 2))).toMatchObject({
    read: 1,
    unread: 2,
  });
});

test('[OWN-1] [OWN-2] [OWN-3] [OWN-4] what a user keeps about conversations is the same on all devices', async () => {
  const { fixture, ada, laptop, bob } = await people();
  const group = { title: 'Tea', members: [{ name: 'ada' }] };
  const { conversation_id } = await bob.done(bob.client.createGroup(group));
  for (const text of ['one', 'two']) await bob.done(bob.client.send(conversation_id, text));
  const { reading } = ada.client;
  await ada.done(reading.mute(conversation_id, fixture.clock.now() + 60_000));
  await ada.done(reading.archive(conversation_id));
  expect(await ada.done(reading.pin(conversation_id))).toMatchObject({ archived: true, pinned: true });
  expect((await ada.done(reading.mute(conversation_id))).muted_until).toBeUndefined();
  laptop.cut();
  const [row] = await ada.done(reading.hide(conversation_id, 2));
  await fixture.timers.advance(5_000);
  expect(laptop.told('hidden')).toEqual([{ kind: 'hidden', rows: [row!] }]);
  const shown = await laptop.list(laptop.client.messages(conversation_id));
  expect(shown.map(({ seq }) => seq)).toEqual([3]);
  const all = await laptop.list(laptop.client.history(conversation_id));
  expect(all.filter(({ kind }) => kind === 'message').map(({ seq }) => seq)).toEqual([2, 3]);
  await ada.done(reading.followThread(conversation_id, 3));
  await bob.done(bob.client.send(conversation_id, 'three', { thread: 3 }));
  expect(await ada.list(reading.threads())).toMatchObject([{ thread: 3, replies: 1, last_reply: 4 }]);
  expect((await ada.done(ada.client.conversation(conversation_id))).standing?.mentions).toBe(1);
});

test('[PRES-1] [PRES-2] [PRES-3] [PRES-4] [TYPING-1] who is there, away, gone, and writing', async () => {
  const { fixture, ada, bob, adaId, bobId } = await people();
  const watched = await ada.done(ada.client.presence.watch([{ name: 'bob' }]));
  expect(watched).toMatchObject([{ user_id: bobId, state: 'online' }]);
  await bob.done(bob.client.presence.setState('away'));
  await fixture.timers.advance(1_000);
  expect(ada.told('presence').at(-1)?.rows).toMatchObject([{ user_id: bobId, state: 'away' }]);
  bob.cut();
  await fixture.timers.advance(6_000);
  expect(bob.client.state.kind).toBe('online');
  expect(await ada.done(ada.client.presence.of([{ user_id: bobId }]))).toMatchObject([{ state: 'away' }]);
  ada.cut();
  await fixture.timers.advance(6_000);
  expect(ada.told('presence').at(-1)).toMatchObject({ snapshot: true, rows: [{ user_id: bobId }] });
  expect(await ada.list(ada.client.presence.contacts())).toMatchObject([{ user_id: bobId, name: 'bob' }]);
  const { conversation_id } = await bob.done(bob.client.openDirect({ name: 'ada' }));
  ada.client.presence.typing(conversation_id);
  await fixture.timers.advance(100);
  ada.client.presence.typing(conversation_id, { stopped: true });
  await fixture.timers.advance(100);
  expect(bob.told('typing').map(({ user_id, for_ms }) => [user_id as string, for_ms])).toEqual([
    [adaId, 6_000],
    [adaId, 0],
  ]);
  await ada.done(ada.client.presence.unwatch([{ name: 'bob' }]));
  expect(await ada.list(ada.client.presence.contacts())).toEqual([]);
});

test('[SET-1] [BLOCK-1] [BLOCK-2] [USER-2] settings, blocks and devices, and what other devices are told', async () => {
  const { fixture, ada, laptop, bob, bobId } = await people();
  expect(await ada.done(ada.client.people.settings())).toEqual({
    read_receipts: true,
    visibility: 'everyone',
  });
  await ada.done(ada.client.people.setSettings({ read_receipts: false }));
  await fixture.timers.advance(100);
  expect(laptop.told('settings').at(-1)?.settings).toEqual({ read_receipts: false, visibility: 'everyone' });
  const { conversation_id } = await bob.done(bob.client.openDirect({ name: 'ada' }));
  await ada.done(ada.client.people.block({ name: 'bob' }));
  await fixture.timers.advance(100);
  expect(laptop.told('blocked')).toMatchObject([{ user_id: bobId, blocked: true }]);
  expect(await refusalOf(bob, bob.client.send(conversation_id, 'hello'))).toBe('blocked');
  expect(await ada.list(ada.client.people.blocked())).toMatchObject([{ user_id: bobId }]);
  await ada.done(ada.client.people.unblock({ name: 'bob' }));
  await bob.done(bob.client.send(conversation_id, 'hello'));
  const devices = await ada.done(ada.client.devices());
  expect(devices.length).toBe(2);
  const other = devices.find(({ current }) => current !== true);
  await ada.done(ada.client.revokeDevice(other!.device_id));
  await fixture.timers.advance(10_000);
  expect(laptop.client.state).toMatchObject({ kind: 'closed', reason: { kind: 'sign_in' } });
});

test('[JOIN-1] [JOIN-2] [JOIN-3] [GROUP-6] [GROUP-7] [REPORT-1] [REPORT-2] [TRACE-1] groups, reports and timelines', async () => {
  const { ada, bob, adaId, bobId } = await people();
  const { groups } = ada.client;
  const { conversation_id } = await ada.done(ada.client.createGroup({ title: 'Tea', members: [] }));
  const invite = await ada.done(groups.createInvite(conversation_id, { usesMax: 1 }));
  const joined = await bob.done(bob.client.groups.join({ code: invite.code }));
  expect(joined).toMatchObject({ conversation_id, title: 'Tea', members: 2 });
  await ada.done(groups.setGroup(conversation_id, { public: true }));
  expect(await bob.list(bob.client.groups.findChannels('te'))).toMatchObject([
    { conversation_id, members: 2 },
  ]);
  expect((await ada.done(groups.invites(conversation_id))).length).toBeLessThanOrEqual(1);
  const sent = await bob.done(bob.client.send(conversation_id, 'buy'));
  const id = await ada.done(groups.report(conversation_id, [sent.seq], 'spam', { note: 'again' }));
  expect(await ada.list(groups.reports(conversation_id))).toMatchObject([{ report_id: id, reporter: adaId }]);
  await ada.done(groups.closeReport(conversation_id, id));
  expect((await ada.list(groups.reports(conversation_id)))[0]?.closed).toMatchObject({ by: adaId });
  const trace = await ada.done(ada.client.trace(sent.message_id));
  expect(trace).toMatchObject({ conversation_id, seq: sent.seq, sender: bobId });
  await ada.done(groups.ban(conversation_id, { name: 'bob' }));
  expect(await refusalOf(bob, bob.client.groups.join({ conversation_id }))).toBe('banned');
  await ada.done(groups.unban(conversation_id, { name: 'bob' }));
  await bob.done(bob.client.groups.join({ conversation_id }));
  const kinds = (await ada.list(ada.client.history(conversation_id))).map(({ kind }: AppEntry) => kind);
  expect(kinds.filter((kind) => kind === 'members_joined').length).toBe(2);
});
