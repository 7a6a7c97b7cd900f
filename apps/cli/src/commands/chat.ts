// parley chat: an interactive chat in the terminal.
import type { AppEntry, ClientEvent } from '@parley/client';
import type { Command } from 'commander';
import { ChatSession } from '../chat/chat-session.ts';
import { ChatTerminal } from '../chat/chat-terminal.ts';
import { usageError } from '../cli-error.ts';
import { addProfileOption, type ProfileOptions } from '../cli-options.ts';
import type { CliContext } from '../context.ts';
import { checkTarget, findConversation } from '../conversation-target.ts';
import { Ending } from '../ending.ts';
import { sanitizeLine } from '../sanitize.ts';
import { asCliError } from '../sdk-error.ts';
import { Session } from '../session.ts';

interface ChatOptions extends ProfileOptions {
  readonly to?: string;
  readonly conversation?: string;
}

const HELP = `
Shows the last 20 messages, then what comes. /help inside lists commands and keys. Keeps trying while the server is
away; what you write meanwhile waits and is sent then. In scripts use "send" and "tail".`;

export function addChat(program: Command, context: CliContext): void {
  const command = program
    .command('chat')
    .description('chat in the terminal')
    .option('--to <name>', 'with this user')
    .option('--conversation <id>', "in this conversation: its id, or a group's title");
  addProfileOption(command)
    .addHelpText('after', HELP)
    .action((options: ChatOptions) => chat(options, context));
}

async function chat(options: ChatOptions, context: CliContext): Promise<void> {
  const target = { user: options.to, conversation: options.conversation };
  checkTarget(target, '--to');
  if (!ChatTerminal.isUsable)
    throw usageError('chat needs a terminal. In a script use parley send and parley tail.');
  using ending = new Ending();
  const opened = Promise.withResolvers<ChatSession>();
  let chatting: ChatSession | undefined;
  let caughtUp: ClientEvent | undefined;
  const onEntry = async (entry: AppEntry): Promise<void> => (await opened.promise).entry(entry);
  const onEvent = (event: ClientEvent): void => {
    chatting?.event(event);
    if (event.kind === 'queue_empty') caughtUp = event;
    if (event.kind !== 'connection' || event.state.kind !== 'closed' || event.state.reason.kind === 'app')
      return;
    ending.end({ kind: 'failed', error: asCliError(event.state.reason.error, options.profile) });
  };
  const { profile } = options;
  await using session = await Session.prepare(context, { profile, timeout: 0 }, { onEntry, onEvent });
  const open = async (): Promise<ChatSession> => {
    await session.answer(session.client.connect());
    const conversation = await findConversation(session, target);
    return new ChatSession({ context, session, conversation, ending });
  };
  // Ctrl-C ends the waiting for a server as well.
  const first = await Promise.race([open(), ending.reason]);
  if (!(first instanceof ChatSession)) {
    if (first.kind === 'failed') throw first.error;
    return;
  }
  chatting = first;
  session.notice.silence();
  // It may have come before there was a chat to tell.
  if (caughtUp !== undefined) first.event(caughtUp);
  opened.resolve(first);
  await first.run();
  await farewell(first, ending, context);
}

async function farewell(
  chatting: ChatSession,
  ending: Ending,
  { stderr, setExitCode }: CliContext,
): Promise<void> {
  const { unsent } = chatting;
  if (unsent.length > 0) {
    setExitCode(1);
    await stderr.line(`Not sent, because there was no connection; the text is not kept anywhere else:`);
    for (const text of unsent) await stderr.line(`  ${sanitizeLine(text)}`);
  }
  const reason = await ending.reason;
  if (reason.kind === 'failed') throw reason.error;
}
