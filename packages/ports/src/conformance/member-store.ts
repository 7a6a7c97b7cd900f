// The suite of the member store.
import { describe, expect, test } from 'bun:test';
import type { ConversationId } from '@parley/protocol/ids';
import { ALICE, BOB, CAROL, conversationId, LARGEST_ID, userId } from './fixture.ts';
import { change, directRecord, groupRecord, membership, rowsOf } from './member-fixture.ts';
import { channelRules, countRules, settingsRules, settingsSurvive } from './member-store-groups.ts';
import { acrossRestart, type Open, type Opened, type Reopen } from './opened.ts';

type OpenMembers = Open<Opened<'members'>>;

const C = conversationId(500);

function recordRules(open: OpenMembers): void {
  test('[MEMBER-1] what was never created is undefined and has no members', async () => {
    await using world = await open();
    expect(await world.members.conversation(C)).toBeUndefined();
    expect(await world.members.direct(ALICE, BOB)).toBeUndefined();
    expect(await world.members.members(C)).toEqual({ asOf: 0, rows: [] });
    expect(await world.members.conversationsOf(ALICE, undefined, 10)).toEqual([]);
    expect(await world.members.countConversationsOf(ALICE)).toBe(0);
    expect(await world.members.countMembers(C)).toBe(0);
    expect(await world.members.membership(C, ALICE)).toBeUndefined();
  });

  test('[MEMBER-2] a direct conversation is complete at once, with two members who may read all of it', async () => {
    await using world = await open();
    const record = directRecord(C);
    expect(await world.members.createConversation(record)).toEqual(record);
    expect(await world.members.conversation(C)).toEqual(record);
    expect(await world.members.members(C)).toMatchObject({ asOf: 0 });
    expect(await rowsOf(world.members, C)).toEqual([
      membership(ALICE, { joinedSeq: 0 }),
      membership(BOB, { joinedSeq: 0 }),
    ]);
    for (const user of [ALICE, BOB]) {
      expect(await world.members.conversationsOf(user, undefined, 10)).toEqual([
        { conversation: record, membership: membership(user, { joinedSeq: 0 }) },
      ]);
    }
  });

  test('[MEMBER-3] a direct conversation is one per pair of users, whoever opens it, in either order', async () => {
    await using world = await open();
    const record = directRecord(C);
    await world.members.createConversation(record);
    const later = { ...directRecord(conversationId(501)), createdBy: BOB };
    expect(await world.members.createConversation(later)).toEqual(record);
    expect(await world.members.conversation(later.id)).toBeUndefined();
    expect(await world.members.direct(ALICE, BOB)).toEqual(record);
    expect(await world.members.direct(BOB, ALICE)).toEqual(record);
    expect(await world.members.direct(ALICE, CAROL)).toBeUndefined();
    expect(await world.members.countConversationsOf(BOB)).toBe(1);
  });

  test('[MEMBER-4] of those who open it at the same time all get the same one', async () => {
    await using world = await open();
    const records = Array.from({ length: 10 }, (_, index) => directRecord(conversationId(500 + index)));
    const got = await Promise.all(records.map((record) => world.members.createConversation(record)));
    expect(new Set(got.map((record) => record.id)).size).toBe(1);
    expect(await world.members.countConversationsOf(ALICE)).toBe(1);
    expect(await rowsOf(world.members, got[0]!.id)).toHaveLength(2);
  });

  test('[MEMBER-5] a group is one per creator and client_msg_id, and has no member before its first entry', async () => {
    await using world = await open();
    const record = groupRecord(C);
    expect(await world.members.createConversation(record)).toEqual(record);
    const again = { ...record, id: conversationId(501), title: 'Another title' };
    expect(await world.members.createConversation(again)).toEqual(record);
    const others = { ...record, id: conversationId(502), createdBy: BOB };
    expect(await world.members.createConversation(others)).toEqual(others);
    expect(await world.members.conversation(C)).toEqual(record);
    if (record.kind !== 'group') throw new Error(record.kind);
    expect(await world.members.group(ALICE, record.clientMsgId)).toEqual(record);
    expect(await world.members.group(BOB, record.clientMsgId)).toEqual(others);
    expect(await world.members.group(CAROL, record.clientMsgId)).toBeUndefined();
    expect(await world.members.members(C)).toEqual({ asOf: 0, rows: [] });
    expect(await world.members.countConversationsOf(ALICE)).toBe(0);
    expect(await world.members.conversationsOf(ALICE, undefined, 10)).toEqual([]);
  });

  test('[MEMBER-6] ids keep all their digits and titles every character', async () => {
    await using world = await open();
    const users = [userId(LARGEST_ID - 1n), userId(LARGEST_ID)] as const;
    const direct = directRecord(conversationId(LARGEST_ID), users[0], users[1]);
    const group = groupRecord(conversationId(LARGEST_ID - 1n), users[1], `'"; -- 👩‍👩‍👧 \u0000 שלום`);
    await world.members.createConversation(direct);
    await world.members.createConversation(group);
    expect(await world.members.direct(users[1], users[0])).toEqual(direct);
    expect(await world.members.conversation(group.id)).toEqual(group);
    expect((await rowsOf(world.members, direct.id)).map((row) => row.user)).toEqual([...users]);
    expect(await world.members.conversation(conversationId(LARGEST_ID - 2n))).toBeUndefined();
  });
}

