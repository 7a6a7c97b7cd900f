// Commands about one conversation: the options that say which, and finding it.
import type { ConversationView } from '@parley/client';
import type { Command } from 'commander';
import { CliError } from './cli-error.ts';
import { addSessionOptions, wholeNumber, type SessionOptions } from './cli-options.ts';
import type { CliContext } from './context.ts';
import { checkTarget, findConversation, findExisting } from './conversation-target.ts';
import { Session } from './session.ts';

export interface ConversationOptions extends SessionOptions {
  readonly to?: string;
  readonly conversation?: string;
}

/** --to, --conversation, and what every command has. */
export function addConversationOptions(command: Command): Command {
  return addSessionOptions(
    command
      .option('--to <name>', 'the conversation with this user')
      .option('--conversation <id>', "this conversation: its id, or a group's title"),
  );
}

/** The number of an entry, from 1. */
export function seqNumber(text: string): number {
  return wholeNumber(1, Number.MAX_SAFE_INTEGER)(text);
}

export interface OpenedConversation {
  readonly session: Session;
  readonly conversation: ConversationView;
}

/** For a command that asks about a conversation: where nothing was said with the user yet it is refused. */
export async function inConversation(
  options: ConversationOptions,
  context: CliContext,
  work: (opened: OpenedConversation) => Promise<void>,
): Promise<void> {
  return await inFound(options, context, work, async (session, target) => {
    const conversation = await findExisting(session, target);
    if (conversation === undefined) throw noConversationWith(options.to ?? '');
    return conversation;
  });
}

export function noConversationWith(name: string): CliError {
  return new CliError({
    code: 'not_found',
    field: 'conversation_id',
    message: `You have no conversation with ${JSON.stringify(name)} yet. Begin it with: parley send --to ${name} TEXT`,
  });
}

/** For a command that speaks: the direct conversation with a user is made where there is none. */
export async function intoConversation(
  options: ConversationOptions,
  context: CliContext,
  work: (opened: OpenedConversation) => Promise<void>,
): Promise<void> {
  return await inFound(options, context, work, findConversation);
}

async function inFound(
  options: ConversationOptions,
  context: CliContext,
  work: (opened: OpenedConversation) => Promise<void>,
  find: typeof findConversation,
): Promise<void> {
  const target = { user: options.to, conversation: options.conversation };
  checkTarget(target, '--to');
  await using session = await Session.open(context, options);
  await work({ session, conversation: await find(session, target) });
}
