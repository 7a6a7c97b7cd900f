// parley report and reports: telling those in charge about messages, and what they were told.
import type { ReportReason, ReportView } from '@parley/client';
import type { ConversationId } from '@parley/protocol/ids';
import { REPORT_ENTRIES_MAX_COUNT, REPORT_NOTE_MAX_UNITS } from '@parley/protocol/limits';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { CliError, usageError } from '../cli-error.ts';
import { addSessionOptions, type SessionOptions } from '../cli-options.ts';
import type { CliContext } from '../context.ts';
import { conversationLabel } from '../conversation-target.ts';
import { usersOf } from '../entry-users.ts';
import { addConversationOptions, inConversation, seqNumber } from '../in-conversation.ts';
import type { ConversationOptions, OpenedConversation } from '../in-conversation.ts';
import { NameBook } from '../name-book.ts';
import { groupsInQuestion } from '../own-groups.ts';
import { plural } from '../plural.ts';
import { printReport } from '../report-lines.ts';
import { sanitizeLine } from '../sanitize.ts';
import { Session } from '../session.ts';
import { tell } from '../tell.ts';
import { dataReports } from './reports-data.ts';

interface ReportOptions extends ConversationOptions {
  readonly seq: readonly number[];
  readonly reason: ReportReason;
  readonly note?: string;
  readonly clientMsgId?: string;
}

export interface ReportsOptions extends SessionOptions {
  readonly conversation?: string;
  readonly close?: string;
  readonly data?: string;
}

const REPORT_HELP = `
The server keeps a copy of what the messages say now. In a group its owner and admins read the report (parley reports),
of a direct conversation whoever runs the server.`;
const REPORTS_HELP = `
Those of a group are for its owner and admins, newest first; without --conversation those of all groups that you run.
--close ID says that it is settled. --data FOLDER is for whoever runs the server: it reads the reports of all groups and
direct conversations out of the data folder, without a sign-in and also while the server runs.`;

export function addReports(program: Command, context: CliContext): void {
  addConversationOptions(program.command('report').description('report messages to those in charge'))
    .requiredOption('--seq <seqs>', 'the numbers of the messages: N or N,N,…', seqNumbers)
    .addOption(
      new Option('--reason <reason>', 'what is wrong with them')
        .choices(['spam', 'abuse', 'illegal', 'other'])
        .makeOptionMandatory(),
    )
    .option('--note <text>', 'what else is to be said')
    .option('--client-msg-id <id>', 'the id that makes a repeated call harmless')
    .addHelpText('after', REPORT_HELP)
    .action((options: ReportOptions) => report(options, context));
  addSessionOptions(
    program
      .command('reports')
      .description('list what was reported, or settle a report')
      .option('--conversation <id>', 'in this group: its conversation id, or its title')
      .option('--close <id>', 'settle this report')
      .option('--data <folder>', 'read all of them in a data folder instead of asking a server'),
  )
    .addHelpText('after', REPORTS_HELP)
    .action((options: ReportsOptions) => reports(options, context));
}

function seqNumbers(text: string): number[] {
  const seqs = text.split(',').map((part) => seqNumber(part.trim()));
  if (seqs.length <= REPORT_ENTRIES_MAX_COUNT) return seqs;
  throw new InvalidArgumentError(`It names at most ${REPORT_ENTRIES_MAX_COUNT} messages.`);
}

/** -> {"report_id"} */
async function report(options: ReportOptions, context: CliContext): Promise<void> {
  const { seq, reason, note, clientMsgId } = options;
  if (note === '' || (note?.length ?? 0) > REPORT_NOTE_MAX_UNITS) {
    throw new CliError({
      code: 'invalid_field',
      field: 'note',
      message: `A note has 1 to ${REPORT_NOTE_MAX_UNITS} characters. Nothing was reported.`,
    });
  }
  await inConversation(options, context, async ({ session, conversation }: OpenedConversation) => {
    const report_id = await session.answer(
      session.client.groups.report(conversation.conversation_id, seq, reason, {
        ...(note === undefined ? {} : { note }),
        ...(clientMsgId === undefined ? {} : { clientMsgId }),
      }),
    );
    const what = `${plural(seq.length, 'message')} of ${conversationLabel(conversation)}`;
    await tell(context, { report_id }, `Reported ${what} (report ${report_id}).`);
  });
}

async function reports(options: ReportsOptions, context: CliContext): Promise<void> {
  const { data, conversation, close: closed } = options;
  if (data !== undefined) return await dataReports({ data, conversation, close: closed }, context);
  await using session = await Session.open(context, options);
  if (options.close !== undefined) return await close(session, options.close, options, context);
  const names = new NameBook(session.client);
  let count = 0;
  for await (const { conversation_id } of groupsInQuestion(session, options.conversation)) {
    for await (const view of session.answers(session.client.groups.reports(conversation_id))) {
      count++;
      await showReport({ session, names, conversation_id, view }, context);
    }
  }
  if (count === 0 && !context.json) await context.stdout.line('Nothing was reported.');
}

interface ShownReport {
  readonly session: Session;
  readonly names: NameBook;
  readonly conversation_id: ConversationId;
  readonly view: ReportView;
}

async function showReport(
  { session, names, conversation_id, view }: ShownReport,
  context: CliContext,
): Promise<void> {
  const { reporter, entries, closed } = view;
  const users = [reporter, ...(closed === undefined ? [] : [closed.by]), ...entries.flatMap(usersOf)];
  const nameOf = await session.answer(names.namesOf(users));
  await printReport({ conversation_id, view, nameOf }, context);
}

/** -> {"report_id","closed":true} */
async function close(
  session: Session,
  report_id: string,
  { conversation }: ReportsOptions,
  context: CliContext,
): Promise<void> {
  const conversation_id = await groupOf(session, report_id, conversation);
  await session.answer(session.client.groups.closeReport(conversation_id, report_id));
  await tell(context, { report_id, closed: true }, `Report ${sanitizeLine(report_id)} is settled.`);
}

/** Where no group was named, the one that it is about. */
async function groupOf(session: Session, id: string, conversation: string | undefined): Promise<string> {
  if (!/^[1-9][0-9]{0,18}$/.test(id))
    throw usageError('--close takes the report_id that parley reports shows.');
  for await (const { conversation_id } of groupsInQuestion(session, conversation)) {
    if (conversation !== undefined) return conversation_id;
    for await (const { report_id } of session.answers(session.client.groups.reports(conversation_id)))
      if (report_id === id) return conversation_id;
  }
  throw new CliError({
    code: 'not_found',
    field: 'report_id',
    message: `None of your groups has a report ${id}. See them with: parley reports`,
  });
}
