// Plants damage in what joins, bans and settings of a group made, and expects the audit to find it.
import { Database } from 'bun:sqlite';
import { expect, test } from 'bun:test';
import { join } from 'node:path';
import type { ClientMsgId, ConversationId, MessageId, UserId } from '@parley/protocol/ids';
import type { GroupSettings } from '@parley/protocol/role';
import type { Membership, MembershipChange } from '@parley/ports/member-store';
import type { NewEntry, Token } from '@parley/ports/message-store';
import { audit, type AuditReport, findingsCount } from './audit.ts';
import type { SqliteStores } from './open-sqlite.ts';
import { NO_PAUSE, openStores, TestFolder } from './test-folder.ts';

const GROUP = '500' as ConversationId;
const [ANN, BEN, CAT, DAN] = ['11', '12', '13', '14'] as UserId[] as [UserId, UserId, UserId, UserId];
const TOKEN = '00000000000000aa' as Token;

interface Step {
  readonly kind: string;
  readonly sender: UserId;
  readonly body: object;
  readonly rows?: readonly Membership[];
  readonly settings?: GroupSettings;
}

const row = (user: UserId, joinedSeq: number, fields: Partial<Membership> = {}): Membership => ({
  user,
  role: 'member',
  joinedSeq,
  visibleAfter: 0,
  leftSeq: undefined,
  ...fields,
});
const member = (user: UserId) => ({ user_id: user, role: 'member' });

/** What happens in a group, and what a server makes of each. */
const LIFE: readonly Step[] = [
  {
    kind: 'group_created',
    sender: ANN,
    body: { title: 'News', history: 'all', members: [{ user_id: ANN, role: 'owner' }] },
    rows: [row(ANN, 1, { role: 'owner' })],
  },
  {
    kind: 'group_set',
    sender: ANN,
    body: { public: true },
    settings: { public: true, announcements: false, slow_mode_s: 0 },
  },
  {
    kind: 'members_joined',
    sender: BEN,
    body: { members: [BEN, CAT, DAN].map(member) },
    rows: [BEN, CAT, DAN].map((user) => row(user, 3)),
  },
  {
    kind: 'member_removed',
    sender: ANN,
    body: { user_id: BEN, banned: true },
    rows: [row(BEN, 3, { leftSeq: 4, banned: true })],
  },
  { kind: 'member_left', sender: CAT, body: { user_id: CAT }, rows: [row(CAT, 3, { leftSeq: 5 })] },
  {
    kind: 'member_removed',
    sender: ANN,
    body: { user_id: CAT, banned: true },
    rows: [row(CAT, 3, { leftSeq: 5, banned: true })],
  },
  { kind: 'member_unbanned', sender: ANN, body: { user_id: BEN }, rows: [row(BEN, 3, { leftSeq: 4 })] },
  {
    kind: 'group_set',
    sender: ANN,
    body: { announcements: true, slow_mode_s: 30 },
    settings: { public: true, announcements: true, slow_mode_s: 30 },
  },
  { kind: 'members_joined', sender: BEN, body: { members: [member(BEN)] }, rows: [row(BEN, 9)] },
  {
    kind: 'group_set',
    sender: ANN,
    body: { slow_mode_s: 0 },
    settings: { public: true, announcements: true, slow_mode_s: 0 },
  },
];

async function fill({ messages, members }: SqliteStores): Promise<void> {
  const title = 'News';
  const clientMsgId = 'create' as ClientMsgId;
  await members.createConversation({
    id: GROUP,
    createdBy: ANN,
    kind: 'group',
    clientMsgId,
    title,
    history: 'all',
  });
  await messages.claim(GROUP, TOKEN);
  const entries = LIFE.map(({ kind, sender, body }, index): NewEntry => ({
    kind,
    sender,
    messageId: String(1_000 + index) as MessageId,
    clientMsgId: `c-${index}` as ClientMsgId,
    at: index,
    body: JSON.stringify(body),
  }));
  await messages.append(GROUP, TOKEN, 0, entries);
  await members.apply(GROUP, LIFE.map(changeOf));
}

function changeOf({ kind, rows = [], settings }: Step, index: number): MembershipChange {
  const title = kind === 'group_created' ? 'News' : undefined;
  return { seq: index + 1, title, memberships: rows, ...(settings === undefined ? {} : { settings }) };
}

