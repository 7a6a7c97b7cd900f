// Plants each kind of damage and expects the audit to find it, and nothing else.
import { Database } from 'bun:sqlite';
import { expect, test } from 'bun:test';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ClientMsgId, ConversationId, DeviceId, UserId } from '@parley/protocol/ids';
import type { Role } from '@parley/protocol/role';
import type { Membership, MembershipChange } from '@parley/ports/member-store';
import type { NewEntry, Token } from '@parley/ports/message-store';
import { audit, type AuditReport, findingsCount } from './audit.ts';
import { behindInboxes, stillBehind } from './audit-inbox.ts';
import type { SqliteStores } from './open-sqlite.ts';
import { NO_PAUSE, openStores, TestFolder } from './test-folder.ts';

const GROUP = '500' as ConversationId;
const DIRECT = '501' as ConversationId;
const [ANN, BEN, CAT, DAN] = ['11', '12', '13', '14'] as UserId[] as [UserId, UserId, UserId, UserId];
const PHONE = '71' as DeviceId;
const TOKEN = '00000000000000aa' as Token;

let made = 0;
function entry(kind: string, sender: UserId, body: object): NewEntry {
  made += 1;
  const id = String(1_000 + made);
  const common = { messageId: id, clientMsgId: `c-${id}`, at: made } as Pick<
    NewEntry,
    'messageId' | 'clientMsgId' | 'at'
  >;
  return { ...common, kind, sender, body: JSON.stringify(body) };
}
const said = (sender: UserId): NewEntry =>
  entry('message', sender, { content: { kind: 'text', text: 'hello' } });
const row = (user: UserId, role: Role, joinedSeq: number, fields: Partial<Membership> = {}): Membership => ({
  user,
  role,
  joinedSeq,
  visibleAfter: joinedSeq - 1,
  leftSeq: undefined,
  ...fields,
});

/** A group's log with every kind of change, and what a server makes of each. */
const LIFE: readonly (readonly [NewEntry, readonly Membership[]])[] = [
  [
    entry('group_created', ANN, {
      title: 'A group',
      history: 'joined',
      members: [
        { user_id: ANN, role: 'owner' },
        { user_id: BEN, role: 'member' },
      ],
    }),
    [row(ANN, 'owner', 1), row(BEN, 'member', 1)],
  ],
  [said(ANN), []],
  [
    entry('members_added', ANN, { members: [CAT, DAN].map((user) => ({ user_id: user, role: 'member' })) }),
    [row(CAT, 'member', 3), row(DAN, 'member', 3)],
  ],
  [entry('role_changed', ANN, { user_id: BEN, role: 'owner' }), [row(ANN, 'admin', 1), row(BEN, 'owner', 1)]],
  [entry('member_removed', BEN, { user_id: DAN }), [row(DAN, 'member', 3, { leftSeq: 5 })]],
  [
    entry('member_left', BEN, { user_id: BEN, new_owner: ANN }),
    [row(BEN, 'owner', 1, { leftSeq: 6 }), row(ANN, 'owner', 1)],
  ],
  [entry('members_added', ANN, { members: [{ user_id: DAN, role: 'member' }] }), [row(DAN, 'member', 7)]],
  [said(DAN), []],
];

async function fill(stores: SqliteStores): Promise<void> {
  const { messages, members, queue } = stores;
  const clientMsgId = 'create' as ClientMsgId;
  const group = {
    id: GROUP,
    createdBy: ANN,
    kind: 'group',
    clientMsgId,
    title: 'A group',
    history: 'joined',
  } as const;
  await members.createConversation(group);
  await members.createConversation({ id: DIRECT, createdBy: ANN, kind: 'direct', first: ANN, second: BEN });
  for (const conversation of [GROUP, DIRECT]) await messages.claim(conversation, TOKEN);
  await messages.append(
    GROUP,
    TOKEN,
    0,
    LIFE.map(([each]) => each),
  );
  const changes = LIFE.flatMap(([, memberships], index): MembershipChange[] =>
    memberships.length > 0 ? [{ seq: index + 1, title: undefined, memberships }] : [],
  );
  await members.apply(GROUP, changes);
  await messages.append(
    DIRECT,
    TOKEN,
    0,
    Array.from({ length: 9 }, () => said(ANN)),
  );
  await queue.markReceived(ANN, PHONE, [
    { conversation: GROUP, seq: 8 },
    { conversation: DIRECT, seq: 9 },
  ]);
  await queue.markReceived(BEN, PHONE, [{ conversation: GROUP, seq: 6 }]);
}

