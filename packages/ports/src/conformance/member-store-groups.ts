// The suite of the member store: settings of groups, bans, and public groups that can be found.
import { expect, test } from 'bun:test';
import type { ConversationId } from '@parley/protocol/ids';
import type { GroupSettings } from '@parley/protocol/role';
import { NO_SETTINGS } from '@parley/protocol/role';
import type { Membership, MembershipChange, MemberStore } from '../member-store.ts';
import { ALICE, BOB, CAROL, conversationId, LARGEST_ID, userId } from './fixture.ts';
import { change, directRecord, groupRecord, membership, rowsOf } from './member-fixture.ts';
import { acrossRestart, type Open, type Opened, type Reopen } from './opened.ts';

type OpenMembers = Open<Opened<'members'>>;

const C = conversationId(500);
const PUBLIC: GroupSettings = { public: true, announcements: false, slow_mode_s: 0 };
const SLOW: GroupSettings = { public: false, announcements: true, slow_mode_s: 3_600 };

const settingsChange = (seq: number, settings: GroupSettings): MembershipChange => ({
  ...change(seq, []),
  settings,
});

async function makeChannel(members: MemberStore, id: ConversationId, title: string): Promise<void> {
  await members.createConversation(groupRecord(id, ALICE, title));
  await members.apply(id, [change(1, [membership(ALICE)], title), settingsChange(2, PUBLIC)]);
}

const found = async (members: MemberStore, text: string, after?: ConversationId, limit = 100) =>
  (await members.channels(text, after, limit)).map(({ conversation }) => conversation.id as string);

export function settingsRules(open: OpenMembers): void {
  test('[MEMBER-16] settings are absent until they are first changed, and are then in every record', async () => {
    await using world = await open();
    await world.members.createConversation(groupRecord(C));
    await world.members.apply(C, [change(1, [membership(ALICE)], 'A group')]);
    expect(await world.members.conversation(C)).not.toHaveProperty('settings');
    await world.members.apply(C, [settingsChange(2, SLOW)]);
    const expected: unknown = { ...groupRecord(C), settings: SLOW };
    expect<unknown>(await world.members.conversation(C)).toEqual(expected);
    expect<unknown>(await world.members.group(ALICE, `create-${C}` as never)).toEqual(expected);
    expect<unknown>(await world.members.createConversation(groupRecord(C))).toEqual(expected);
    expect<unknown>((await world.members.membership(C, ALICE))?.conversation).toEqual(expected);
    const [row] = await world.members.conversationsOf(ALICE, undefined, 1);
    expect<unknown>(row?.conversation).toEqual(expected);
    expect((await world.members.members(C)).asOf).toBe(2);
  });

  test('[MEMBER-17] settings change only by a newer entry, whatever becomes of the title', async () => {
    await using world = await open();
    await world.members.createConversation(groupRecord(C));
    const changes = [settingsChange(4, SLOW), change(6, [], 'Newer'), settingsChange(8, NO_SETTINGS)];
    const expected: unknown = { ...groupRecord(C), title: 'Newer', settings: NO_SETTINGS };
    for (const again of [changes, changes.slice(0, 1), [...changes].reverse()]) {
      await world.members.apply(C, again);
      expect<unknown>(await world.members.conversation(C)).toEqual(expected);
    }
    await world.members.apply(C, [change(9, [], 'Newest'), settingsChange(5, PUBLIC)]);
    const later: unknown = { ...groupRecord(C), title: 'Newest', settings: NO_SETTINGS };
    expect<unknown>(await world.members.conversation(C)).toEqual(later);
  });

  test('[MEMBER-18] a ban stands in the row until a newer change takes it out', async () => {
    await using world = await open();
    await world.members.createConversation(groupRecord(C));
    const banned: Membership = { ...membership(BOB, { leftSeq: 3 }), banned: true };
    await world.members.apply(C, [
      change(1, [membership(ALICE), membership(BOB), membership(CAROL)]),
      change(3, [banned]),
    ]);
    expect(await rowsOf(world.members, C)).toEqual([membership(ALICE), banned, membership(CAROL)]);
    expect((await world.members.membership(C, BOB))?.membership).toEqual(banned);
    expect((await world.members.membership(C, CAROL))?.membership).not.toHaveProperty('banned');
    await world.members.apply(C, [change(1, [membership(BOB)])]);
    expect((await world.members.membership(C, BOB))?.membership).toEqual(banned);
    await world.members.apply(C, [change(5, [membership(BOB, { leftSeq: 3 })])]);
    expect((await world.members.membership(C, BOB))?.membership).toEqual(membership(BOB, { leftSeq: 3 }));
    await world.members.apply(C, [change(3, [banned])]);
    expect((await world.members.membership(C, BOB))?.membership).not.toHaveProperty('banned');
  });
}

