// Plants damage among changed messages and expects the audit to find it, and nothing else.
import { Database } from 'bun:sqlite';
import { expect, test } from 'bun:test';
import { join } from 'node:path';
import type { ConversationId } from '@parley/protocol/ids';
import {
  APPEND_ENTRIES_MAX_COUNT,
  ERASED_BODY,
  type NewEntry,
  type Token,
} from '@parley/ports/message-store';
import { audit, findingsCount } from './audit.ts';
import type { ChangeFindings } from './audit-changes.ts';
import type { SqliteStores } from './open-sqlite.ts';
import { NO_PAUSE, openStores, TestFolder } from './test-folder.ts';

const C = '500' as ConversationId;
const TOKEN = '00000000000000aa' as Token;
const MINUTE_MS = 60_000;
const OF_EDIT = '{"content":{"kind":"deleted"},"target":1}';

let made = 0;
function entry(kind: string, body: object, at = 0): NewEntry {
  made += 1;
  const id = String(1_000 + made);
  return {
    kind,
    messageId: id,
    sender: '11',
    clientMsgId: `c-${id}`,
    at,
    body: JSON.stringify(body),
  } as NewEntry;
}
const said = (at = 0) => entry('message', { content: { kind: 'text', text: 'hello' } }, at);
const edited = (target: number) =>
  entry('message_edited', { target, content: { kind: 'text', text: 'better' } });
const deleted = (target: number) => entry('message_deleted', { target });

async function append(stores: SqliteStores, entries: readonly NewEntry[]): Promise<void> {
  const { head } = await stores.messages.state(C);
  expect((await stores.messages.append(C, TOKEN, head, entries)).kind).toBe('applied');
}

/** 1 is deleted after two edits (3, 4), 2 is edited (5) and stays; 7 is a minute later. All as a server leaves it. */
async function fill(stores: SqliteStores): Promise<void> {
  await stores.messages.claim(C, TOKEN);
  await append(stores, [said(), said(), edited(1), edited(1), edited(2), deleted(1)]);
  await stores.messages.erase(C, [3, 4], OF_EDIT);
  await stores.messages.erase(C, [1], ERASED_BODY);
  await stores.messages.putStates(C, [
    { seq: 1, asOf: 6, body: '{}' },
    { seq: 2, asOf: 5, body: '{}' },
  ]);
  await append(stores, [said(MINUTE_MS)]);
}

async function filledFolder(): Promise<TestFolder> {
  const folder = new TestFolder();
  await using stores = await openStores(folder.directory);
  await fill(stores);
  return folder;
}

async function findings(folder: TestFolder): Promise<ChangeFindings> {
  const { state_out_of_range, not_erased, ...others } = await audit(folder.directory, NO_PAUSE);
  expect(findingsCount({ ...others, state_out_of_range: 0, not_erased: 0 })).toBe(0);
  return { state_out_of_range, not_erased };
}

function plant({ directory }: TestFolder, sql: string): void {
  using database = new Database(join(directory, 'parley.db'));
  database.run(sql);
}

test('healthy data has no finding, also after retention dropped a deleted message', async () => {
  using folder = await filledFolder();
  expect(await findings(folder)).toEqual({ state_out_of_range: 0, not_erased: 0 });
  await using stores = await openStores(folder.directory);
  await stores.messages.drop(C, 3);
  expect(await findings(folder)).toEqual({ state_out_of_range: 0, not_erased: 0 });
});

const WITH_TEXT = `'{"content":{"kind":"text","text":"hello"},"target":1}'`;
const DAMAGE: Readonly<Record<string, readonly [sql: string, found: Partial<ChangeFindings>]>> = {
  'a deleted message that has its text': [
    `UPDATE entries SET body = ${WITH_TEXT} WHERE seq = 1`,
    { not_erased: 1 },
  ],
  'an edit of a deleted message that has its text': [
    `UPDATE entries SET body = ${WITH_TEXT} WHERE seq = 4`,
    { not_erased: 1 },
  ],
  'a deleted message and both edits': [
    `UPDATE entries SET body = ${WITH_TEXT} WHERE seq IN (1, 3, 4)`,
    { not_erased: 3 },
  ],
  'a state beyond the head': [
    'UPDATE states SET seq = 8, as_of = 7 WHERE seq = 2',
    { state_out_of_range: 1 },
  ],
  'a state of a change beyond the head': [
    'UPDATE states SET as_of = 8 WHERE seq = 2',
    { state_out_of_range: 1 },
  ],
  'a state of seq 0': ['UPDATE states SET seq = 0 WHERE seq = 2', { state_out_of_range: 1 }],
  'states of no log': ['UPDATE states SET log = 9', { state_out_of_range: 2 }],
};

for (const [name, [sql, found]] of Object.entries(DAMAGE)) {
  test(`planted damage is found: ${name}`, async () => {
    using folder = await filledFolder();
    plant(folder, sql);
    expect(await findings(folder)).toEqual({ state_out_of_range: 0, not_erased: 0, ...found });
  });
}

test('planted damage is found: a state that retention left behind', async () => {
  using folder = await filledFolder();
  plant(folder, 'DELETE FROM entries WHERE seq = 1; UPDATE logs SET floor = 1');
  expect(await findings(folder)).toEqual({ state_out_of_range: 1, not_erased: 0 });
});

test('bodies that are no JSON do not stop the audit', async () => {
  using folder = await filledFolder();
  plant(folder, "UPDATE entries SET body = 'x' WHERE kind = 'message_edited' OR seq = 1");
  expect(await findings(folder)).toEqual({ state_out_of_range: 0, not_erased: 1 });
});

test('a deletion that may be of the last append is no finding yet: its effects may be under way', async () => {
  using folder = new TestFolder();
  await using stores = await openStores(folder.directory);
  await stores.messages.claim(C, TOKEN);
  await append(stores, [said(), deleted(1), ...Array.from({ length: 200 }, () => said(MINUTE_MS - 1))]);
  expect((await findings(folder)).not_erased).toBe(0);
  const more = Array.from({ length: APPEND_ENTRIES_MAX_COUNT - 201 }, () => said());
  await append(stores, more);
  expect((await findings(folder)).not_erased).toBe(0);
  await append(stores, [said()]);
  expect((await findings(folder)).not_erased).toBe(1);
});
