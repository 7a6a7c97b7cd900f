// [REPORT-1] [REPORT-2] Reports: what is copied, who may report and who may see.
import { expect, test } from 'bun:test';
import type { Down } from '@parley/protocol/down';
import type { ConversationId } from '@parley/protocol/ids';
import { ServerFixture } from '../testing/server-fixture.ts';
import type { OfType, TestClient } from '../testing/test-client.ts';
import { REPORT_REFILL_MS, REPORTS_ANSWER_MAX_BYTES, REPORTS_AT_ONCE_MAX_COUNT } from './limits.ts';

type Reports = OfType<'reports'>;

function report(
  client: TestClient,
  conversation_id: ConversationId,
  seqs: number[],
  more: { id?: string; reason?: 'spam' | 'abuse'; note?: string } = {},
): Promise<Down> {
  const { id = 'report-1', reason = 'spam', note } = more;
  const said = note === undefined ? {} : { note };
  return client.request({
    type: 'report',
    client_msg_id: id as never,
    conversation_id,
    seqs,
    reason,
    ...said,
  });
}

function idOf(answer: Down): string {
  if (answer.type !== 'reported') throw new Error(JSON.stringify(answer));
  return answer.report_id;
}

async function list(
  client: TestClient,
  conversation_id: ConversationId,
  page: { after?: string; limit?: number } = {},
): Promise<Reports> {
  const answer = await client.request({ type: 'list_reports', conversation_id, ...page });
  if (answer.type !== 'reports') throw new Error(JSON.stringify(answer));
  return answer;
}

/** Ada owns the room, Bob writes at seqs 2 and 3, Eve reads. */
async function room() {
  const fixture = new ServerFixture();
  const [ada, bob, eve] = [await fixture.join('ada'), await fixture.join('bob'), await fixture.join('eve')];
  const group = await ada.group('room', [bob.userId, eve.userId]);
  await bob.text(group, 'buy now');
  await bob.text(group, 'last chance');
  return { fixture, ada, bob, eve, group };
}

test('[REPORT-1] what was reported stays as it was said, through an edit and a deletion that come later', async () => {
  const { fixture, ada, bob, eve, group } = await room();
  const answer = await report(eve, group, [3, 2, 3], { note: 'again and again', reason: 'abuse' });
  const content = { kind: 'text', text: 'nothing happened' };
  await bob.change('edit_message', group, 'edit', { target: 2, version: 2, content });
  await bob.change('delete_message', group, 'gone', { target: 3 });
  const { rows, next } = await list(ada, group);
  expect(next).toBeUndefined();
  expect(rows).toMatchObject([
    {
      report_id: idOf(answer),
      reporter: eve.userId,
      at: fixture.clock.now(),
      reason: 'abuse',
      note: 'again and again',
      entries: [
        { seq: 2, kind: 'message', sender: bob.userId, content: { text: 'buy now' } },
        { seq: 3, kind: 'message', sender: bob.userId, content: { text: 'last chance' } },
      ],
    },
  ]);
  expect(rows[0]).not.toHaveProperty('closed');
});

test('[REPORT-1] of a message that was edited the copy has its last edit too; a deleted one is copied as deleted', async () => {
  const { ada, bob, eve, group } = await room();
  for (const [version, text] of [
    [2, 'second'],
    [4, 'third'],
  ] as const) {
    const change = { target: 2, version, content: { kind: 'text', text } };
    expect(await bob.change('edit_message', group, text, change)).toMatchObject({ type: 'changed' });
  }
  await bob.change('delete_message', group, 'gone', { target: 3 });
  await report(eve, group, [2, 3]);
  const [row] = (await list(ada, group)).rows;
  expect(row?.entries).toMatchObject([
    { seq: 2, kind: 'message', content: { text: 'buy now' } },
    { seq: 5, kind: 'message_edited', target: 2, content: { text: 'third' } },
    { seq: 3, kind: 'message', content: { kind: 'deleted' } },
  ]);
  expect(row?.entries).toHaveLength(3);
});

test('[REPORT-1] asking again under the same client_msg_id answers the same report, also after a crash, and makes no second', async () => {
  const { fixture, ada, eve, group } = await room();
  const first = idOf(await report(eve, group, [2, 3]));
  expect(idOf(await report(eve, group, [3, 2]))).toBe(first);
  const later = fixture.restart();
  const again = await later.connect(eve.token);
  expect(idOf(await report(again, group, [2, 3]))).toBe(first);
  expect((await list(await later.connect(ada.token), group)).rows.map((row) => row.report_id)).toEqual([
    first,
  ]);
});

