// What all changes of a group have in common: which group, an id that makes a repeat harmless, and the answer.
import type { Changed, ChatClient } from '@parley/client';
import type { Command } from 'commander';
import { addSessionOptions, type SessionOptions } from '../cli-options.ts';
import type { CliContext } from '../context.ts';
import { conversationLabel, findConversation } from '../conversation-target.ts';
import { Session } from '../session.ts';

export interface GroupOptions extends SessionOptions {
  readonly conversation: string;
  readonly clientMsgId?: string;
}

export function addGroupOption(command: Command): Command {
  return command.requiredOption('--conversation <id>', 'the group: its conversation id, or its title');
}

export function addChange(command: Command): Command {
  return addSessionOptions(
    addGroupOption(command).option('--client-msg-id <id>', 'the id that makes a repeated call harmless'),
  );
}

type MakeChange = (client: ChatClient, id: string, more: { clientMsgId?: string }) => Promise<Changed>;

/** -> {"conversation_id","seq","message_id","at"} of the entry that records the change. */
export async function change(context: CliContext, options: GroupOptions, make: MakeChange): Promise<void> {
  const { clientMsgId, conversation } = options;
  await using session = await Session.open(context, options);
  const view = await findConversation(session, { conversation });
  const more = clientMsgId === undefined ? {} : { clientMsgId };
  const { conversation_id, seq, message_id, at } = await session.answer(
    make(session.client, view.conversation_id, more),
  );
  if (context.json) await context.stdout.json({ conversation_id, seq, message_id, at });
  else await context.stdout.line(`Done: entry ${seq} of "${conversationLabel(view)}" records it.`);
}
