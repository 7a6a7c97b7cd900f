// parley read, unread, receipts: how far one has read, what is unread, and how far a message has got.
import type { ReceiptRow } from '@parley/client';
import type { Command } from 'commander';
import { usageError } from '../cli-error.ts';
import { addSessionOptions, type SessionOptions } from '../cli-options.ts';
import type { CliContext } from '../context.ts';
import { conversationLabel } from '../conversation-target.ts';
import { addConversationOptions, inConversation, seqNumber } from '../in-conversation.ts';
import type { ConversationOptions, OpenedConversation } from '../in-conversation.ts';
import { clockTime, moment } from '../moment.ts';
import { NameBook } from '../name-book.ts';
import { plural } from '../plural.ts';
import { sanitizeLine } from '../sanitize.ts';
import { Session } from '../session.ts';
import { tell } from '../tell.ts';

const ID_WIDTH = 20;
const COUNT_WIDTH = 8;
const NAME_WIDTH = 24;

interface ReadOptions extends ConversationOptions {
  readonly seq?: number;
  readonly unread?: boolean;
}

interface ReceiptsOptions extends ConversationOptions {
  readonly seq: number;
}

const READ_HELP = `
Others see it, unless one of you turned read receipts off (parley settings). With --unread it is the other way round:
message SEQ and what follows are unread again, for you alone.`;

export function addReading(program: Command, context: CliContext): void {
  addConversationOptions(
    program.command('read').description('say that you have read a conversation, up to its end or to --seq'),
  )
    .option('--seq <seq>', 'up to this message; with --unread, from this message on', seqNumber)
    .option('--unread', 'make it unread again')
    .addHelpText('after', READ_HELP)
    .action((options: ReadOptions) => read(options, context));
  addSessionOptions(
    program.command('unread').description('list the conversations with unread messages'),
  ).action((options: SessionOptions) => listUnread(options, context));
  addConversationOptions(
    program.command('receipts').description('show who has a message, and who has read it'),
  )
    .requiredOption('--seq <seq>', 'the number of the message', seqNumber)
    .action((options: ReceiptsOptions) =>
      inConversation(options, context, (opened) => receipts(opened, options, context)),
    );
}

/** -> {"read_seq"} */
async function read(options: ReadOptions, context: CliContext): Promise<void> {
  const { seq } = options;
  const isUnread = options.unread === true;
  if (isUnread && seq === undefined) throw usageError('--unread goes with --seq: from which message on?');
  await inConversation(options, context, async ({ session, conversation }) => {
    const { conversation_id, head } = conversation;
    const { reading } = session.client;
    const standing = await session.answer(
      isUnread
        ? reading.markUnread(conversation_id, seq ?? head)
        : reading.markRead(conversation_id, seq ?? head),
    );
    const left = standing.unread === 0 ? 'nothing is unread' : `${plural(standing.unread, 'message')} unread`;
    await tell(
      context,
      { read_seq: standing.read },
      `${conversationLabel(conversation)} is read up to message ${standing.read}; ${left}.`,
    );
  });
}

/** -> a line each: {"conversation_id","unread","mentions"} */
async function listUnread(options: SessionOptions, context: CliContext): Promise<void> {
  const { json, stdout, colors } = context;
  await using session = await Session.open(context, options);
  const { total, rows } = await session.answer(session.client.reading.unread());
  let count = 0;
  for await (const { conversation_id, unread, mentions } of session.answers(rows)) {
    count++;
    if (json) {
      await stdout.json({ conversation_id, unread, mentions });
      continue;
    }
    if (count === 1) await stdout.line(colors.dim(columns('CONVERSATION', 'UNREAD', 'MENTIONS', 'WITH')));
    const view = await session.answer(session.client.conversation(conversation_id));
    await stdout.line(columns(conversation_id, unread, mentions, conversationLabel(view)));
  }
  if (json) return;
  await stdout.line(
    count === 0 ? 'Nothing is unread.' : columns(`total of ${count}`, total.unread, total.mentions, ''),
  );
}

function columns(id: string, unread: number | string, mentions: number | string, label: string): string {
  const counts = [unread, mentions].map((count) => String(count).padStart(COUNT_WIDTH));
  return `${id.padEnd(ID_WIDTH)} ${counts.join(' ')}  ${label}`.trimEnd();
}

type Step = { readonly user: string; readonly at?: number };

/** -> {"delivered":[{"user","at"?}],"read":[{"user","at"?}],"members","delivered_count","read_count"} */
async function receipts(
  { session, conversation }: OpenedConversation,
  { seq }: ReceiptsOptions,
  context: CliContext,
): Promise<void> {
  const found = await session.answer(session.client.reading.receipts(conversation.conversation_id, seq));
  const rows: ReceiptRow[] = [];
  for await (const row of session.answers(found.rows)) rows.push(row);
  const names = new NameBook(session.client);
  const nameOf = await session.answer(names.namesOf(rows.map(({ user_id }) => user_id)));
  const steps = (which: 'delivered' | 'read'): Step[] =>
    rows.flatMap((row) => {
      const step = row[which];
      if (step === undefined) return [];
      return [{ user: nameOf(row.user_id), ...(step.at === undefined ? {} : { at: step.at }) }];
    });
  const [delivered, readBy] = [steps('delivered'), steps('read')];
  const { members, delivered: delivered_count, read: read_count } = found;
  if (context.json)
    return await context.stdout.json({ delivered, read: readBy, members, delivered_count, read_count });
  const { stdout } = context;
  await stdout.line(
    `Message ${seq} of ${conversationLabel(conversation)}: of ${plural(members, 'other member')} ${delivered_count} have it, ${read_count} read it.`,
  );
  const readAt = new Map(readBy.map((step) => [step.user, step]));
  for (const step of delivered) {
    const reader = readAt.get(step.user);
    await stdout.line(
      `  ${sanitizeLine(step.user).padEnd(NAME_WIDTH)} has it${when(step)}${reader === undefined ? '' : `, read it${when(reader)}`}`,
    );
  }
}

function when({ at }: Step): string {
  return at === undefined ? '' : ` since ${moment(at).date} ${clockTime(at)}`;
}