test('[REPORT-1] two at once under one client_msg_id are one report', async () => {
  const { fixture, ada, eve, group } = await room();
  const twin = await fixture.connect(eve.token);
  const [one, other] = await Promise.all([report(eve, group, [2]), report(twin, group, [2])]);
  expect(idOf(one)).toBe(idOf(other));
  expect((await list(ada, group)).rows).toHaveLength(1);
});

test('[REPORT-1] the same client_msg_id for something else is refused with id_reused; of another user it is another report', async () => {
  const { ada, bob, eve, group } = await room();
  const direct = await bob.direct(eve.userId);
  await bob.text(direct, 'psst');
  await report(eve, group, [2], { note: 'see' });
  for (const answer of [
    await report(eve, group, [3], { note: 'see' }),
    await report(eve, group, [2, 3], { note: 'see' }),
    await report(eve, group, [2]),
    await report(eve, group, [2], { note: 'see', reason: 'abuse' }),
    await report(eve, direct, [1], { note: 'see' }),
  ]) {
    expect(answer).toMatchObject({ type: 'error', code: 'id_reused' });
  }
  expect(await report(ada, group, [3])).toMatchObject({ type: 'reported' });
  expect((await list(ada, group)).rows).toHaveLength(2);
});

test('[REPORT-1] what the reporter may not read, or is no message, is refused with not_found, and nothing is kept', async () => {
  const { fixture, ada, bob, eve, group } = await room();
  const mallory = await fixture.join('mallory');
  expect(await report(mallory, group, [2])).toMatchObject({ code: 'not_found', field: 'conversation_id' });
  expect(await report(eve, '999999' as ConversationId, [2])).toMatchObject({ code: 'not_found' });
  // The first entry is the group's beginning, the tenth is not there.
  expect(await report(eve, group, [2, 1])).toMatchObject({ code: 'not_found', field: 'seqs.1' });
  expect(await report(eve, group, [10])).toMatchObject({ code: 'not_found', field: 'seqs.0' });
  const closed = await ada.group('closed', [bob.userId], 'joined');
  await bob.text(closed, 'before');
  await ada.change('add_members', closed, 'add', { user_ids: [eve.userId] });
  expect(await report(eve, closed, [2])).toMatchObject({ code: 'not_found', field: 'seqs.0' });
  expect((await list(ada, group)).rows).toEqual([]);
  expect((await list(ada, closed)).rows).toEqual([]);
});

test('[REPORT-1] [PULL-4] a former member reports what was said before the end, and no more', async () => {
  const { ada, bob, eve, group } = await room();
  await ada.change('remove_member', group, 'out', { user_id: eve.userId });
  await bob.text(group, 'without eve');
  expect(await report(eve, group, [5])).toMatchObject({ code: 'not_found' });
  expect(await report(eve, group, [2], { id: 'report-2' })).toMatchObject({ type: 'reported' });
});

test('[REPORT-1] the copy has no edit that came after the end of the membership', async () => {
  const { ada, bob, eve, group } = await room();
  await ada.change('remove_member', group, 'out', { user_id: eve.userId });
  await bob.change('edit_message', group, 'edit', {
    target: 2,
    version: 2,
    content: { kind: 'text', text: 'late' },
  });
  await report(eve, group, [2]);
  const [row] = (await list(ada, group)).rows;
  expect(row?.entries).toMatchObject([{ seq: 2, content: { text: 'buy now' } }]);
});

test('[REPORT-1] who reports too much at once is told when to go on; a repeated request costs nothing', async () => {
  const { fixture, eve, group } = await room();
  for (let at = 0; at < REPORTS_AT_ONCE_MAX_COUNT; at += 1) {
    expect(await report(eve, group, [2], { id: `r-${at}` })).toMatchObject({ type: 'reported' });
  }
  const refused = { code: 'rate_limited', retry: 'later', retry_after_ms: REPORT_REFILL_MS };
  expect(await report(eve, group, [2], { id: 'late' })).toMatchObject(refused);
  expect(await report(eve, group, [2], { id: 'r-0' })).toMatchObject({ type: 'reported' });
  eve.cut();
  await fixture.timers.advance(REPORT_REFILL_MS);
  const back = await fixture.connect(eve.token);
  expect(await report(back, group, [2], { id: 'late' })).toMatchObject({ type: 'reported' });
});

