// What an operator reads of the reports, beside a running server and without writing anything.
import { Database } from 'bun:sqlite';
import { expect, test } from 'bun:test';
import { join } from 'node:path';
import type { ClientMsgId, ConversationId, UserId } from '@parley/protocol/ids';
import type { ReportRecord } from '@parley/ports/report-store';
import { ReportFolder } from './report-folder.ts';
import { openStores, TestFolder } from './test-folder.ts';

const LARGEST = String(2n ** 63n - 1n);

const report = (id: string, conversation: string, fields: Partial<ReportRecord> = {}): ReportRecord => ({
  id,
  reporter: '11' as UserId,
  clientMsgId: `r-${id}` as ClientMsgId,
  conversation: conversation as ConversationId,
  at: 5,
  reason: 'abuse',
  note: undefined,
  entries: '[]',
  closed: undefined,
  ...fields,
});

test('[REPORT-2] the operator reads the reports of all conversations, newest first, while a server runs', async () => {
  using folder = new TestFolder();
  await using stores = await openStores(folder.directory);
  const user = { name: 'ann', passwordHash: undefined, externalId: undefined, createdAt: 1 };
  await stores.accounts.createUser({ id: '11' as UserId, ...user });
  const reports = [report('9', '500'), report('10', '501', { note: 'a note' }), report(LARGEST, '502')];
  for (const each of reports) await stores.reports.add(each);
  using found = new ReportFolder(folder.directory);
  expect(found.reports(undefined, 10)).toEqual([...reports].reverse());
  expect(found.reports(LARGEST, 1)).toEqual([report('10', '501', { note: 'a note' })]);
  expect(found.reports('9', 10)).toEqual([]);
  expect(found.nameOf('11')).toBe('ann');
  expect(found.nameOf('12')).toBeUndefined();
  await stores.reports.close('500' as ConversationId, '9', { by: '11' as UserId, at: 7 });
  expect(found.reports('10', 1)[0]?.closed).toEqual({ by: '11' as UserId, at: 7 });
});

test('[REPORT-2] a folder without data, of another version or damaged is an error and no empty list', async () => {
  using folder = new TestFolder();
  expect(() => new ReportFolder(folder.directory)).toThrow('no Parley data');
  await (await openStores(folder.directory))[Symbol.asyncDispose]();
  const file = join(folder.directory, 'parley.db');
  {
    using database = new Database(file);
    database.run('DELETE FROM migrations WHERE version > 4');
  }
  expect(() => new ReportFolder(folder.directory)).toThrow('older version');
  await Bun.write(file, 'no database at all, whatever it is called'.repeat(200));
  expect(() => new ReportFolder(folder.directory)).toThrow('The data is damaged');
});