const HEALTHY: AuditReport = {
  conversations: 2,
  entries: 17,
  holes: 0,
  duplicate_seqs: 0,
  entries_beyond_head: 0,
  duplicate_message_ids: 0,
  state_out_of_range: 0,
  not_erased: 0,
  counts_differ: 0,
  watermarks_ahead: 0,
  receipts_differ: 0,
  inbox_behind: 0,
  marks_ahead: 0,
  membership_differs: 0,
  settings_differ: 0,
};

async function healthyFolder(): Promise<TestFolder> {
  const folder = new TestFolder();
  const stores = await openStores(folder.directory);
  await fill(stores);
  await stores[Symbol.asyncDispose]();
  return folder;
}

function plant({ directory }: TestFolder, sql: string): void {
  using database = new Database(join(directory, 'parley.db'));
  database.run(sql);
}

test('healthy data has no finding, also while a server runs on it, and the audit takes no lock', async () => {
  using folder = new TestFolder();
  await using stores = await openStores(folder.directory);
  await fill(stores);
  expect(await audit(folder.directory, NO_PAUSE)).toEqual(HEALTHY);
  expect(findingsCount(await audit(folder.directory, NO_PAUSE))).toBe(0);
  expect((await stores.messages.append(DIRECT, TOKEN, 9, [said(BEN)])).kind).toBe('applied');
  expect((await audit(folder.directory, NO_PAUSE)).entries).toBe(18);
});

test('what retention dropped is no hole, and what changed after it is still checked', async () => {
  using folder = new TestFolder();
  const stores = await openStores(folder.directory);
  await fill(stores);
  await stores.messages.drop(GROUP, 4);
  await stores.messages.drop(DIRECT, 9);
  await stores[Symbol.asyncDispose]();
  expect(await audit(folder.directory, NO_PAUSE)).toEqual({ ...HEALTHY, entries: 4 });
  plant(folder, `UPDATE memberships SET left_seq = NULL WHERE conversation = ${GROUP} AND user = ${BEN}`);
  expect(await audit(folder.directory, NO_PAUSE)).toMatchObject({ membership_differs: 1 });
});

test('a change that is applied before the second look is no finding, one that is not is', async () => {
  using folder = new TestFolder();
  await using stores = await openStores(folder.directory);
  await fill(stores);
  await stores.messages.append(GROUP, TOKEN, 8, [entry('member_removed', ANN, { user_id: CAT })]);
  const behind = { ...HEALTHY, entries: 18, inbox_behind: 1 };
  expect(await audit(folder.directory, NO_PAUSE)).toEqual(behind);
  const waits: number[] = [];
  const apply = async (ms: number): Promise<void> => {
    waits.push(ms);
    const left = row(CAT, 'member', 3, { leftSeq: 9 });
    await stores.members.apply(GROUP, [{ seq: 9, title: undefined, memberships: [left] }]);
    // A group that is busy has always a newer one on its way.
    await stores.messages.append(GROUP, TOKEN, 9, [entry('member_removed', ANN, { user_id: DAN })]);
  };
  expect(await audit(folder.directory, { pause: apply })).toEqual({ ...HEALTHY, entries: 18 });
  expect(waits).toEqual([1_000]);
});

test('more inboxes that are behind than are remembered for a second look are counted all the same', async () => {
  using folder = await healthyFolder();
  plant(folder, `UPDATE conversations SET as_of = 0`);
  using database = new Database(join(folder.directory, 'parley.db'));
  expect(behindInboxes(database, 0)).toEqual({ asOf: new Map(), uncounted: 1 });
  expect(stillBehind(database, behindInboxes(database, 0))).toBe(1);
});

