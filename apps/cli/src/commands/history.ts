// parley history: the messages of one conversation as they are now, or with --log every entry as it is.
import type { ConversationView, TimelineItem } from '@parley/client';
import type { Command } from 'commander';
import { addSessionOptions, wholeNumber, type SessionOptions } from '../cli-options.ts';
import type { CliContext } from '../context.ts';
import { checkTarget, findExisting } from '../conversation-target.ts';
import { entryJson } from '../entry-json.ts';
import { entryLines, textLines } from '../entry-lines.ts';
import { messageJson } from '../message-json.ts';
import { NameBook } from '../name-book.ts';
import { QuoteBook } from '../quote-book.ts';
import { saidText } from '../said-text.ts';
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
  readonly log?: boolean;
}

const HELP = `
Messages are shown as they are now: with their last edit, their reactions, deleted ones without their text. --log shows
the log itself, where every change is an entry of its own with a number of its own.
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
    .option('--limit <count>', 'show at most so many', wholeNumber(1, Number.MAX_SAFE_INTEGER))
    .option('--log', 'show every entry of the log as it is');
  addSessionOptions(command)
    .addHelpText('after', HELP)
    .action((options: HistoryOptions) => history(options, context));
}

async function history(options: HistoryOptions, context: CliContext): Promise<void> {
  const target = { user: options.with, conversation: options.conversation };
  checkTarget(target, '--with');
  await using session = await Session.open(context, options);
  const conversation = await findExisting(session, target);
  if (conversation === undefined) {
    if (!context.json) await context.stderr.line(`No messages with ${sanitizeLine(target.user ?? '')} yet.`);
    return;
  }
  if (options.from !== undefined && options.from > conversation.head) return;
  const lines = new HistoryLines(context, session);
  let block = '';
  for await (const item of session.answers(itemsOf(session, conversation, options))) {
    block += await lines.of(item);
    if (block.length < BLOCK_CHARS) continue;
    await context.stdout.write(block);
    block = '';
  }
  if (block !== '') await context.stdout.write(block);
}

/** What is shown, up to where the conversation ends now. */
async function* itemsOf(
  { client }: Session,
  { conversation_id, head }: ConversationView,
  { from, limit, log }: HistoryOptions,
): AsyncGenerator<TimelineItem, void> {
  const count = limit === undefined ? {} : { limit };
  const first = from === undefined ? { after: 0 } : { after: from - 1, ...count };
  if (log !== true) {
    // Looking for the last ones from the end is of use only where there can be more.
    const last = from === undefined && limit !== undefined && limit < head ? { last: limit } : {};
    yield* client.timeline(conversation_id, { ...first, ...last, to: head });
    return;
  }
  const after = from === undefined && limit !== undefined ? { after: Math.max(0, head - limit) } : first;
  for await (const entry of client.history(conversation_id, { ...after, to: head }))
    yield { kind: 'entry', entry };
}

class HistoryLines {
  readonly #context: CliContext;
  readonly #session: Session;
  readonly #names: NameBook;
  readonly #quotes: QuoteBook;

  constructor(context: CliContext, session: Session) {
    this.#context = context;
    this.#session = session;
    this.#names = new NameBook(session.client);
    this.#quotes = new QuoteBook(session.client, this.#names);
  }

  async of(item: TimelineItem): Promise<string> {
    return item.kind === 'entry' ? await this.#entry(item.entry) : await this.#message(item.message);
  }

  async #entry(entry: Extract<TimelineItem, { kind: 'entry' }>['entry']): Promise<string> {
    const { json, colors } = this.#context;
    const nameOf = await this.#session.answer(this.#names.namesFor(entry));
    if (json) return `${JSON.stringify(entryJson(entry.conversation_id, entry, nameOf))}\n`;
    return entryLines({ entry, nameOf, place: this.#place(entry.seq), colors });
  }

  async #message(message: Extract<TimelineItem, { kind: 'message' }>['message']): Promise<string> {
    const { json, colors } = this.#context;
    const nameOf = await this.#session.answer(this.#names.namesForMessage(message));
    if (json) return `${JSON.stringify(messageJson(message, nameOf))}\n`;
    const quote = await this.#session.answer(this.#quotes.of(message));
    this.#quotes.see(message);
    const { at, sender, seq } = message;
    return textLines({ text: saidText(message, nameOf, quote), at, sender, place: this.#place(seq), colors });
  }

  #place(seq: number): string {
    return this.#context.colors.dim(String(seq).padStart(SEQ_WIDTH));
  }
}
