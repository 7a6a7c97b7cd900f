// parley edit, delete, react, pin: changes of one message that was sent.
import type { Changed, ChatClient } from '@parley/client';
import { Option, type Command } from 'commander';
import { usageError } from '../cli-error.ts';
import { addSessionOptions, wholeNumber, type SessionOptions } from '../cli-options.ts';
import type { CliContext } from '../context.ts';
import { checkTarget, conversationLabel, findConversation } from '../conversation-target.ts';
import { textProblem } from '../message-text.ts';
import { Session } from '../session.ts';

export interface MessageOptions extends SessionOptions {
  readonly to?: string;
  readonly conversation?: string;
  readonly seq: number;
  readonly clientMsgId?: string;
}

interface EditOptions extends MessageOptions {
  readonly version?: number;
}

interface DeleteOptions extends MessageOptions {
  readonly forMe?: boolean;
}

interface ToggleOptions extends MessageOptions {
  readonly remove?: boolean;
}

const EDIT_HELP = `
Without --version it replaces what the message says now, whatever that is. With it the edit is refused with
stale_version when the message has changed since; the error names the present version.`;

export function addMessageChanges(program: Command, context: CliContext): void {
  addMessageOptions(program.command('edit').description('change the text of your message').argument('<text>'))
    .option('--version <seq>', 'only if this is its version, as history shows it', seq)
    .addHelpText('after', EDIT_HELP)
    .action((text: string, options: EditOptions) => edit(text, options, context));
  addMessageOptions(program.command('delete').description('delete a message for everyone, for good'))
    .addOption(new Option('--for-me').hideHelp())
    .action((options: DeleteOptions) => remove(options, context));
  addMessageOptions(
    program.command('react').description('react to a message with an emoji').argument('<emoji>'),
  )
    .option('--remove', 'take it back')
    .action((emoji: string, options: ToggleOptions) => react(emoji, options, context));
  addMessageOptions(program.command('pin').description('pin a message'))
    .option('--remove', 'unpin it')
    .action((options: ToggleOptions) => pin(options, context));
}

/** --to, --conversation, --seq, --client-msg-id, and what every command has. */
export function addMessageOptions(command: Command): Command {
  return addSessionOptions(
    command
      .option('--to <name>', 'in the conversation with this user')
      .option('--conversation <id>', "in this conversation: its id, or a group's title")
      .requiredOption('--seq <seq>', 'the number of the message', seq)
      .option('--client-msg-id <id>', 'the id that makes a repeated call harmless'),
  );
}

function seq(text: string): number {
  return wholeNumber(1, Number.MAX_SAFE_INTEGER)(text);
}

/** -> {"seq","version"}: the entry of the edit is the message's new version. */
async function edit(text: string, options: EditOptions, context: CliContext): Promise<void> {
  const problem = textProblem(text);
  if (problem !== undefined) throw problem;
  const version = options.version === undefined ? {} : { version: options.version };
  await change(options, context, {
    make: (client, id, more) => client.editMessage(id, options.seq, text, { ...version, ...more }),
    json: (changed) => ({ seq: changed.seq, version: changed.seq }),
    done: 'Edited',
  });
}

async function remove(options: DeleteOptions, context: CliContext): Promise<void> {
  if (options.forMe === true)
    throw usageError(
      'Deleting only for yourself is not there yet. Without --for-me it is deleted for everyone.',
    );
  await change(options, context, {
    make: (client, id, more) => client.deleteMessage(id, options.seq, more),
    json: onlySeq,
    done: 'Deleted',
  });
}

async function react(emoji: string, options: ToggleOptions, context: CliContext): Promise<void> {
  const removal = { remove: options.remove === true };
  await change(options, context, {
    make: (client, id, more) => client.react(id, options.seq, emoji, { ...removal, ...more }),
    json: onlySeq,
    done: removal.remove ? 'Took the reaction back from' : 'Reacted to',
  });
}

async function pin(options: ToggleOptions, context: CliContext): Promise<void> {
  const removal = { remove: options.remove === true };
  await change(options, context, {
    make: (client, id, more) => client.pinMessage(id, options.seq, { ...removal, ...more }),
    json: onlySeq,
    done: removal.remove ? 'Unpinned' : 'Pinned',
  });
}

interface Change {
  readonly make: (client: ChatClient, id: string, more: { clientMsgId?: string }) => Promise<Changed>;
  readonly json: (changed: Changed) => object;
  /** Words before "message N". */
  readonly done: string;
}

async function change(
  options: MessageOptions,
  context: CliContext,
  { make, json, done }: Change,
): Promise<void> {
  const target = { user: options.to, conversation: options.conversation };
  checkTarget(target, '--to');
  await using session = await Session.open(context, options);
  const conversation = await findConversation(session, target);
  const { clientMsgId } = options;
  const more = clientMsgId === undefined ? {} : { clientMsgId };
  const changed = await session.answer(make(session.client, conversation.conversation_id, more));
  if (context.json) await context.stdout.json(json(changed));
  else await context.stdout.line(`${done} message ${options.seq} of ${conversationLabel(conversation)}.`);
}

/** -> {"seq"} of the entry that records the change. */
function onlySeq(changed: Changed): object {
  return { seq: changed.seq };
}
