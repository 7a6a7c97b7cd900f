// What a message carries besides its text: the flags of send, reply and edit, and what they come to.
import type { Content, MentionOptions, SendOptions } from '@parley/client';
import type { Command } from 'commander';
import { attachmentsOf } from './attachment.ts';
import { usageError } from './cli-error.ts';
import { seqNumber } from './in-conversation.ts';
import type { Session } from './session.ts';
import { usersNamed } from './users-named.ts';

export interface MentionFlags {
  readonly mention?: readonly string[];
  readonly mentionAll?: boolean;
  readonly mentionHere?: boolean;
}

export interface ExtraFlags extends MentionFlags {
  readonly thread?: number;
  readonly attach?: readonly string[];
  readonly markdown?: boolean;
}

export function addMentionFlags(command: Command): Command {
  return command
    .option('--mention <name>', 'mention this user; may be given several times', collected)
    .option('--mention-all', 'mention every member')
    .option('--mention-here', 'mention every member who is connected')
    .option('--markdown', 'the text is Markdown');
}

export function addExtraFlags(command: Command): Command {
  return addMentionFlags(command)
    .option('--thread <seq>', 'in the thread of this message', seqNumber)
    .option(
      '--attach <file>',
      'attach what the file is: name, type, size, hash; may be given several times',
      collected,
    );
}

/** One value an option, so that the text may follow it. */
function collected(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

export function checkExtras({ mentionAll, mentionHere }: MentionFlags): void {
  if (mentionAll === true && mentionHere === true)
    throw usageError('--mention-all and --mention-here exclude one another.');
}

/** Looks the names up. Undefined where nobody is mentioned. */
export async function mentionsOf(session: Session, flags: MentionFlags): Promise<MentionOptions | undefined> {
  const { mention = [], mentionAll, mentionHere } = flags;
  const users = mention.length === 0 ? [] : await usersNamed(session, mention);
  const everyone = mentionAll === true ? 'all' : mentionHere === true ? 'here' : undefined;
  if (users.length === 0 && everyone === undefined) return undefined;
  return {
    ...(users.length === 0 ? {} : { users: users.map(({ user_id }) => user_id) }),
    ...(everyone === undefined ? {} : { everyone }),
  };
}

export interface Extras {
  readonly content: (text: string) => string | Content;
  readonly options: SendOptions;
}

/** Reads the files and looks the names up, before anything is sent. */
export async function extrasOf(session: Session, flags: ExtraFlags): Promise<Extras> {
  const { thread, attach = [], markdown } = flags;
  const attachments = await attachmentsOf(attach);
  const mentions = await mentionsOf(session, flags);
  return {
    content: (text) => ({
      ...textContent(text, markdown),
      ...(attachments.length === 0 ? {} : { attachments }),
    }),
    options: {
      ...(thread === undefined ? {} : { thread }),
      ...(mentions === undefined ? {} : { mentions }),
    },
  };
}

export function textContent(text: string, markdown: boolean | undefined): Content {
  return { kind: 'text', text, ...(markdown === true ? { format: 'markdown' } : {}) };
}
