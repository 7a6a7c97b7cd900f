// One report as it is printed: what was said about which entries, and the entries as they were.
import type { ReportView } from '@parley/client';
import type { ConversationId } from '@parley/protocol/ids';
import type { CliContext } from './context.ts';
import { entryJson } from './entry-json.ts';
import { entryLines } from './entry-lines.ts';
import type { NameOf } from './entry-users.ts';
import { moment } from './moment.ts';
import { sanitizeLine } from './sanitize.ts';

export interface PrintedReport {
  readonly conversation_id: ConversationId;
  readonly view: ReportView;
  readonly nameOf: NameOf;
}

/** -> {"report_id","conversation_id","reporter","at","reason","note"?,"entries","closed"?:{"by","at"}} */
export async function printReport(
  { conversation_id, view, nameOf }: PrintedReport,
  context: CliContext,
): Promise<void> {
  const { report_id, reporter, at, reason, note, entries, closed } = view;
  if (context.json) {
    return await context.stdout.json({
      report_id,
      conversation_id,
      reporter: nameOf(reporter),
      at,
      reason,
      ...(note === undefined ? {} : { note }),
      entries: entries.map((entry) => entryJson(conversation_id, entry, nameOf)),
      ...(closed === undefined ? {} : { closed: { by: nameOf(closed.by), at: closed.at } }),
    });
  }
  const { date, time } = moment(at);
  const settled = closed === undefined ? '' : `, settled by ${sanitizeLine(nameOf(closed.by))}`;
  const said = note === undefined ? '' : `: ${sanitizeLine(note)}`;
  await context.stdout.line(
    `Report ${sanitizeLine(report_id)} in ${conversation_id}, ${date} ${time} by ${sanitizeLine(nameOf(reporter))}${settled}: ${sanitizeLine(reason)}${said}`,
  );
  const { colors } = context;
  for (const entry of entries)
    await context.stdout.write(entryLines({ entry, nameOf, place: colors.dim(String(entry.seq)), colors }));
}
