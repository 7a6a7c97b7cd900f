// Groups: making, changing, leaving them, and what is remembered of it.
import { expect, test } from 'bun:test';
import { GROUP_MEMBERS_MAX_COUNT } from '@parley/protocol/limits';
import type { ConversationId, UserId } from '@parley/protocol/ids';
import type { Membership } from '@parley/ports/member-store';
import { ServerFixture } from '../testing/server-fixture.ts';
import type { TestClient } from '../testing/test-client.ts';
import { CONVERSATIONS_BY_OTHERS_MAX_COUNT } from './limits.ts';

async function room(history?: 'all' | 'joined') {
  const fixture = new ServerFixture();
  const ada = await fixture.join('ada');
  const bob = await fixture.join('bob');
  const eve = await fixture.join('eve');
  const group = await ada.group('room', [bob.userId, eve.userId], history);
  return { fixture, ada, bob, eve, group };
}

async function roles(client: TestClient, group: ConversationId): Promise<Record<string, string>> {
  const answer = await client.request({ type: 'list_members', conversation_id: group });
  if (answer.type !== 'members') throw new Error(JSON.stringify(answer));
  return Object.fromEntries(answer.rows.map((row) => [row.name, row.role]));
}

const create = (id: string, title: string, member_ids: UserId[], more = {}) =>
  ({ type: 'create_group', client_msg_id: id as never, title, member_ids, ...more }) as const;

test('[CONV-2] the creator is the owner and need not be named; a user named twice is in it once', async () => {
  const { ada, bob, group } = await room();
  expect(await roles(ada, group)).toEqual({ ada: 'owner', bob: 'member', eve: 'member' });
  const answer = await ada.request(create('g', 'twice', [bob.userId, ada.userId, bob.userId]));
  expect(answer).toMatchObject({
    conversation: {
      kind: 'group',
      title: 'twice',
      role: 'owner',
      members: 2,
      head: 1,
      floor: 0,
      received: 0,
    },
  });
});

test('[CONV-2] asking again under the same client_msg_id answers the same group, also at once and after a crash', async () => {
  const { fixture, ada, bob } = await room();
  const phone = await fixture.connect((await fixture.login('ada')).token);
  const request = create('g', 'once', [bob.userId]);
  const refs = [ada, phone, ada].map((client) => [client, client.start(request)] as const);
  await fixture.settle();
  const answers = refs.map(([client, ref]) => client.answer(ref));
  const reader = await fixture.restart().connect(ada.token);
  const again = await reader.request(request);
  for (const answer of [...answers, again]) {
    expect(answer).toMatchObject({ type: 'conversation', conversation: { title: 'once', head: 1 } });
  }
  expect(
    new Set(
      [...answers, again].map(
        (answer) => answer?.type === 'conversation' && answer.conversation.conversation_id,
      ),
    ).size,
  ).toBe(1);
  for (const other of [
    create('g', 'another', [bob.userId]),
    create('g', 'once', []),
    create('g', 'once', [bob.userId], { history: 'joined' }),
  ]) {
    expect(await reader.request(other)).toMatchObject({ type: 'error', code: 'id_reused' });
  }
});

test("[CONV-2] [ENTRY-4] an attempt that got no further does not mix its policy with another's", async () => {
  const { fixture, ada, bob } = await room();
  fixture.faults.next('append', 'unavailable');
  const first = await ada.request(create('g', 'a', [bob.userId], { history: 'joined' }));
  expect(first).toMatchObject({ type: 'error', code: 'unavailable', retry: 'later' });
  expect(await ada.request(create('g', 'a', [bob.userId], { history: 'all' }))).toMatchObject({
    code: 'id_reused',
  });
  const answer = await ada.request(create('g', 'a', [bob.userId], { history: 'joined' }));
  expect(answer).toMatchObject({ type: 'conversation', conversation: { head: 1 } });
});

test('[CONV-2] a user who does not exist is named by its place', async () => {
  const { ada, bob, group } = await room();
  const nobody = '424242' as UserId;
  expect(await ada.request(create('g', 'x', [bob.userId, nobody]))).toMatchObject({
    code: 'not_found',
    field: 'member_ids.1',
  });
  expect(await ada.change('add_members', group, 'a', { user_ids: [nobody] })).toMatchObject({
    code: 'not_found',
    field: 'user_ids.0',
  });
  expect(await bob.change('add_members', group, 'b', { user_ids: [nobody] })).toMatchObject({
    code: 'forbidden',
  });
});

