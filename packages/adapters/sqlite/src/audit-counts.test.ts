// Plants damage among counts, watermarks and receipts and expects the audit to find it, and nothing else.
import { Database } from 'bun:sqlite';
import { expect, test } from 'bun:test';
import { join } from 'node:path';
import type { ConversationId, DeviceId, UserId } from '@parley/protocol/ids';
import type { NewEntry, Token } from '@parley/ports/message-store';
import { audit, findingsCount } from './audit.ts';
import type { CountFindings } from './audit-counts.ts';
import type { SqliteStores } from './open-sqlite.ts';
import { NO_PAUSE, openStores, TestFolder } from './test-folder.ts';

const C = '500' as ConversationId;
const TOKEN = '00000000000000aa' as Token;
const [ANN, BEN] = ['11', '12'] as UserId[] as [UserId, UserId];
const [PHONE, LAPTOP] = ['71', '72'] as DeviceId[] as [DeviceId, DeviceId];
const NOTHING: CountFindings = { counts_differ: 0, watermarks_ahead: 0, receipts_differ: 0 };

let made = 0;
function entry(kind: string, sender: UserId): NewEntry {
  made += 1;
  const id = String(1_000 + made);
  return { kind, messageId: id, sender, clientMsgId: `c-${id}`, at: made, body: '{}' } as NewEntry;
}

/** 200 entries: a change at every tenth seq, the others by Ann and Ben in turns of seven. */
const LOG = Array.from({ length: 200 }, (_, index) =>
  entry((index + 1) % 10 === 0 ? 'reaction_added' : 'message', Math.floor(index / 7) % 2 === 0 ? ANN : BEN),
);

async function fill({ messages, members, personal, receipts }: SqliteStores): Promise<void> {
  await members.createConversation({ id: C, createdBy: ANN, kind: 'direct', first: ANN, second: BEN });
  await messages.claim(C, TOKEN);
  await messages.append(C, TOKEN, 0, LOG);
  await personal.read(ANN, C, 150);
  await personal.read(BEN, C, 10);
  const step = { conversation: C, user: ANN, at: 5, timed: true };
  await receipts.raise([
    { ...step, device: PHONE, seq: 180 },
    { ...step, device: LAPTOP, seq: 120 },
    { ...step, device: undefined, seq: 150 },
  ]);
}

async function filledFolder(): Promise<TestFolder> {
  const folder = new TestFolder();
  await using stores = await openStores(folder.directory);
  await fill(stores);
  return folder;
}

async function findings(folder: TestFolder): Promise<CountFindings> {
  const { counts_differ, watermarks_ahead, receipts_differ, ...others } = await audit(
    folder.directory,
    NO_PAUSE,
  );
  expect(findingsCount({ ...others, ...NOTHING })).toBe(0);
  return { counts_differ, watermarks_ahead, receipts_differ };
}

function plant({ directory }: TestFolder, sql: string): void {
  using database = new Database(join(directory, 'parley.db'));
  database.run(sql);
}

test('running counts equal a recount and no watermark is beyond its head, also as retention goes on', async () => {
  using folder = await filledFolder();
  expect(await findings(folder)).toEqual(NOTHING);
  await using stores = await openStores(folder.directory);
  for (const floor of [1, 60, 63, 64, 65, 120, 128, 199, 200]) {
    await stores.messages.drop(C, floor);
    await stores.receipts.dropTimes(C, floor);
    expect([floor, await findings(folder)]).toEqual([floor, NOTHING]);
  }
  await stores.messages.append(C, TOKEN, 200, [entry('message', ANN), entry('message_edited', ANN)]);
  await stores.personal.read(ANN, C, 202);
  expect(await findings(folder)).toEqual(NOTHING);
});

const DAMAGE: Readonly<Record<string, readonly [sql: string, found: Partial<CountFindings>]>> = {
  'a change that was not counted': ['DELETE FROM change_counts WHERE seq = 200', { counts_differ: 1 }],
  'a change that was counted twice': [
    'UPDATE change_counts SET changes = changes + 1 WHERE seq BETWEEN 130 AND 150',
    { counts_differ: 3 },
  ],
  'a message that was counted as a change': [
    'INSERT INTO change_counts VALUES (1, 199, 20)',
    { counts_differ: 1 },
  ],
  'changes that were dropped and never counted': ['UPDATE logs SET floor_changes = 1', { counts_differ: 20 }],
  'a block of a sender that is missing': [
    'DELETE FROM sent_counts WHERE sender = 1 AND block = 3',
    { counts_differ: 1 },
  ],
  'a message too many before the last block': [
    'UPDATE sent_counts SET sent_before = sent_before + 1 WHERE sender = 1 AND block = 3',
    { counts_differ: 1 },
  ],
  'a message too few before a block in the middle': [
    // One too few from the block before, and one too many to the next.
    'UPDATE sent_counts SET sent_before = sent_before - 1 WHERE sender = 2 AND block = 1',
    { counts_differ: 2 },
  ],
  'a block of a sender who wrote nothing': [
    'INSERT INTO sent_counts VALUES (1, 3, 2, 5)',
    { counts_differ: 1 },
  ],
  'counts of no log': ['INSERT INTO sent_counts VALUES (9, 1, 0, 1)', { counts_differ: 1 }],
  'a reader beyond the head': [
    `UPDATE personal SET read_seq = 201 WHERE user = ${ANN}`,
    { watermarks_ahead: 1 },
  ],
  'a reader of no log': [
    `INSERT INTO personal (user, conversation, read_seq) VALUES (9, 9, 1)`,
    { watermarks_ahead: 1 },
  ],
  'receipts beyond the head': ['UPDATE receipts SET read = 201', { watermarks_ahead: 1 }],
  'a device beyond the head': [
    `UPDATE receipt_devices SET seq = 201 WHERE device = ${PHONE}; UPDATE receipts SET received = 201`,
    { watermarks_ahead: 1 },
  ],
  'a device beyond its user': [
    `UPDATE receipt_devices SET seq = 190 WHERE device = ${LAPTOP}`,
    { receipts_differ: 1 },
  ],
  'a user beyond every device': ['UPDATE receipts SET received = 190', { receipts_differ: 1 }],
  'a device of a user without watermarks': [
    `INSERT INTO receipt_devices VALUES (${C}, ${BEN}, 73, 5)`,
    { receipts_differ: 1 },
  ],
  'a time beyond the watermark of its device': [
    `INSERT INTO receipt_steps VALUES (${C}, ${ANN}, ${LAPTOP}, 121, 7)`,
    { receipts_differ: 1 },
  ],
  'a time of reading beyond what was read': [
    `INSERT INTO receipt_steps VALUES (${C}, ${ANN}, 0, 151, 7)`,
    { receipts_differ: 1 },
  ],
};

for (const [name, [sql, found]] of Object.entries(DAMAGE)) {
  test(`planted damage is found: ${name}`, async () => {
    using folder = await filledFolder();
    plant(folder, sql);
    expect(await findings(folder)).toEqual({ ...NOTHING, ...found });
  });
}
