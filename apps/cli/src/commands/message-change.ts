// parley edit, delete, react, pin: changes of one message that was sent.
import type { Changed } from '@parley/client';
import type { Command } from 'commander';
import { usageError } from '../cli-error.ts';
import type { SessionOptions } from '../cli-options.ts';
import type { CliContext } from '../context.ts';
import { checkTarget, conversationLabel, findConversation } from '../conversation-target.ts';
import { addConversationOptions, inConversation, seqNumber } from '../in-conversation.ts';
import { addMentionFlags, checkExtras, mentionsOf, textContent } from '../message-extras.ts';
import type { MentionFlags } from '../message-extras.ts';
import { textProblem } from '../message-text.ts';
import { Session } from '../session.ts';
import { tell } from '../tell.ts';
import { changeStanding } from './personal.ts';

export interface MessageOptions extends SessionOptions {
  readonly to?: string;
  readonly conversation?: string;
  readonly seq: number;
  readonly clientMsgId?: string;
}

interface EditOptions extends MessageOptions, MentionFlags {
  readonly version?: number;
  readonly markdown?: boolean;
}

interface DeleteOptions extends MessageOptions {
  readonly forMe?: boolean;
}

interface ToggleOptions extends MessageOptions {
  readonly remove?: boolean;
}

interface PinOptions extends Omit<ToggleOptions, 'seq'> {
  readonly seq?: number;
}

const EDIT_HELP = `
Without --version it replaces what the message says now, whatever that is. With it the edit is refused with
stale_version when the message has changed since; the error names the present version. Whom it mentions, and whether it is
Markdown, is said anew with each edit.`;
const DELETE_HELP = `
With --for-me it is gone from what you are shown, on all your devices; the others keep it.`;
const PIN_HELP = `
Without --seq it is the conversation that is pinned, for you alone.`;

export function addMessageChanges(program: Command, context: CliContext): void {
  const editing = program.command('edit').description('change the text of your message').argument('<text>');
  addMentionFlags(addMessageOptions(editing))
    .option('--version <seq>', 'only if this is its version, as history shows it', seqNumber)
    .addHelpText('after', EDIT_HELP)
    .action((text: string, options: EditOptions) => edit(text, options, context));
  addMessageOptions(program.command('delete').description('delete a message for everyone, for good'))
    .option('--for-me', 'only for yourself')
    .addHelpText('after', DELETE_HELP)
    .action((options: DeleteOptions) => remove(options, context));
  addMessageOptions(
    program.command('react').description('react to a message with an emoji').argument('<emoji>'),
  )
    .option('--remove', 'take it back')
    .action((emoji: string, options: ToggleOptions) => react(emoji, options, context));
  addPlaceOptions(program.command('pin').description('pin a message, or a conversation for yourself'))
    .option('--seq <seq>', 'the number of the message', seqNumber)
    .option('--remove', 'unpin it')
    .addHelpText('after', PIN_HELP)
    .action((options: PinOptions) => pin(options, context));
}

/** --to, --conversation, --seq, --client-msg-id, and what every command has. */
export function addMessageOptions(command: Command): Command {
  return addPlaceOptions(command).requiredOption('--seq <seq>', 'the number of the message', seqNumber);
}

function addPlaceOptions(command: Command): Command {
  return addConversationOptions(command).option(
    '--client-msg-id <id>',
    'the id that makes a repeated call harmless',
  );
}

/** -> {"seq","version"}: the entry of the edit is the message's new version. */
async function edit(text: string, options: EditOptions, context: CliContext): Promise<void> {
  const problem = textProblem(text);
  if (problem !== undefined) throw problem;
  checkExtras(options);
  const version = options.version === undefined ? {} : { version: options.version };
  await change(options, context, {
    make: async (session, id, more) => {
      const mentions = await mentionsOf(session, options);
      return session.client.editMessage(id, options.seq, textContent(text, options.markdown), {
        ...version,
        ...(mentions === undefined ? {} : { mentions }),
        ...more,
      });
    },
    json: (changed) => ({ seq: changed.seq, version: changed.seq }),
    done: 'Edited',
  });
}

async function remove(options: DeleteOptions, context: CliContext): Promise<void> {
  if (options.forMe === true) return await hide(options, context);
  await change(options, context, {
    make: ({ client }, id, more) => client.deleteMessage(id, options.seq, more),
    json: onlySeq,
    done: 'Deleted',
  });
}

/** -> {"seq"} of the message */
async function hide(options: DeleteOptions, context: CliContext): Promise<void> {
  const { seq } = options;
  await inConversation(options, context, async ({ session, conversation }) => {
    await session.answer(session.client.reading.hide(conversation.conversation_id, seq));
    const label = conversationLabel(conversation);
    await tell(context, { seq }, `Message ${seq} of ${label} is not shown to you any more.`);
  });
}

async function react(emoji: string, options: ToggleOptions, context: CliContext): Promise<void> {
  const removal = { remove: options.remove === true };
  await change(options, context, {
    make: ({ client }, id, more) => client.react(id, options.seq, emoji, { ...removal, ...more }),
    json: onlySeq,
    done: removal.remove ? 'Took the reaction back from' : 'Reacted to',
  });
}

async function pin(options: PinOptions, context: CliContext): Promise<void> {
  const { seq, remove = false } = options;
  if (seq === undefined) return await pinConversation(options, context);
  await change({ ...options, seq }, context, {
    make: ({ client }, id, more) => client.pinMessage(id, seq, { remove, ...more }),
    json: onlySeq,
    done: remove ? 'Unpinned' : 'Pinned',
  });
}

/** -> the standing of the conversation from now on */
async function pinConversation(options: PinOptions, context: CliContext): Promise<void> {
  if (options.clientMsgId !== undefined)
    throw usageError('--client-msg-id goes with --seq: pinning a conversation again changes nothing.');
  await changeStanding(options, context, {
    make: ({ session, conversation }) =>
      session.client.reading.pin(conversation.conversation_id, options.remove !== true),
    words: ({ pinned }) => (pinned === true ? 'pinned for you' : 'not pinned any more'),
  });
}

interface Change {
  readonly make: (session: Session, id: string, more: { clientMsgId?: string }) => Promise<Changed>;
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
  const changed = await session.answer(make(session, conversation.conversation_id, more));
  if (context.json) await context.stdout.json(json(changed));
  else await context.stdout.line(`${done} message ${options.seq} of ${conversationLabel(conversation)}.`);
}

/** -> {"seq"} of the entry that records the change. */
function onlySeq(changed: Changed): object {
  return { seq: changed.seq };
}