test('[GROUP-1] a change answers with its entry, and is pushed to all', async () => {
  const { fixture, ada, bob, group } = await room();
  const [newcomer] = (await fixture.registerMany(1)) as [UserId];
  const changes = [
    await ada.change('rename_group', group, '1', { title: 'new' }),
    await ada.change('add_members', group, '2', { user_ids: [newcomer] }),
    await ada.change('set_role', group, '3', { user_id: newcomer, role: 'admin' }),
    await ada.change('remove_member', group, '4', { user_id: newcomer }),
    await bob.change('leave_group', group, '5'),
  ];
  const { entries } = await ada.pull(group, 1);
  expect(entries).toMatchObject([
    { kind: 'group_renamed', title: 'new' },
    { kind: 'members_added', members: [{ user_id: newcomer, role: 'member' }] },
    { kind: 'role_changed', user_id: newcomer, role: 'admin' },
    { kind: 'member_removed', user_id: newcomer },
    { kind: 'member_left', user_id: bob.userId, sender: bob.userId },
  ]);
  for (const [at, change] of changes.entries()) {
    const { seq, message_id, at: time } = entries[at] ?? { seq: 0, message_id: '', at: 0 };
    expect(change).toMatchObject({ type: 'changed', conversation_id: group, seq, message_id, at: time });
  }
  expect(
    bob
      .all('entries')
      .flatMap((push) => push.entries)
      .slice(1),
  ).toEqual(entries);
});

test('[GROUP-1] [SEND-3] each change is idempotent by its client_msg_id, after a crash too, and other content is refused', async () => {
  const { fixture, ada, bob, eve, group } = await room();
  const [newcomer, other] = (await fixture.registerMany(2)) as [UserId, UserId];
  const changes = [
    ['rename_group', { title: 'new' }, { title: 'other' }],
    ['add_members', { user_ids: [newcomer] }, { user_ids: [other] }],
    ['set_role', { user_id: newcomer, role: 'admin' }, { user_id: newcomer, role: 'owner' }],
    ['remove_member', { user_id: newcomer }, { user_id: eve.userId }],
  ] as const;
  const first = [];
  for (const [at, [type, fields]] of changes.entries())
    first.push(await ada.change(type, group, `c-${at}`, fields));
  const left = await bob.change('leave_group', group, 'left');
  const again = await fixture.restart().connect(ada.token);
  for (const client of [again, again]) {
    for (const [at, [type, fields, different]] of changes.entries()) {
      const { ref: _, ...answer } = (await client.change(type, group, `c-${at}`, fields)) as { ref: number };
      expect(answer).toEqual({ ...first[at], ref: undefined } as never);
      expect(await client.change(type, group, `c-${at}`, different)).toMatchObject({ code: 'id_reused' });
    }
  }
  expect((await again.pull(group, 0)).head).toBe(6);
  expect(
    await (await fixture.second().connect(bob.token)).change('leave_group', group, 'left'),
  ).toMatchObject({ seq: (left as { seq: number }).seq });
});

test('[GROUP-1] [SEND-6] a change of unknown outcome is decided by asking again', async () => {
  for (const fault of ['unknown_applied', 'unknown_not_applied'] as const) {
    const { fixture, ada, bob, group } = await room();
    fixture.faults.next('append', fault);
    fixture.faults.next('state', 'unavailable');
    const fields = { user_id: bob.userId };
    expect(await ada.change('remove_member', group, 'r', fields)).toMatchObject({
      code: 'outcome_unknown',
      retry: 'later',
    });
    expect(await ada.change('remove_member', group, 'r', fields)).toMatchObject({ type: 'changed', seq: 2 });
    expect((await ada.pull(group, 0)).head).toBe(2);
  }
});

test('[SEND-6] a group that was made and cannot be read back is not answered as if nothing was stored', async () => {
  const { fixture, ada, bob } = await room();
  fixture.faults.next('countMembers', 'unavailable');
  const answer = await ada.request(create('g', 'x', [bob.userId]));
  expect(answer).toMatchObject({ type: 'error', code: 'outcome_unknown', retry: 'later' });
  expect(await ada.request(create('g', 'x', [bob.userId]))).toMatchObject({
    type: 'conversation',
    conversation: { head: 1 },
  });
  fixture.faults.next('createConversation', 'storage_full', 'unknown_applied');
  for (const code of ['storage_full', 'outcome_unknown']) {
    expect(await ada.request(create('h', 'x', []))).toMatchObject({ code, retry: 'later' });
  }
});

