// The suite of the report store.
import { describe, expect, test } from 'bun:test';
import type { ReportRecord } from '../report-store.ts';
import { ALICE, BOB, CAROL, clientMsgId, conversationId, LARGEST_ID, userId } from './fixture.ts';
import { acrossRestart, type Open, type Opened, type Reopen } from './opened.ts';

type OpenReports = Open<Opened<'reports'>>;

const C = conversationId(500);
const D = conversationId(LARGEST_ID);

const report = (id: number | bigint, fields: Partial<ReportRecord> = {}): ReportRecord => ({
  id: String(id),
  reporter: ALICE,
  clientMsgId: clientMsgId(`r-${id}`),
  conversation: C,
  at: 1_700_000_000_000,
  reason: 'spam',
  note: undefined,
  entries: '[{"seq":1}]',
  closed: undefined,
  ...fields,
});
const CLOSED = { by: BOB, at: 1_700_000_000_777 };

function addRules(open: OpenReports): void {
  test('[REPORT-STORE-1] a report is found by its reporter and client_msg_id, with every character', async () => {
    await using world = await open();
    const note = `'"; -- 👩‍👩‍👧 \u0000 שלום`;
    const full = report(LARGEST_ID, {
      reporter: userId(LARGEST_ID - 1n),
      conversation: D,
      reason: 'illegal',
      note,
      entries: JSON.stringify([{ text: note.repeat(1_000) }]),
    });
    expect(await world.reports.find(full.reporter, full.clientMsgId)).toBeUndefined();
    expect(await world.reports.add(full)).toEqual(full);
    expect(await world.reports.add(report(7))).toEqual(report(7));
    expect(await world.reports.find(full.reporter, full.clientMsgId)).toEqual(full);
    expect(await world.reports.find(ALICE, clientMsgId('r-7'))).toEqual(report(7));
    expect(await world.reports.find(BOB, clientMsgId('r-7'))).toBeUndefined();
    expect(await world.reports.reports(D, undefined, 10)).toEqual([full]);
  });

  test('[REPORT-STORE-2] made again it is the one that is there, whatever it says', async () => {
    await using world = await open();
    const same = { clientMsgId: clientMsgId('same') };
    await world.reports.add(report(7, same));
    await world.reports.close(C, '7', CLOSED);
    const there = report(7, { ...same, closed: CLOSED });
    expect(await world.reports.add(report(8, { ...same, reason: 'abuse', conversation: D }))).toEqual(there);
    expect(await world.reports.add(report(9, { ...same, reporter: BOB }))).toMatchObject({ id: '9' });
    expect(await world.reports.reports(D, undefined, 10)).toEqual([]);
    const racing = Array.from({ length: 10 }, (_, index) =>
      report(20 + index, { clientMsgId: clientMsgId('racing') }),
    );
    const got = await Promise.all(racing.map((each) => world.reports.add(each)));
    expect(new Set(got.map(({ id }) => id)).size).toBe(1);
  });
}

function listRules(open: OpenReports): void {
  test('[REPORT-STORE-3] those of a conversation come newest first, page by page', async () => {
    await using world = await open();
    const ids = [9n, 10n, 99n, 100n, 9_007_199_254_740_993n, LARGEST_ID];
    for (const id of ids) await world.reports.add(report(id));
    await world.reports.add(report(50, { conversation: D }));
    const newest = [...ids].reverse().map(String);
    for (const limit of [1, 4, 6, 100]) {
      const seen: string[] = [];
      for (;;) {
        const rows = await world.reports.reports(C, seen.at(-1), limit);
        expect(rows.length).toBeLessThanOrEqual(limit);
        seen.push(...rows.map(({ id }) => id));
        if (rows.length < limit) break;
      }
      expect(seen).toEqual(newest);
    }
    expect(await world.reports.reports(C, '50', 1)).toEqual([report(10)]);
    expect(await world.reports.reports(conversationId(501), undefined, 10)).toEqual([]);
  });

  test('[REPORT-STORE-4] the first close stands, and only in the conversation that the report is of', async () => {
    await using world = await open();
    await world.reports.add(report(7));
    expect(await world.reports.close(D, '7', CLOSED)).toBe(false);
    expect(await world.reports.close(C, '8', CLOSED)).toBe(false);
    expect(await world.reports.find(ALICE, clientMsgId('r-7'))).toEqual(report(7));
    expect(await world.reports.close(C, '7', CLOSED)).toBe(true);
    expect(await world.reports.close(C, '7', { by: CAROL, at: 1 })).toBe(true);
    expect(await world.reports.reports(C, undefined, 10)).toEqual([report(7, { closed: CLOSED })]);
  });
}

function durabilityRules<World extends Opened<'reports'>>(open: Open<World>, reopen: Reopen<World>): void {
  test('[REPORT-STORE-5] reports and that they were closed survive a restart', async () => {
    const [closed, left] = [report(7), report(8, { note: 'a note' })];
    await acrossRestart({
      open,
      reopen,
      before: async ({ reports }) => {
        for (const each of [closed, left]) await reports.add(each);
        await reports.close(C, closed.id, CLOSED);
      },
      after: async ({ reports }) => {
        expect(await reports.reports(C, undefined, 10)).toEqual([left, { ...closed, closed: CLOSED }]);
        expect(await reports.add(report(9, { clientMsgId: left.clientMsgId }))).toEqual(left);
      },
    });
  });
}

export function testReportStore<World extends Opened<'reports'>>(
  adapter: string,
  open: Open<World>,
  reopen?: Reopen<World>,
): void {
  describe(`${adapter} as ReportStore`, () => {
    addRules(open);
    listRules(open);
    if (reopen !== undefined) durabilityRules(open, reopen);
  });
}
