// parley group …: create a group, and change who is in it and what it is called.
import type { HistoryPolicy, Role, UserRef } from '@parley/client';
import { Option, type Command } from 'commander';
import { usageError } from '../cli-error.ts';
import { addJsonOption, addSessionOptions, profileFlag, type SessionOptions } from '../cli-options.ts';
import type { CliContext } from '../context.ts';
import { conversationLabel, findConversation } from '../conversation-target.ts';
import { plural } from '../plural.ts';
import { sanitizeLine } from '../sanitize.ts';
import { Session } from '../session.ts';
import { listConversations } from './conversations.ts';
import { addChange, addGroupOption, change, type GroupOptions } from './group-change.ts';
import { addGroupSettings } from './group-settings.ts';

const NAME_WIDTH = 24;

interface CreateOptions extends SessionOptions {
  readonly member?: readonly string[];
  readonly history?: HistoryPolicy;
  readonly clientMsgId?: string;
}

export function addGroup(program: Command, context: CliContext): void {
  const group = addJsonOption(program.command('group').description('create groups and change them'));
  addCreate(group, context);
  addSessionOptions(group.command('list').description('list your groups')).action((options: SessionOptions) =>
    listConversations(options, context, (view) => view.kind === 'group'),
  );
  addChange(group.command('add').description('add users').argument('<name...>')).action(
    (names: string[], options: GroupOptions) =>
      change(context, options, (client, id, more) => client.addMembers(id, names.map(byName), more)),
  );
  addChange(group.command('remove').description('remove a member').argument('<name>')).action(
    (name: string, options: GroupOptions) =>
      change(context, options, (client, id, more) => client.removeMember(id, byName(name), more)),
  );
  addChange(group.command('leave').description('leave the group')).action((options: GroupOptions) =>
    change(context, options, (client, id, more) => client.leaveGroup(id, more)),
  );
  addChange(group.command('rename').description('give the group another title').argument('<title>')).action(
    (title: string, options: GroupOptions) =>
      change(context, options, (client, id, more) => client.renameGroup(id, title, more)),
  );
  addChange(
    group
      .command('role')
      .description('make a member owner, admin or member')
      .argument('<name>')
      .argument('<role>'),
  ).action((name: string, role: string, options: GroupOptions) => {
    const known = roleOf(role);
    return change(context, options, (client, id, more) => client.setRole(id, byName(name), known, more));
  });
  addSessionOptions(addGroupOption(group.command('members').description('list the members'))).action(
    (options: GroupOptions) => listMembers(options, context),
  );
  addGroupSettings(group, context);
}

function addCreate(group: Command, context: CliContext): void {
  const create = group
    .command('create')
    .description('create a group; you are its owner')
    .argument('<title>')
    .option('--member <name...>', 'a member, besides you; may be given several times')
    .addOption(
      new Option(
        '--history <policy>',
        'what members who come later may read: all, or what came since they joined',
      ).choices(['all', 'joined']),
    )
    .option('--client-msg-id <id>', 'the id that makes a repeated call harmless');
  addSessionOptions(create).action((title: string, options: CreateOptions) =>
    createGroup(title, options, context),
  );
}

async function createGroup(title: string, options: CreateOptions, context: CliContext): Promise<void> {
  const { member = [], history, clientMsgId } = options;
  await using session = await Session.open(context, options);
  const view = await session.answer(
    session.client.createGroup({
      title,
      members: member.map(byName),
      ...(history === undefined ? {} : { history }),
      ...(clientMsgId === undefined ? {} : { clientMsgId }),
    }),
  );
  if (context.json) return await context.stdout.json(view);
  await context.stdout.line(
    `Created "${conversationLabel(view)}" with ${plural(view.members, 'member')}.\n` +
      `Try: parley chat --conversation ${view.conversation_id}${profileFlag(options.profile)}`,
  );
}

async function listMembers(options: GroupOptions, context: CliContext): Promise<void> {
  await using session = await Session.open(context, options);
  const { conversation_id } = await findConversation(session, { conversation: options.conversation });
  for await (const row of session.answers(session.client.members(conversation_id))) {
    if (context.json) await context.stdout.json(row);
    else await context.stdout.line(`${sanitizeLine(row.name).padEnd(NAME_WIDTH)} ${row.role}`);
  }
}

function byName(name: string): UserRef {
  return { name };
}

function roleOf(role: string): Role {
  if (role === 'owner' || role === 'admin' || role === 'member') return role;
  throw usageError(`A role is owner, admin or member, not ${JSON.stringify(role)}.`);
}
