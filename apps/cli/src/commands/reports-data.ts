// parley reports --data: what was reported, for whoever runs the server, direct conversations included.
import type { ReportView } from '@parley/client';
import { usageError } from '../cli-error.ts';
import type { CliContext } from '../context.ts';
import { printReport } from '../report-lines.ts';
import { asStartError } from '../start-error.ts';

const PAGE_REPORTS_COUNT = 100;

export interface DataReportsOptions {
  readonly data: string;
  readonly conversation?: string | undefined;
  readonly close?: string | undefined;
}

/** Reads the folder itself and changes nothing; a server may run on it meanwhile. */
export async function dataReports(options: DataReportsOptions, context: CliContext): Promise<void> {
  const { data, conversation, close } = options;
  if (close !== undefined) throw usageError('--close is for those in charge of a group; --data only reads.');
  if (conversation !== undefined && !/^[1-9][0-9]{0,18}$/.test(conversation))
    throw usageError(
      '--conversation takes a conversation id here: titles are not looked up in a data folder.',
    );
  const [{ ReportFolder }, { dataFolder }, { readEnvironment }] = await Promise.all([
    import('@parley/server-app/reports'),
    import('@parley/server-app/stores-config'),
    import('@parley/server-app/env'),
  ]);
  const reading = <T>(read: () => T): T => {
    try {
      return read();
    } catch (error) {
      throw asStartError(error, {});
    }
  };
  using folder = reading(() => new ReportFolder(dataFolder(readEnvironment(), data)));
  const nameOf = (user: string): string => reading(() => folder.nameOf(user)) ?? user;
  let count = 0;
  let after: string | undefined;
  for (;;) {
    const page = reading(() => folder.reports(after, PAGE_REPORTS_COUNT));
    for (const report of page) {
      if (conversation !== undefined && report.conversation !== conversation) continue;
      const { id, reporter, at, reason, note, closed } = report;
      // The copy is as the server wrote it: a JSON array of entries.
      const entries = JSON.parse(report.entries) as ReportView['entries'];
      const rest = { ...(note === undefined ? {} : { note }), ...(closed === undefined ? {} : { closed }) };
      const view: ReportView = { report_id: id, reporter, at, reason, entries, ...rest };
      await printReport({ conversation_id: report.conversation, view, nameOf }, context);
      count++;
    }
    after = page.at(-1)?.id;
    if (page.length < PAGE_REPORTS_COUNT) break;
  }
  if (count === 0 && !context.json) await context.stdout.line('Nothing was reported.');
}
