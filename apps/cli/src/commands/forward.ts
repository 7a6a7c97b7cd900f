// parley forward: passes a message on, as it is now, into another conversation.
import { Option, type Command } from 'commander';
import { usageError } from '../cli-error.ts';
import { addSessionOptions, type SessionOptions } from '../cli-options.ts';
import type { CliContext } from '../context.ts';
import { checkTarget, findConversation, findExisting } from '../conversation-target.ts';
import { noConversationWith, seqNumber } from '../in-conversation.ts';
import { Session } from '../session.ts';
import { checkIds, sentTo } from './send.ts';

interface ForwardOptions extends SessionOptions {
  readonly with?: string;
  readonly conversation?: string;
  readonly seq: number;
  readonly to?: string;
  readonly into?: string;
  readonly thread?: number;
  readonly clientMsgId?: string;
}

export function addForward(program: Command, context: CliContext): void {
  const command = program
    .command('forward')
    .description('pass a message on, as it is now')
    .option('--with <name>', 'out of the conversation with this user')
    .option('--conversation <id>', "out of this conversation: its id, or a group's title")
    .requiredOption('--seq <seq>', 'the number of the message', seqNumber)
    .addOption(new Option('--to <name>', 'to this user').conflicts('into'))
    .option('--into <id>', "into this conversation: its id, or a group's title")
    .option('--thread <seq>', 'in the thread of this message there', seqNumber)
    .option('--client-msg-id <id>', 'the id that makes a repeated call harmless');
  addSessionOptions(command).action((options: ForwardOptions) => forward(options, context));
}

/** -> as send */
async function forward(options: ForwardOptions, context: CliContext): Promise<void> {
  const { seq, to, into, thread, clientMsgId } = options;
  const source = { user: options.with, conversation: options.conversation };
  checkTarget(source, '--with');
  checkIds(options);
  if (to === undefined && into === undefined) throw usageError('Say where to: --to NAME, or --into ID.');
  await using session = await Session.open(context, options);
  const from = await findExisting(session, source);
  if (from === undefined) throw noConversationWith(options.with ?? '');
  const conversation = await findConversation(session, { user: to, conversation: into });
  const sending = session.client.send(conversation.conversation_id, undefined, {
    forward: { conversation_id: from.conversation_id, seq },
    ...(thread === undefined ? {} : { thread }),
    ...(clientMsgId === undefined ? {} : { clientMsgId }),
  });
  await sentTo({ session, conversation, sending }, context);
}