export function countRules(open: OpenMembers): void {
  test('[MEMBER-23] the number of members is right after joins, leaves and returns, applied again and out of order', async () => {
    await using world = await open();
    await world.members.createConversation(groupRecord(C));
    await world.members.createConversation(directRecord(conversationId(400)));
    await world.members.createConversation(directRecord(conversationId(401)));
    const life = [
      change(1, [membership(ALICE), membership(BOB)]),
      change(2, [membership(CAROL)]),
      change(3, [membership(BOB, { leftSeq: 3 })]),
      change(4, [{ ...membership(BOB, { leftSeq: 3 }), banned: true }]),
      change(5, [membership(CAROL, { role: 'admin' })]),
      change(6, [membership(BOB, { leftSeq: 3 })]),
      change(7, [membership(BOB, { joinedSeq: 7 }), membership(CAROL, { leftSeq: 7 })]),
    ];
    const counts = [2, 3, 2, 2, 2, 2, 2];
    for (const [index, each] of life.entries()) {
      await world.members.apply(C, [each]);
      expect([index, await world.members.countMembers(C)]).toEqual([index, counts[index] ?? -1]);
    }
    for (const again of [life, [...life].reverse(), life.slice(0, 3)]) {
      await world.members.apply(C, again);
      expect(await world.members.countMembers(C)).toBe(2);
    }
    // The second one was refused: the pair has a conversation.
    expect(await world.members.countMembers(conversationId(400))).toBe(2);
    expect(await world.members.countMembers(conversationId(401))).toBe(0);
  });
}

export function channelRules(open: OpenMembers): void {
  test('[MEMBER-19] a channel is a group that is public now, with its members of now', async () => {
    await using world = await open();
    const { members } = world;
    await members.createConversation(directRecord(conversationId(400)));
    await members.createConversation(groupRecord(conversationId(401)));
    expect(await members.channels('', undefined, 10)).toEqual([]);
    await makeChannel(members, C, 'News');
    await members.apply(C, [change(3, [membership(BOB), membership(CAROL, { leftSeq: 3 })])]);
    const conversation = { ...groupRecord(C, ALICE, 'News'), settings: PUBLIC };
    expect<unknown>(await members.channels('', undefined, 10)).toEqual([{ conversation, members: 2 }]);
    expect<unknown>(await members.channels('ne', undefined, 10)).toEqual([{ conversation, members: 2 }]);
    await members.apply(C, [settingsChange(4, SLOW)]);
    expect(await found(members, '')).toEqual([]);
    expect(await found(members, 'News')).toEqual([]);
    await members.apply(C, [settingsChange(2, PUBLIC)]);
    expect(await found(members, '')).toEqual([]);
    await members.apply(C, [settingsChange(5, PUBLIC)]);
    expect(await found(members, 'News')).toEqual([C]);
  });

  test('[MEMBER-20] channels are found by how their title of now begins, whatever the case', async () => {
    await using world = await open();
    const { members } = world;
    const titles = [
      'News',
      'NEWS of today',
      'new',
      'Ärger',
      'ärzte',
      '50% off',
      'Straße',
      'ΟΔΟΣ Α',
      '日本',
      'A_b',
    ];
    for (const [index, title] of titles.entries())
      await makeChannel(members, conversationId(600 + index), title);
    const ids = (...indexes: number[]) => indexes.map((index) => String(600 + index));
    const all = await found(members, '');
    expect(all).toEqual(ids(...titles.keys()));
    const expected: Readonly<Record<string, string[]>> = {
      new: ids(0, 1, 2),
      NEWS: ids(0, 1),
      'news ': ids(1),
      ews: [],
      ä: ids(3, 4),
      ÄRZ: ids(4),
      '%': [],
      '50%': ids(5),
      '5_': [],
      a_: ids(9),
      STRASSE: ids(6),
      οδοσ: ids(7),
      ΟΔΟΣ: ids(7),
      日: ids(8),
      "' OR 1=1 --": [],
    };
    for (const [text, wanted] of Object.entries(expected))
      expect([text, ...(await found(members, text))]).toEqual([text, ...wanted]);
    await members.apply(conversationId(600), [change(7, [], 'Old News')]);
    expect(await found(members, 'new')).toEqual(ids(1, 2));
    expect(await found(members, 'OLD')).toEqual(ids(0));
    await members.apply(conversationId(600), [change(6, [], 'News')]);
    expect(await found(members, 'old')).toEqual(ids(0));
  });

  test('[MEMBER-21] channels come in order of id as numbers, page by page, found by a text or not', async () => {
    await using world = await open();
    const ids = ['9', '10', '99', '100', '9007199254740993', String(LARGEST_ID)];
    for (const [index, id] of [...ids].reverse().entries())
      await makeChannel(world.members, conversationId(id), `Channel ${index}`);
    for (const text of ['', 'chan']) {
      for (const limit of [1, 4, 6, 100]) {
        const seen: string[] = [];
        for (;;) {
          const page = await found(world.members, text, seen.at(-1) as ConversationId | undefined, limit);
          expect(page.length).toBeLessThanOrEqual(limit);
          seen.push(...page);
          if (page.length < limit) break;
        }
        expect(seen).toEqual(ids);
      }
    }
    expect(await found(world.members, '', conversationId(50), 1)).toEqual(['99']);
  });
}

export function settingsSurvive<World extends Opened<'members'>>(
  open: Open<World>,
  reopen: Reopen<World>,
): void {
  test('[MEMBER-22] settings, bans and what makes a channel survive a restart', async () => {
    const banned: Membership = { ...membership(userId(77), { leftSeq: 5 }), banned: true };
    await acrossRestart({
      open,
      reopen,
      before: async ({ members }) => {
        await makeChannel(members, C, 'News');
        await members.apply(C, [change(5, [banned])]);
      },
      after: async ({ members }) => {
        await members.apply(C, [settingsChange(1, SLOW)]);
        expect(await members.conversation(C)).toMatchObject({ title: 'News', settings: PUBLIC });
        expect((await members.membership(C, userId(77)))?.membership).toEqual(banned);
        expect(await found(members, 'news')).toEqual([C]);
      },
    });
  });
}