/** Where the header of a database has the number of its free pages. */
const FREE_PAGES_OFFSET_BYTES = 36;

test('a file with damaged pages is told in the words of SQLite, or refused where it cannot be read', async () => {
  using folder = await healthyFolder();
  const file = join(folder.directory, 'parley.db');
  const bytes = readFileSync(file);
  bytes.writeUInt32BE(7, FREE_PAGES_OFFSET_BYTES);
  writeFileSync(file, bytes);
  const report = await audit(folder.directory, NO_PAUSE);
  expect(report.integrity).toContain('Freelist: size is 0 but should be 7');
  expect(findingsCount(report)).toBe(1);
  writeFileSync(file, 'no database at all, whatever it is called'.repeat(200));
  await expect(audit(folder.directory, NO_PAUSE)).rejects.toThrow('The data is damaged');
});

test('a row may cover a range, also one that began below the floor', async () => {
  using folder = await healthyFolder();
  plant(
    folder,
    `DELETE FROM entries WHERE log = 2 AND seq BETWEEN 3 AND 5;
     UPDATE entries SET from_seq = 3 WHERE log = 2 AND seq = 6;
     INSERT INTO change_counts VALUES (2, 6, 3)`,
  );
  expect(await audit(folder.directory, NO_PAUSE)).toEqual({ ...HEALTHY, entries: 14 });
  plant(folder, 'DELETE FROM entries WHERE log = 2 AND seq < 3; UPDATE logs SET floor = 4 WHERE key = 2');
  expect(await audit(folder.directory, NO_PAUSE)).toEqual({ ...HEALTHY, entries: 12 });
});