function changeRules(open: OpenMembers): void {
  test('[MEMBER-7] changes of the log add, alter and end memberships; rows of those who left stay', async () => {
    await using world = await open();
    await world.members.createConversation(groupRecord(C));
    const owner = membership(ALICE, { role: 'owner' });
    const bob = membership(BOB, { joinedSeq: 4, visibleAfter: 3 });
    await world.members.apply(C, [change(1, [owner, membership(CAROL)]), change(4, [bob])]);
    expect(await world.members.members(C)).toMatchObject({ asOf: 4 });
    expect(await rowsOf(world.members, C)).toEqual([owner, bob, membership(CAROL)]);
    const left = { ...bob, leftSeq: 9 };
    const admin = membership(CAROL, { role: 'admin' });
    await world.members.apply(C, [change(7, [admin]), change(9, [left])]);
    expect(await rowsOf(world.members, C)).toEqual([owner, left, admin]);
    expect((await world.members.members(C)).asOf).toBe(9);
    const back = membership(BOB, { joinedSeq: 12, visibleAfter: 11 });
    await world.members.apply(C, [change(12, [back])]);
    expect(await rowsOf(world.members, C)).toEqual([owner, back, admin]);
  });

  test('[MEMBER-8] applying a change again, or an older one, changes nothing', async () => {
    await using world = await open();
    await world.members.createConversation(groupRecord(C));
    const changes = [
      change(1, [membership(ALICE, { role: 'owner' }), membership(BOB)], 'First'),
      change(3, [membership(BOB, { role: 'admin' })], undefined),
      change(5, [], 'Second'),
      change(6, [membership(BOB, { role: 'admin', leftSeq: 6 })]),
    ];
    await world.members.apply(C, changes);
    const before = [await rowsOf(world.members, C), (await world.members.members(C)).asOf];
    for (const again of [changes, changes.slice(0, 1), changes.slice(1, 2), [...changes].reverse()]) {
      await world.members.apply(C, again);
      expect([await rowsOf(world.members, C), (await world.members.members(C)).asOf]).toEqual(before);
      expect<unknown>(await world.members.conversation(C)).toEqual({ ...groupRecord(C), title: 'Second' });
    }
  });

  test('[MEMBER-9] the rule is per user: an older change of another user still counts', async () => {
    await using world = await open();
    await world.members.createConversation(groupRecord(C));
    await world.members.apply(C, [change(5, [membership(BOB, { joinedSeq: 5 })])]);
    await world.members.apply(C, [
      change(2, [membership(BOB, { joinedSeq: 2 }), membership(CAROL, { joinedSeq: 2 })]),
    ]);
    expect(await rowsOf(world.members, C)).toEqual([
      membership(BOB, { joinedSeq: 5 }),
      membership(CAROL, { joinedSeq: 2 }),
    ]);
  });

  test('[MEMBER-10] a title changes for everyone who asks, and only by a newer entry', async () => {
    await using world = await open();
    await world.members.createConversation(groupRecord(C));
    await world.members.apply(C, [change(1, [membership(ALICE)], 'A group')]);
    await world.members.apply(C, [change(8, [], 'Newer')]);
    await world.members.apply(C, [change(6, [], 'Older')]);
    const expected: unknown = { ...groupRecord(C), title: 'Newer' };
    expect<unknown>(await world.members.conversation(C)).toEqual(expected);
    const [row] = await world.members.conversationsOf(ALICE, undefined, 1);
    expect<unknown>(row?.conversation).toEqual(expected);
  });

  test('[MEMBER-11] an empty list of changes, and a change of hundreds of members at once', async () => {
    await using world = await open();
    await world.members.createConversation(groupRecord(C));
    await world.members.apply(C, []);
    const many = Array.from({ length: 1_000 }, (_, index) => membership(userId(10_000 + index)));
    await world.members.apply(C, [change(1, many)]);
    expect(await rowsOf(world.members, C)).toEqual(many);
    expect(await world.members.countConversationsOf(userId(10_999))).toBe(1);
  });
}

const IDS = ['9', '10', '99', '100', '9007199254740992', '9007199254740993', '9223372036854775807'];

