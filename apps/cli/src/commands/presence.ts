// parley who, unwatch, contacts, typing: who is there, whom one watches, and telling that one writes.
import type { Command } from 'commander';
import { addSessionOptions, type SessionOptions } from '../cli-options.ts';
import type { CliContext } from '../context.ts';
import { conversationLabel } from '../conversation-target.ts';
import { addConversationOptions, intoConversation } from '../in-conversation.ts';
import type { ConversationOptions, OpenedConversation } from '../in-conversation.ts';
import { presenceJson, presenceWords } from '../presence-text.ts';
import { sanitizeLine } from '../sanitize.ts';
import { Session } from '../session.ts';
import { tell } from '../tell.ts';
import { usersNamed } from '../users-named.ts';

export function addPresence(program: Command, context: CliContext): void {
  addSessionOptions(
    program.command('who').description('say who is online, away or offline').argument('<name...>'),
  ).action((names: string[], options: SessionOptions) => who(names, options, context));
  addSessionOptions(
    program
      .command('unwatch')
      .description('take users off your contacts: their presence is not told any more')
      .argument('<name...>'),
  ).action((names: string[], options: SessionOptions) => unwatch(names, options, context));
  addSessionOptions(program.command('contacts').description('list the users that you watch')).action(
    (options: SessionOptions) => listContacts(options, context),
  );
  addConversationOptions(
    program.command('typing').description('tell the others that you are writing, for a few seconds'),
  ).action((options: ConversationOptions) =>
    intoConversation(options, context, (opened) => typing(opened, context)),
  );
}

/** -> a line each: {"user","state","last_seen"?} */
async function who(names: readonly string[], options: SessionOptions, context: CliContext): Promise<void> {
  await using session = await Session.open(context, options);
  const users = await usersNamed(session, names);
  const rows = await session.answer(session.client.presence.of(users));
  const byId = new Map(rows.map((row) => [row.user_id, row]));
  for (const { user_id, name } of users) {
    const row = byId.get(user_id) ?? { user_id, state: 'offline' as const };
    await tell(context, presenceJson(row, name), presenceWords(row, name));
  }
}

/** -> a line each: {"user","watched":false} */
async function unwatch(
  names: readonly string[],
  options: SessionOptions,
  context: CliContext,
): Promise<void> {
  await using session = await Session.open(context, options);
  const users = await usersNamed(session, names);
  await session.answer(session.client.presence.unwatch(users));
  for (const { name } of users)
    await tell(context, { user: name, watched: false }, `You watch ${sanitizeLine(name)} no more.`);
}

/** -> a line each: {"user","user_id"} */
async function listContacts(options: SessionOptions, context: CliContext): Promise<void> {
  await using session = await Session.open(context, options);
  let count = 0;
  for await (const { user_id, name } of session.answers(session.client.presence.contacts())) {
    count++;
    await tell(context, { user: name, user_id }, sanitizeLine(name));
  }
  if (count === 0 && !context.json)
    await context.stdout.line('You watch nobody yet. Begin with: parley watch NAME');
}

/** -> {"conversation_id","typing":true}. It is never answered; it is on its way when the command ends. */
async function typing({ session, conversation }: OpenedConversation, context: CliContext): Promise<void> {
  const { conversation_id } = conversation;
  session.client.presence.typing(conversation_id);
  const label = conversationLabel(conversation);
  await tell(context, { conversation_id, typing: true }, `${label} is told that you are writing.`);
}