test('[GROUP-2] giving the role of owner away makes the giver an admin: there is one owner', async () => {
  const { ada, bob, group } = await room();
  await ada.change('set_role', group, '1', { user_id: bob.userId, role: 'owner' });
  expect(await roles(ada, group)).toEqual({ ada: 'admin', bob: 'owner', eve: 'member' });
  expect(await ada.change('set_role', group, '2', { user_id: ada.userId, role: 'owner' })).toMatchObject({
    code: 'forbidden',
  });
  await bob.change('set_role', group, '3', { user_id: ada.userId, role: 'member' });
  expect(await roles(ada, group)).toEqual({ ada: 'member', bob: 'owner', eve: 'member' });
});

test('[GROUP-2] when an owner leaves, the longest-standing admin follows, else the longest-standing member', async () => {
  const { fixture, ada, bob, eve, group } = await room();
  const dan = await fixture.join('dan');
  await ada.change('add_members', group, '1', { user_ids: [dan.userId] });
  await ada.change('set_role', group, '2', { user_id: dan.userId, role: 'admin' });
  await ada.change('leave_group', group, '3');
  expect((await bob.pull(group, 3)).entries).toMatchObject([
    { kind: 'member_left', user_id: ada.userId, new_owner: dan.userId },
  ]);
  expect(await roles(bob, group)).toEqual({ bob: 'member', eve: 'member', dan: 'owner' });
  await dan.change('leave_group', group, '4');
  expect(await roles(bob, group)).toEqual({ bob: 'owner', eve: 'member' });
  await eve.change('leave_group', group, '5');
  await bob.change('leave_group', group, '6');
  const { entries } = await bob.pull(group, 4);
  expect(entries.at(-1)).not.toHaveProperty('new_owner');
  expect(await bob.text(group, 'anyone?')).toMatchObject({ error: { code: 'not_member' } });
});

test('[GROUP-2] two who leave or give at once leave one owner behind', async () => {
  for (let turns = 0; turns < 12; turns++) {
    const { fixture, ada, bob, eve, group } = await room();
    ada.start({
      type: 'set_role',
      conversation_id: group,
      client_msg_id: 'a' as never,
      user_id: bob.userId,
      role: 'owner',
    });
    for (let left = turns; left > 0; left--) await Promise.resolve();
    bob.start({ type: 'leave_group', conversation_id: group, client_msg_id: 'b' as never });
    ada.start({ type: 'leave_group', conversation_id: group, client_msg_id: 'c' as never });
    await fixture.settle();
    expect(await roles(eve, group)).toEqual({ eve: 'owner' });
  }
});

test('[GROUP-3] a direct conversation has no members or title to change', async () => {
  const { ada, bob, eve } = await room();
  const direct = await ada.direct(bob.userId);
  const changes = [
    ['rename_group', { title: 'x' }],
    ['add_members', { user_ids: [eve.userId] }],
    ['remove_member', { user_id: bob.userId }],
    ['leave_group', {}],
    ['set_role', { user_id: bob.userId, role: 'admin' }],
  ] as const;
  for (const [type, fields] of changes) {
    expect(await ada.change(type, direct, 'x', fields)).toMatchObject({ type: 'error', code: 'not_a_group' });
    expect(await eve.change(type, direct, 'x', fields)).toMatchObject({ type: 'error', code: 'not_found' });
  }
  expect((await ada.pull(direct, 0)).head).toBe(0);
});

test('[GROUP-5] a change that would change nothing is refused, and leaves no entry', async () => {
  const { fixture, ada, bob, group } = await room();
  const [outsider] = (await fixture.registerMany(1)) as [UserId];
  const refused = [
    await ada.change('add_members', group, '1', { user_ids: [outsider, bob.userId] }),
    await ada.change('remove_member', group, '2', { user_id: outsider }),
    await ada.change('set_role', group, '3', { user_id: bob.userId, role: 'member' }),
    await ada.change('set_role', group, '4', { user_id: ada.userId, role: 'owner' }),
    await ada.change('set_role', group, '5', { user_id: outsider, role: 'admin' }),
    await ada.change('set_role', group, '6', { user_id: ada.userId, role: 'member' }),
  ];
  expect(
    refused.map((answer) => (answer.type === 'error' ? [answer.code, answer.field] : answer.type)),
  ).toEqual([
    ['invalid_field', 'user_ids.1'],
    ['invalid_field', 'user_id'],
    ['invalid_field', 'role'],
    ['invalid_field', 'role'],
    ['invalid_field', 'user_id'],
    ['invalid_field', 'user_id'],
  ]);
  expect((await ada.pull(group, 0)).head).toBe(1);
});

