// parley send: one message, or with --stdin one message a line.
import type { ConversationView, SendOptions as MessageOptions, Sent } from '@parley/client';
import type { Command } from 'commander';
import { CliError, errorObject, usageError } from '../cli-error.ts';
import {
  addJsonOption,
  addProfileOption,
  TIMEOUT_DEFAULT_S,
  timeoutSeconds,
  type ProfileOptions,
} from '../cli-options.ts';
import type { CliContext } from '../context.ts';
import { checkTarget, conversationLabel, findConversation } from '../conversation-target.ts';
import { readLines } from '../line-reader.ts';
import { addExtraFlags, checkExtras, extrasOf, type ExtraFlags } from '../message-extras.ts';
import { textProblem } from '../message-text.ts';
import { sanitizeLine } from '../sanitize.ts';
import { sendLines, type LineResult } from '../send-lines.ts';
import { Session } from '../session.ts';
import { tell } from '../tell.ts';

/** Long enough for a server that is being restarted: a pipe that gives up half-way is worse than one that waits. */
const STDIN_TIMEOUT_DEFAULT_S = 120;
const ID_PATTERN = /^[A-Za-z0-9_.:-]{1,64}$/;
/** Room for "-" and the number of the line. */
const PREFIX_PATTERN = /^[A-Za-z0-9_.:-]{1,48}$/;

interface SendOptions extends ProfileOptions, ExtraFlags {
  readonly to?: string;
  readonly conversation?: string;
  readonly stdin?: boolean;
  readonly clientMsgId?: string;
  readonly clientMsgIdPrefix?: string;
  readonly timeout?: number;
}

const HELP = `
With --stdin each line is one message. Empty lines are skipped. A line that cannot be sent is reported with its number
and the rest goes on; the exit code is then 1. The order of lines is the order of messages, also when the server is
restarted meanwhile. With --client-msg-id-prefix P line n gets the id P-n, so that running the same input again after
an interruption sends only what is missing. --mention, --markdown and --thread then hold for every line.
A TEXT that begins with "-" goes after "--".`;

export function addSend(program: Command, context: CliContext): void {
  const command = program
    .command('send')
    .description('send a message, or with --stdin one message a line')
    .argument('[text]', 'the message')
    .option('--to <name>', 'to this user')
    .option('--conversation <id>', "to this conversation: its id, or a group's title")
    .option('--stdin', 'read messages from standard input, one a line')
    .option('--client-msg-id <id>', 'the id that makes a repeated send harmless')
    .option('--client-msg-id-prefix <prefix>', 'with --stdin: give line n the id PREFIX-n');
  addExtraFlags(command);
  addProfileOption(command).option(
    '--timeout <seconds>',
    `give up when the server did not answer for so long; 0 waits for ever (default: ${TIMEOUT_DEFAULT_S}, with --stdin ${STDIN_TIMEOUT_DEFAULT_S})`,
    timeoutSeconds,
  );
  addJsonOption(command)
    .addHelpText('after', HELP)
    .action((text: string | undefined, options: SendOptions) => send(text, options, context));
}

async function send(text: string | undefined, options: SendOptions, context: CliContext): Promise<void> {
  checkTarget({ user: options.to, conversation: options.conversation }, '--to');
  checkIds(options);
  if (options.stdin === true) {
    if (text !== undefined) throw usageError('A TEXT and --stdin exclude one another.');
    if (options.attach !== undefined)
      throw usageError('--attach and --stdin exclude one another: to which line would it belong?');
    return await sendStdin(options, context);
  }
  if (text === undefined) throw usageError('Say what to send: parley send --to NAME TEXT, or --stdin.');
  await sendOne(text, options, context);
}

/** -> {"conversation_id","seq","message_id","client_msg_id","at"} */
export async function sendOne(
  text: string,
  options: Omit<SendOptions, 'stdin' | 'clientMsgIdPrefix'>,
  context: CliContext,
  more: MessageOptions = {},
): Promise<void> {
  const target = { user: options.to, conversation: options.conversation };
  checkTarget(target, '--to');
  checkIds(options);
  checkExtras(options);
  const problem = textProblem(text);
  if (problem !== undefined) throw problem;
  await using session = await Session.open(context, {
    ...options,
    timeout: options.timeout ?? TIMEOUT_DEFAULT_S,
  });
  const extras = await extrasOf(session, options);
  const conversation = await findConversation(session, target);
  const { clientMsgId } = options;
  const id = clientMsgId === undefined ? {} : { clientMsgId };
  const sending = session.client.send(conversation.conversation_id, extras.content(text), {
    ...extras.options,
    ...more,
    ...id,
  });
  await sentTo({ session, conversation, sending }, context);
}

