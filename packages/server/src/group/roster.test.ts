// The fold of a group's log into its roster, entry by entry and again over what is in the rows already.
import { expect, test } from 'bun:test';
import type { ConversationId, UserId } from '@parley/protocol/ids';
import { NO_SETTINGS } from '@parley/protocol/role';
import type { ConversationRecord, Membership, MembershipChange } from '@parley/ports/member-store';
import { changedBy, everyone } from '../message/news.ts';
import { Roster } from './roster.ts';

const [ADA, BOB, CY] = ['1', '2', '3'] as UserId[] as [UserId, UserId, UserId];
const RECORD: ConversationRecord = {
  id: '9' as ConversationId,
  createdBy: ADA,
  kind: 'group',
  clientMsgId: 'c' as never,
  title: 'room',
  history: 'joined',
};

type Said = readonly [kind: string, body: object];

const members = (...users: UserId[]) => ({ members: users.map((user_id) => ({ user_id, role: 'member' })) });
const CREATED: Said = ['group_created', { title: 'room', history: 'joined', ...members(ADA, BOB, CY) }];

function fold(...said: readonly Said[]): { roster: Roster; changes: MembershipChange[] } {
  const roster = new Roster(RECORD, { asOf: 0, rows: [] });
  const changes = [CREATED, ...said].flatMap(
    ([kind, body], at) => roster.apply({ kind, seq: at + 1, sender: ADA, body: JSON.stringify(body) }) ?? [],
  );
  return { roster, changes };
}

test('[GROUP-6] a ban ends a membership, and of one who left before it keeps the seq up to which that one reads', () => {
  const { roster } = fold(
    ['member_removed', { user_id: BOB, banned: true }],
    ['member_left', { user_id: CY }],
    ['group_renamed', { title: 'x' }],
    ['member_removed', { user_id: CY, banned: true }],
  );
  expect(roster.get(BOB)).toMatchObject({ leftSeq: 2, banned: true });
  expect(roster.get(CY)).toMatchObject({ leftSeq: 3, banned: true });
  expect(roster.active).toEqual([ADA]);
});

test('[GROUP-6] who was unbanned is as one who left, and may be let in again', () => {
  const { roster } = fold(
    ['member_removed', { user_id: BOB, banned: true }],
    ['member_unbanned', { user_id: BOB }],
  );
  expect(roster.get(BOB)).toEqual({ user: BOB, role: 'member', joinedSeq: 1, visibleAfter: 0, leftSeq: 2 });
  roster.apply({ kind: 'members_joined', seq: 4, sender: BOB, body: JSON.stringify(members(BOB)) });
  expect(roster.get(BOB)).toEqual({
    user: BOB,
    role: 'member',
    joinedSeq: 4,
    visibleAfter: 3,
    leftSeq: undefined,
  });
});

test('[ENTRY-3] who left long ago learns nothing of a ban or its end, the others of what happens to them do', () => {
  const { changes, roster } = fold(
    ['member_left', { user_id: CY }],
    ['member_removed', { user_id: CY, banned: true }],
    ['member_unbanned', { user_id: CY }],
    ['member_removed', { user_id: BOB }],
  );
  expect(changes.map((change) => changedBy([change]))).toEqual([[ADA, BOB, CY], [CY], [], [], [BOB]]);
  expect(everyone(roster, changedBy(changes.slice(-1)))).toEqual([ADA, BOB]);
  expect(everyone(roster, [])).toBe(roster.active);
});

test('[GROUP-7] settings that an entry does not name stay, and the change has all of them', () => {
  const { roster, changes } = fold(
    ['group_set', { public: true }],
    ['group_set', { slow_mode_s: 30 }],
    ['group_set', { public: false, announcements: true }],
  );
  expect(roster.settings).toEqual({ public: false, announcements: true, slow_mode_s: 30 });
  expect(changes.map(({ settings }) => settings)).toEqual([
    undefined,
    { ...NO_SETTINGS, public: true },
    { ...NO_SETTINGS, public: true, slow_mode_s: 30 },
    { public: false, announcements: true, slow_mode_s: 30 },
  ]);
});

test('[INV 15] folding the last entries again over the rows that have them changes nothing', () => {
  const said: readonly Said[] = [
    ['member_removed', { user_id: BOB, banned: true }],
    ['group_set', { announcements: true }],
    ['member_unbanned', { user_id: BOB }],
    ['members_joined', members(BOB)],
    ['member_left', { user_id: CY }],
    ['member_removed', { user_id: CY, banned: true }],
    ['member_removed', { user_id: BOB, banned: true }],
    ['group_set', { announcements: false, slow_mode_s: 5 }],
  ];
  const whole = fold(...said).roster;
  const rows = [ADA, BOB, CY].map((user) => whole.get(user) as Membership);
  for (let from = 0; from <= said.length; from++) {
    const again = new Roster({ ...RECORD, settings: whole.settings } as ConversationRecord, {
      asOf: 9,
      rows,
    });
    for (const [at, [kind, body]] of said.entries()) {
      if (at >= from) again.apply({ kind, seq: at + 2, sender: ADA, body: JSON.stringify(body) });
    }
    expect([ADA, BOB, CY].map((user) => again.get(user))).toEqual(rows);
    expect(again.settings).toEqual(whole.settings);
  }
});