function listRules(open: OpenMembers): void {
  test('[MEMBER-12] conversations of a user come in order of id as numbers, page by page', async () => {
    await using world = await open();
    for (const id of [...IDS].reverse()) {
      await world.members.createConversation(groupRecord(conversationId(id)));
      await world.members.apply(conversationId(id), [change(1, [membership(ALICE)])]);
    }
    for (const limit of [1, 2, 3, 7, 100]) {
      const seen: string[] = [];
      let after: ConversationId | undefined;
      for (;;) {
        const rows = await world.members.conversationsOf(ALICE, after, limit);
        expect(rows.length).toBeLessThanOrEqual(limit);
        seen.push(...rows.map((row) => row.conversation.id));
        after = rows.at(-1)?.conversation.id;
        if (rows.length < limit) break;
      }
      expect(seen).toEqual(IDS);
    }
    const [first] = await world.members.conversationsOf(ALICE, conversationId(50), 1);
    expect(first?.conversation.id).toBe(conversationId(99));
  });

  test('[MEMBER-13] the list has conversations that the user left; the count only those of now', async () => {
    await using world = await open();
    await world.members.createConversation(directRecord(C));
    const group = conversationId(501);
    await world.members.createConversation(groupRecord(group));
    await world.members.apply(group, [change(1, [membership(ALICE), membership(CAROL)])]);
    expect(await world.members.countConversationsOf(ALICE)).toBe(2);
    const left = membership(ALICE, { leftSeq: 4 });
    await world.members.apply(group, [change(4, [left])]);
    expect(await world.members.countConversationsOf(ALICE)).toBe(1);
    expect(await world.members.countConversationsOf(CAROL)).toBe(1);
    const rows = await world.members.conversationsOf(ALICE, undefined, 10);
    expect(rows.map((row) => row.conversation.id)).toEqual([C, group]);
    expect(rows[1]?.membership).toEqual(left);
    expect(await world.members.conversationsOf(userId(99), undefined, 10)).toEqual([]);
  });
}

function lookUpRules(open: OpenMembers): void {
  test('[MEMBER-14] the row of one user, present or past, and how many are members now', async () => {
    await using world = await open();
    await world.members.createConversation(directRecord(conversationId(501)));
    await world.members.createConversation(groupRecord(C));
    const [owner, left] = [membership(ALICE, { role: 'owner' }), membership(BOB, { leftSeq: 3 })];
    await world.members.apply(C, [change(1, [owner, membership(BOB), membership(CAROL)])]);
    expect(await world.members.countMembers(C)).toBe(3);
    await world.members.apply(C, [change(3, [left]), change(4, [], 'Renamed')]);
    expect(await world.members.countMembers(C)).toBe(2);
    expect(await world.members.countMembers(conversationId(501))).toBe(2);
    const conversation = groupRecord(C, ALICE, 'Renamed');
    expect(await world.members.membership(C, ALICE)).toEqual({ conversation, membership: owner });
    expect(await world.members.membership(C, BOB)).toEqual({ conversation, membership: left });
    expect(await world.members.membership(C, userId(99))).toBeUndefined();
    expect(await world.members.membership(conversationId(501), CAROL)).toBeUndefined();
    expect((await world.members.membership(conversationId(501), BOB))?.membership.joinedSeq).toBe(0);
  });
}

function durabilityRules<World extends Opened<'members'>>(open: Open<World>, reopen: Reopen<World>): void {
  test('[MEMBER-15] records, memberships and what makes changes idempotent survive a restart', async () => {
    const group = conversationId(501);
    const owner = membership(ALICE, { role: 'owner' });
    const gone = membership(BOB, { leftSeq: 6 });
    await acrossRestart({
      open,
      reopen,
      before: async ({ members }) => {
        await members.createConversation(directRecord(C));
        await members.createConversation(groupRecord(group));
        await members.apply(group, [change(1, [owner, membership(BOB)], 'Old'), change(6, [gone], 'New')]);
      },
      after: async ({ members }) => {
        expect(await members.direct(BOB, ALICE)).toEqual(directRecord(C));
        expect(await members.createConversation(directRecord(conversationId(502)))).toEqual(directRecord(C));
        await members.apply(group, [change(1, [owner, membership(BOB)], 'Old')]);
        expect(await rowsOf(members, group)).toEqual([owner, gone]);
        expect((await members.members(group)).asOf).toBe(6);
        expect<unknown>(await members.conversation(group)).toEqual({ ...groupRecord(group), title: 'New' });
      },
    });
  });
}

export function testMemberStore<World extends Opened<'members'>>(
  adapter: string,
  open: Open<World>,
  reopen?: Reopen<World>,
): void {
  describe(`${adapter} as MemberStore`, () => {
    recordRules(open);
    changeRules(open);
    listRules(open);
    lookUpRules(open);
    settingsRules(open);
    countRules(open);
    channelRules(open);
    if (reopen === undefined) return;
    durabilityRules(open, reopen);
    settingsSurvive(open, reopen);
  });
}
