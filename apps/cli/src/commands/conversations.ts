// parley conversations, and parley group list: what this user takes part in.
import type { ConversationView } from '@parley/client';
import type { Command } from 'commander';
import { addSessionOptions, type SessionOptions } from '../cli-options.ts';
import type { CliContext } from '../context.ts';
import { conversationLabel } from '../conversation-target.ts';
import { plural } from '../plural.ts';
import { Session } from '../session.ts';
import { standingWords } from '../standing.ts';

const ID_WIDTH = 20;

export function addConversations(program: Command, context: CliContext): void {
  addSessionOptions(program.command('conversations').description('list your conversations')).action(
    (options: SessionOptions) => listConversations(options, context, () => true),
  );
}

/** One a line: as the server gives it with --json, else its id, its name and how far it has gone. */
export async function listConversations(
  options: SessionOptions,
  context: CliContext,
  wanted: (view: ConversationView) => boolean,
): Promise<void> {
  const { json, stdout, colors } = context;
  await using session = await Session.open(context, options);
  let count = 0;
  for await (const view of session.answers(session.client.conversations())) {
    if (!wanted(view)) continue;
    count++;
    if (json) await stdout.json(view);
    else await stdout.line(`${colors.dim(view.conversation_id.padEnd(ID_WIDTH))} ${words(view)}`);
  }
  if (count === 0 && !json) await stdout.line('None yet. Begin one with: parley chat --to NAME');
}

function words(view: ConversationView): string {
  const { kind, role, members, head, received, standing } = view;
  const unseen = head > received ? `, ${head - received} not received yet` : '';
  const membership =
    role === undefined ? 'no member any more' : `${plural(members, 'member')}, you are ${role}`;
  return `${conversationLabel(view)}  (${kind === 'group' ? membership : 'direct'}, ${plural(head, 'entry', 'entries')}${unseen}${standing === undefined ? '' : standingWords(standing)})`;
}
