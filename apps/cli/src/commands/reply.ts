// parley reply: a message that answers another one.
import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { addMessageOptions, type MessageOptions } from './message-change.ts';
import { sendOne } from './send.ts';

export function addReply(program: Command, context: CliContext): void {
  addMessageOptions(
    program.command('reply').description('send a message that answers another one').argument('<text>'),
  ).action((text: string, options: MessageOptions) =>
    sendOne(text, options, context, { replyTo: options.seq }),
  );
}