/** Puts members into a group without asking the server. */
async function fill(fixture: ServerFixture, group: ConversationId, count: number): Promise<UserId[]> {
  const users = await fixture.registerMany(count);
  const memberships = users.map((user): Membership => {
    return { user, role: 'member', joinedSeq: 1, visibleAfter: 0, leftSeq: undefined };
  });
  await fixture.stores.members.apply(group, [{ seq: 1, title: undefined, memberships }]);
  return users;
}

test('[GROUP-4] a group has at most 10,000 members', async () => {
  const { fixture, ada, group } = await room();
  await fill(fixture, group, GROUP_MEMBERS_MAX_COUNT - 4);
  const [one, two] = (await fixture.registerMany(2)) as [UserId, UserId];
  const again = await fixture.restart().connect(ada.token);
  expect(await again.change('add_members', group, '1', { user_ids: [one, two] })).toMatchObject({
    code: 'limit_reached',
    retry: 'no',
  });
  expect(await again.change('add_members', group, '2', { user_ids: [one] })).toMatchObject({
    type: 'changed',
  });
  expect(await again.change('add_members', group, '3', { user_ids: [two] })).toMatchObject({
    code: 'limit_reached',
  });
  await again.change('remove_member', group, '4', { user_id: one });
  expect(await again.change('add_members', group, '5', { user_ids: [two] })).toMatchObject({
    type: 'changed',
  });
});

test('[GROUP-4] members come in pages with the seq as of which they are true', async () => {
  const { fixture, ada, bob, eve, group } = await room();
  const many = await fill(fixture, group, 497);
  const next = fixture.restart();
  const again = await next.connect(ada.token);
  const names: string[] = [];
  let after: UserId | undefined;
  let pages = 0;
  do {
    const more = after === undefined ? {} : { after };
    const answer = await again.request({ type: 'list_members', conversation_id: group, limit: 150, ...more });
    if (answer.type !== 'members') throw new Error(JSON.stringify(answer));
    expect(answer.as_of).toBe(1);
    names.push(...answer.rows.map((row) => row.user_id));
    after = answer.next;
    pages += 1;
  } while (after !== undefined);
  expect(pages).toBe(4);
  const expected = [ada.userId, bob.userId, eve.userId, ...many].toSorted((one, other) =>
    Number(BigInt(one) - BigInt(other)),
  );
  expect(names).toEqual(expected);
  await again.change('remove_member', group, 'r', { user_id: bob.userId });
  const one = await again.request({ type: 'list_members', conversation_id: group, limit: 1 });
  expect(one).toMatchObject({
    as_of: 2,
    rows: [{ user_id: ada.userId, name: 'ada', role: 'owner', joined_seq: 1 }],
  });
});

test('[INV 9] a user with as many conversations as others may give is not added, and an addition that filled the last place is answered again', async () => {
  const { fixture, ada, eve, group } = await room();
  const [busy] = (await fixture.registerMany(1)) as [UserId];
  const { state } = fixture.stores.world;
  for (let at = 1; at < CONVERSATIONS_BY_OTHERS_MAX_COUNT; at++) {
    const id = fixture.ids.next() as ConversationId;
    await fixture.stores.members.createConversation({
      id,
      kind: 'group',
      createdBy: eve.userId,
      clientMsgId: `g-${at}` as never,
      title: 'x',
      history: 'all',
    });
    const membership: Membership = {
      user: busy,
      role: 'owner',
      joinedSeq: 1,
      visibleAfter: 0,
      leftSeq: undefined,
    };
    await fixture.stores.members.apply(id, [{ seq: 1, title: undefined, memberships: [membership] }]);
  }
  expect(state.conversationsOf.get(busy)?.size).toBe(CONVERSATIONS_BY_OTHERS_MAX_COUNT - 1);
  const add = () => ada.change('add_members', group, 'a', { user_ids: [busy] });
  expect(await add()).toMatchObject({ type: 'changed', seq: 2 });
  expect(await add()).toMatchObject({ type: 'changed', seq: 2 });
  const request = create('g', 'one too many', [busy]);
  expect(await ada.request(request)).toMatchObject({ type: 'error', code: 'limit_reached' });
  expect(await eve.request({ type: 'open_direct', user_id: busy })).toMatchObject({ code: 'limit_reached' });
  await ada.change('remove_member', group, 'r', { user_id: busy });
  expect(await ada.request(request)).toMatchObject({ type: 'conversation' });
});