test('[REPORT-2] [GROUP-2] owner and admins see the reports of their group and settle them; others get forbidden', async () => {
  const { fixture, ada, bob, eve, group } = await room();
  const report_id = idOf(await report(eve, group, [2]));
  const close = (client: TestClient, conversation_id = group) =>
    client.request({ type: 'close_report', conversation_id, report_id });
  const look = (client: TestClient) => client.request({ type: 'list_reports', conversation_id: group });
  for (const ask of [look, close]) {
    expect(await ask(eve)).toMatchObject({ code: 'forbidden' });
    expect(await ask(await fixture.join(`stranger-${ask.name}`))).toMatchObject({ code: 'not_found' });
  }
  await ada.change('set_role', group, 'admin', { user_id: bob.userId, role: 'admin' });
  expect((await list(bob, group)).rows).toMatchObject([{ report_id }]);
  expect(await close(bob)).toMatchObject({ type: 'done' });
  const closed = { by: bob.userId, at: fixture.clock.now() };
  // The first one stands.
  expect(await close(ada)).toMatchObject({ type: 'done' });
  expect((await list(ada, group)).rows).toMatchObject([{ report_id, closed }]);
  await ada.change('remove_member', group, 'out', { user_id: bob.userId });
  for (const ask of [look, close]) expect(await ask(bob)).toMatchObject({ code: 'not_member' });
});

test('[REPORT-2] a report is settled in its own group alone', async () => {
  const { ada, bob, eve, group } = await room();
  const other = await ada.group('other', [bob.userId]);
  const report_id = idOf(await report(eve, group, [2]));
  const close = (conversation_id: ConversationId, id: string) =>
    ada.request({ type: 'close_report', conversation_id, report_id: id });
  const gone = { code: 'not_found', field: 'report_id' };
  expect(await close(other, report_id)).toMatchObject(gone);
  expect(await close(group, '12345')).toMatchObject(gone);
  expect((await list(ada, group)).rows[0]).not.toHaveProperty('closed');
  expect((await list(ada, other)).rows).toEqual([]);
});

test('[REPORT-2] reports of a direct conversation are kept, for the operator: neither of the two is shown them', async () => {
  const { fixture, bob, eve } = await room();
  const direct = await bob.direct(eve.userId);
  await bob.text(direct, 'psst');
  expect(await report(eve, direct, [1])).toMatchObject({ type: 'reported' });
  for (const client of [bob, eve]) {
    const answer = await client.request({ type: 'list_reports', conversation_id: direct });
    expect(answer).toMatchObject({ code: 'not_a_group' });
  }
  expect(await fixture.stores.reports.reports(direct, undefined, 10)).toHaveLength(1);
});

test('[REPORT-2] pages are newest first, each with what its limit allows, and end early where reports are large', async () => {
  const { fixture, ada, bob, eve, group } = await room();
  const ids: string[] = [];
  for (let at = 0; at < 7; at += 1) ids.unshift(idOf(await report(eve, group, [2], { id: `r-${at}` })));
  const page = await list(ada, group, { limit: 5 });
  expect(page.rows.map((row) => row.report_id)).toEqual(ids.slice(0, 5));
  expect(page.next).toBe(ids[4]);
  const rest = await list(ada, group, { limit: 5, ...(page.next === undefined ? {} : { after: page.next }) });
  expect(rest.rows.map((row) => row.report_id)).toEqual(ids.slice(5));
  expect(rest.next).toBeUndefined();
  const seqs: number[] = [];
  for (let at = 0; at < 20; at += 1) {
    const sent = await bob.text(group, `${at}${'x'.repeat(7_990)}`, `long-${at}`);
    if ('seq' in sent) seqs.push(sent.seq);
  }
  for (let at = 0; at < 9; at += 1) ids.unshift(idOf(await report(eve, group, seqs, { id: `long-${at}` })));
  const seen: string[] = [];
  let after: string | undefined;
  let pages = 0;
  do {
    const { rows, next } = await list(ada, group, after === undefined ? {} : { after });
    expect(JSON.stringify(rows).length).toBeLessThan(REPORTS_ANSWER_MAX_BYTES * 4);
    seen.push(...rows.map((row) => row.report_id));
    after = next;
    pages += 1;
  } while (after !== undefined);
  expect(seen).toEqual(ids);
  expect(pages).toBeGreaterThan(1);
  expect(fixture.log.events().filter((event) => event === 'reported')).toHaveLength(16);
});