const DAMAGE: Readonly<Record<string, readonly [sql: string, findings: Partial<AuditReport>]>> = {
  'a hole in the middle': [
    'DELETE FROM entries WHERE log = 2 AND seq IN (3, 4, 7)',
    { entries: 14, holes: 3 },
  ],
  'a hole at the beginning': ['DELETE FROM entries WHERE log = 2 AND seq = 1', { entries: 16, holes: 1 }],
  'a hole at the end': ['DELETE FROM entries WHERE log = 2 AND seq = 9', { entries: 16, holes: 1 }],
  'a log without rows': ['DELETE FROM entries WHERE log = 2', { entries: 8, holes: 9, counts_differ: 1 }],
  'a head that was moved on': ['UPDATE logs SET head = 11 WHERE key = 2', { holes: 2 }],
  'a head that was moved back': [
    'UPDATE logs SET head = 7 WHERE key = 2',
    { entries_beyond_head: 2, marks_ahead: 1 },
  ],
  'rows of no log': [
    'DELETE FROM logs WHERE key = 2',
    { entries_beyond_head: 9, marks_ahead: 1, counts_differ: 1 },
  ],
  'a seq twice': [
    `DROP INDEX entries_seq; INSERT INTO entries (log, seq, sender, client_msg_id, message_id, at, body)
     VALUES (2, 4, 1, 'x', 99999, 1, '{}')`,
    { entries: 18, duplicate_seqs: 1 },
  ],
  'a range over others': [
    'UPDATE entries SET from_seq = 4 WHERE log = 2 AND seq = 6',
    { duplicate_seqs: 2, counts_differ: 1 },
  ],
  'a message_id twice': [
    'UPDATE entries SET message_id = (SELECT message_id FROM entries WHERE log = 1 AND seq = 2) WHERE log = 2 AND seq < 3',
    { duplicate_message_ids: 2 },
  ],
  'a mark beyond the head': [`UPDATE marks SET seq = 10 WHERE conversation = ${DIRECT}`, { marks_ahead: 1 }],
  'a mark beyond the end of a membership': [
    `UPDATE marks SET seq = 7 WHERE conversation = ${GROUP} AND user = ${BEN}`,
    { marks_ahead: 1 },
  ],
  'a mark of one who is no member': [`INSERT INTO marks VALUES (99, 71, ${DIRECT}, 1)`, { marks_ahead: 1 }],
  'no memberships, and a projection that says it begins': [
    `DELETE FROM memberships; UPDATE conversations SET as_of = 0; DELETE FROM marks`,
    { inbox_behind: 1, membership_differs: 2 },
  ],
  'no memberships of a group whose first entries are gone': [
    `DELETE FROM memberships WHERE conversation = ${GROUP}; UPDATE conversations SET as_of = 0 WHERE id = ${GROUP};
     DELETE FROM entries WHERE log = 1; UPDATE logs SET floor = 8 WHERE key = 1; DELETE FROM marks;
     DELETE FROM change_counts WHERE log = 1; DELETE FROM sent_counts WHERE log = 1`,
    { entries: 9, membership_differs: 1 },
  ],
  'a projection that was put back': [
    `UPDATE conversations SET as_of = 6 WHERE id = ${GROUP}`,
    { inbox_behind: 1, membership_differs: 1 },
  ],
  'a conversation that is not there': [
    `DELETE FROM conversations WHERE id = ${GROUP}`,
    { inbox_behind: 1, membership_differs: 4 },
  ],
  'a membership that is missing': [
    `DELETE FROM memberships WHERE conversation = ${GROUP} AND user = ${CAT}`,
    { membership_differs: 1 },
  ],
  'a membership too many': [
    `INSERT INTO memberships VALUES (99, ${GROUP}, 'member', 1, 0, NULL, 1, 0)`,
    { membership_differs: 1 },
  ],
  'a removal that is not in force': [
    `UPDATE memberships SET left_seq = NULL WHERE conversation = ${GROUP} AND user = ${BEN}`,
    { membership_differs: 1 },
  ],
  'another role': [
    `UPDATE memberships SET role = 'owner' WHERE conversation = ${GROUP} AND user = ${CAT}`,
    { membership_differs: 1 },
  ],
  'more history than the policy gives': [
    `UPDATE memberships SET visible_after = 0 WHERE conversation = ${GROUP} AND user = ${DAN}`,
    { membership_differs: 1 },
  ],
  'another first entry': [
    `UPDATE memberships SET joined_seq = 2 WHERE conversation = ${GROUP} AND user = ${ANN}`,
    { membership_differs: 1 },
  ],
  'a change that is no JSON': [
    "UPDATE entries SET body = 'x' WHERE log = 1 AND seq = 5",
    // Dan's removal is gone, but he was added again; nothing else depends on it.
    {},
  ],
  'a creation that is no JSON': [
    "UPDATE entries SET body = '7' WHERE log = 1 AND seq = 1",
    { membership_differs: 2 },
  ],
  'a direct conversation with one member': [
    `DELETE FROM memberships WHERE conversation = ${DIRECT} AND user = ${BEN}`,
    { membership_differs: 1 },
  ],
  'memberships of no conversation': [
    `INSERT INTO memberships VALUES (99, 777, 'member', 1, 0, NULL, 1, 0)`,
    { membership_differs: 1 },
  ],
};

for (const [name, [sql, findings]] of Object.entries(DAMAGE)) {
  test(`planted damage is found: ${name}`, async () => {
    using folder = await healthyFolder();
    plant(folder, sql);
    expect(await audit(folder.directory, NO_PAUSE)).toEqual({ ...HEALTHY, ...findings });
  });
}

test('a folder without data, and data of another version, are errors and no clean report', async () => {
  using empty = new TestFolder();
  await expect(audit(empty.directory, NO_PAUSE)).rejects.toThrow('no Parley data');
  using folder = await healthyFolder();
  plant(folder, "INSERT INTO migrations VALUES (99, 'next', 0)");
  await expect(audit(folder.directory, NO_PAUSE)).rejects.toThrow('newer version');
  plant(folder, 'DELETE FROM migrations WHERE version > 2');
  await expect(audit(folder.directory, NO_PAUSE)).rejects.toThrow('older version');
});
