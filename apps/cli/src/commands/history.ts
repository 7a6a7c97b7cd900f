// parley history: the entries of one conversation, one a line.
import type { Command } from 'commander';
import { addSessionOptions, wholeNumber, type SessionOptions } from '../cli-options.ts';
import type { CliContext } from '../context.ts';
import { checkTarget, findExisting } from '../conversation-target.ts';
import { entryJson } from '../entry-json.ts';
import { entryLines } from '../entry-lines.ts';
import { NameBook } from '../name-book.ts';
import { sanitizeLine } from '../sanitize.ts';
import { Session } from '../session.ts';

/** Lines are written in blocks of this size. */
const BLOCK_CHARS = 65_536;
const SEQ_WIDTH = 6;

interface HistoryOptions extends SessionOptions {
  readonly with?: string;
  readonly conversation?: string;
  readonly from?: number;
  readonly limit?: number;
}

const HELP = `
Without --from and --limit: everything that you may read. --from SEQ is the first message shown. --limit N shows the
last N, and together with --from the first N from there. What is shown ends where the conversation ended when the
command began.`;

export function addHistory(program: Command, context: CliContext): void {
  const command = program
    .command('history')
    .description('show the messages of a conversation, oldest first')
    .option('--with <name>', 'the conversation with this user')
    .option('--conversation <id>', "this conversation: its id, or a group's title")
    .option('--from <seq>', 'begin with this number', wholeNumber(1, Number.MAX_SAFE_INTEGER))
    .option('--limit <count>', 'show at most so many', wholeNumber(1, Number.MAX_SAFE_INTEGER));
  addSessionOptions(command)
    .addHelpText('after', HELP)
    .action((options: HistoryOptions) => history(options, context));
}

async function history(options: HistoryOptions, context: CliContext): Promise<void> {
  const target = { user: options.with, conversation: options.conversation };
  checkTarget(target, '--with');
  await using session = await Session.open(context, options);
  const view = await findExisting(session, target);
  if (view === undefined) {
    if (!context.json) await context.stderr.line(`No messages with ${sanitizeLine(target.user ?? '')} yet.`);
    return;
  }
  const { conversation_id, head } = view;
  if (options.from !== undefined && options.from > head) return;
  const names = new NameBook(session.client);
  let block = '';
  for await (const entry of session.answers(session.client.history(conversation_id, range(options, head)))) {
    const nameOf = await session.answer(names.namesFor(entry));
    block += context.json
      ? `${JSON.stringify(entryJson(conversation_id, entry, nameOf))}\n`
      : entryLines({
          entry,
          nameOf,
          place: context.colors.dim(String(entry.seq).padStart(SEQ_WIDTH)),
          colors: context.colors,
        });
    if (block.length < BLOCK_CHARS) continue;
    await context.stdout.write(block);
    block = '';
  }
  if (block !== '') await context.stdout.write(block);
}

/** `after` is the seq before the first one shown. */
function range({ from, limit }: HistoryOptions, head: number): { after: number; to: number; limit?: number } {
  if (from !== undefined) return { after: from - 1, to: head, ...(limit === undefined ? {} : { limit }) };
  return { after: limit === undefined ? 0 : Math.max(0, head - limit), to: head };
}
