// parley reply: a message that answers another one.
import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { addExtraFlags, type ExtraFlags } from '../message-extras.ts';
import { addMessageOptions, type MessageOptions } from './message-change.ts';
import { sendOne } from './send.ts';

export function addReply(program: Command, context: CliContext): void {
  const command = program
    .command('reply')
    .description('send a message that answers another one')
    .argument('<text>');
  addExtraFlags(addMessageOptions(command)).action((text: string, options: MessageOptions & ExtraFlags) =>
    sendOne(text, options, context, { replyTo: options.seq }),
  );
}