async function filledFolder(through = 0): Promise<TestFolder> {
  const folder = new TestFolder();
  const stores = await openStores(folder.directory);
  await fill(stores);
  if (through > 0) await stores.messages.drop(GROUP, through);
  await stores[Symbol.asyncDispose]();
  return folder;
}

function plant({ directory }: TestFolder, sql: string): void {
  using database = new Database(join(directory, 'parley.db'));
  database.run(sql);
}

async function findingsAfter(folder: TestFolder, sql: string) {
  plant(folder, sql);
  const report = await audit(folder.directory, NO_PAUSE);
  return { report, count: findingsCount(report) };
}

test('[GROUP-6] [GROUP-7] joins, bans and settings that are as the log says are no finding, wherever it begins', async () => {
  for (const through of [0, 2, 3, 4, 5, 6, 8, 10]) {
    using folder = await filledFolder(through);
    const report = await audit(folder.directory, NO_PAUSE);
    expect([through, findingsCount(report)]).toEqual([through, 0]);
  }
});

const MEMBERSHIP = { membership_differs: 1 };
const SETTINGS = { settings_differ: 1 };
const DAMAGE: Readonly<Record<string, readonly [sql: string, findings: Partial<AuditReport>]>> = {
  'one who joined is missing': [`DELETE FROM memberships WHERE user = ${DAN}`, MEMBERSHIP],
  'a ban that is not in force': [`UPDATE memberships SET banned = 0 WHERE user = ${CAT}`, MEMBERSHIP],
  'a ban that was lifted': [`UPDATE memberships SET banned = 1 WHERE user = ${BEN}`, MEMBERSHIP],
  'a ban of one whom nobody banned': [`UPDATE memberships SET banned = 1 WHERE user = ${DAN}`, MEMBERSHIP],
  'a ban that moved the end': [`UPDATE memberships SET left_seq = 6 WHERE user = ${CAT}`, MEMBERSHIP],
  'a wrong number of members': ['UPDATE conversations SET members = members + 1', MEMBERSHIP],
  'a group that is public no more': ['UPDATE conversations SET public = 0, channel_title = NULL', SETTINGS],
  'members who may write again': ['UPDATE conversations SET announcements = 0', SETTINGS],
  'a slow mode that was ended': ['UPDATE conversations SET slow_mode_s = 30', SETTINGS],
  'settings that are gone': [
    `UPDATE conversations SET public = NULL, announcements = NULL, slow_mode_s = NULL, channel_title = NULL`,
    SETTINGS,
  ],
  'a channel that is not found': ['UPDATE conversations SET channel_title = NULL', SETTINGS],
  'a channel that is found by another title': ["UPDATE conversations SET channel_title = 'OLD'", SETTINGS],
  'a change of settings that is no JSON': ["UPDATE entries SET body = 'x' WHERE seq = 8", SETTINGS],
  'settings without an entry': ["UPDATE entries SET kind = 'unknown' WHERE kind = 'group_set'", SETTINGS],
};

for (const [name, [sql, findings]] of Object.entries(DAMAGE)) {
  test(`[GROUP-6] [GROUP-7] planted damage is found: ${name}`, async () => {
    using folder = await filledFolder();
    const { report, count } = await findingsAfter(folder, sql);
    expect(report).toMatchObject(findings);
    expect(count).toBe(1);
  });
}

test('[GROUP-6] [GROUP-7] what was dropped is taken from the rows, what came after it is still checked', async () => {
  const later: Readonly<Record<string, string>> = {
    membership_differs: `UPDATE memberships SET banned = 0 WHERE user = ${CAT}`,
    settings_differ: 'UPDATE conversations SET announcements = 0',
  };
  for (const [name, sql] of Object.entries(later)) {
    using folder = await filledFolder(5);
    const { report, count } = await findingsAfter(folder, sql);
    expect(report).toMatchObject({ [name]: 1 });
    expect(count).toBe(1);
  }
});

for (const kind of ['members_joined', 'member_unbanned', 'group_set']) {
  test(`[GROUP-6] [GROUP-7] a ${kind} that the rows do not have yet is an inbox that is behind`, async () => {
    using folder = await filledFolder();
    const { report } = await findingsAfter(
      folder,
      `DELETE FROM entries WHERE seq > 2; UPDATE logs SET head = 2; UPDATE conversations SET as_of = 1;
       UPDATE entries SET kind = '${kind}' WHERE seq = 2; DELETE FROM memberships WHERE user <> ${ANN}`,
    );
    expect(report).toMatchObject({ inbox_behind: 1 });
  });
}