/** Waits for the answer to a send, and tells it. */
export async function sentTo(
  {
    session,
    conversation,
    sending,
  }: { session: Session; conversation: ConversationView; sending: Promise<Sent> },
  context: CliContext,
): Promise<void> {
  const sent = await session.answer(sending).catch((error: unknown) => {
    throw undecided(error, session.client.pending[0]?.client_msg_id);
  });
  await tell(context, sent, `Sent to ${conversationLabel(conversation)}, message ${sent.seq}.`);
}

async function sendStdin(options: SendOptions, context: CliContext): Promise<void> {
  const { profile, clientMsgIdPrefix } = options;
  checkExtras(options);
  const timeout = options.timeout ?? STDIN_TIMEOUT_DEFAULT_S;
  await using session = await Session.open(context, { profile, timeout });
  const extras = await extrasOf(session, options);
  const conversation = await findConversation(session, {
    user: options.to,
    conversation: options.conversation,
  });
  const tally = new Tally();
  try {
    await sendLines({
      client: session.client,
      conversationId: conversation.conversation_id,
      lines: readLines(process.stdin),
      prefix: clientMsgIdPrefix,
      extras,
      profile,
      answer: (asked) => session.answer(asked),
      report: async (result) => {
        tally.add(result);
        await report(result, context);
      },
    });
  } catch (error) {
    throw interrupted(error, tally, clientMsgIdPrefix);
  }
  if (!context.json) await context.stdout.line(tally.words(conversationLabel(conversation)));
  if (tally.refused > 0) context.setExitCode(1);
}

/** With --json each line has its result on standard output, in order; a refusal goes to standard error as well. */
async function report(result: LineResult, { json, stdout, stderr }: CliContext): Promise<void> {
  const { line } = result;
  if (result.kind === 'sent') {
    if (json) await stdout.json({ ...result.sent, line });
    return;
  }
  const error = errorObject(result.error);
  if (!json) return await stderr.line(sanitizeLine(result.error.message));
  await stdout.json({
    line,
    ...(result.clientMsgId === undefined ? {} : { client_msg_id: result.clientMsgId }),
    error,
  });
  await stderr.json({ error: { ...error, line } });
}

class Tally {
  sent = 0;
  refused = 0;
  lastLine = 0;
  #first = 0;
  #last = 0;

  add(result: LineResult): void {
    this.lastLine = result.line;
    if (result.kind === 'refused') {
      this.refused++;
      return;
    }
    this.sent++;
    if (this.#first === 0) this.#first = result.sent.seq;
    this.#last = result.sent.seq;
  }

  words(label: string): string {
    const range = this.sent === 0 ? '' : ` (messages ${this.#first} to ${this.#last})`;
    return `Sent ${this.sent} to ${label}${range}${this.refused === 0 ? '.' : `, ${this.refused} refused.`}`;
  }
}

export function checkIds({
  stdin,
  clientMsgId,
  clientMsgIdPrefix,
}: Pick<SendOptions, 'stdin' | 'clientMsgId' | 'clientMsgIdPrefix'>): void {
  if (clientMsgId !== undefined && stdin === true) {
    throw usageError('With --stdin every message needs an id of its own: use --client-msg-id-prefix.');
  }
  if (clientMsgIdPrefix !== undefined && stdin !== true)
    throw usageError('--client-msg-id-prefix goes with --stdin.');
  if (clientMsgId !== undefined && !ID_PATTERN.test(clientMsgId)) {
    throw usageError('--client-msg-id has 1 to 64 of A-Z a-z 0-9 _ . : -');
  }
  if (clientMsgIdPrefix !== undefined && !PREFIX_PATTERN.test(clientMsgIdPrefix)) {
    throw usageError('--client-msg-id-prefix has 1 to 48 of A-Z a-z 0-9 _ . : -');
  }
}

/** A send that got no answer may have been stored or not, and the same id tells. */
function undecided(error: unknown, id: string | undefined): unknown {
  if (!isWaitedOut(error) || id === undefined) return error;
  return new CliError({
    code: error.code,
    retry: 'later',
    message: `${error.message} The message may have been stored or not: send it again with --client-msg-id ${id} to be sure, it will not come twice.`,
  });
}

function interrupted(error: unknown, tally: Tally, prefix: string | undefined): unknown {
  if (!(error instanceof CliError) || error.retry !== 'later') return error;
  const again =
    prefix === undefined
      ? 'What came after it may have been stored or not.'
      : `Run the same input again with --client-msg-id-prefix ${prefix}: only what is missing will be sent.`;
  return new CliError({
    code: error.code,
    retry: 'later',
    message: `${error.message} ${tally.sent} messages were stored, up to line ${tally.lastLine}. ${again}`,
  });
}

function isWaitedOut(error: unknown): error is CliError {
  return error instanceof CliError && (error.code === 'unreachable' || error.code === 'timed_out');
}
