// parley invite, join, channels: ways into a group.
import type { InviteView } from '@parley/client';
import { INVITE_LIFETIME_MAX_S, INVITE_USES_MAX_COUNT } from '@parley/protocol/limits';
import type { Command } from 'commander';
import { CliError, usageError } from '../cli-error.ts';
import { addSessionOptions, profileFlag, wholeNumber, type SessionOptions } from '../cli-options.ts';
import type { CliContext } from '../context.ts';
import { conversationLabel, findConversation } from '../conversation-target.ts';
import { durationSeconds } from '../duration.ts';
import { moment } from '../moment.ts';
import { NameBook } from '../name-book.ts';
import { groupsInQuestion } from '../own-groups.ts';
import { plural } from '../plural.ts';
import { sanitizeLine } from '../sanitize.ts';
import { Session } from '../session.ts';
import { tell } from '../tell.ts';

const ID_WIDTH = 20;
const ID_PATTERN = /^[1-9][0-9]{0,18}$/;

interface InviteOptions extends SessionOptions {
  readonly conversation?: string;
  readonly expires?: number;
  readonly uses?: number;
  readonly list?: boolean;
  readonly revoke?: string;
}

interface JoinOptions extends SessionOptions {
  readonly channel?: string;
}

const INVITE_HELP = `
Whoever has the code may join: parley join CODE. It is good for seven days and any number of users where --expires and
--uses say nothing else. --list shows the invitations that are still good, --revoke takes one back; without
--conversation both look through all groups of which you are the owner or an admin.`;

export function addInvites(program: Command, context: CliContext): void {
  const invite = program
    .command('invite')
    .description('make an invitation into a group, list them, or take one back')
    .option('--conversation <id>', 'the group: its conversation id, or its title')
    .option(
      '--expires <duration>',
      'good for so long, such as 1h or 7d (at most 30d)',
      durationSeconds(INVITE_LIFETIME_MAX_S),
    )
    .option('--uses <count>', 'good for so many users', wholeNumber(1, INVITE_USES_MAX_COUNT))
    .option('--list', 'list the invitations that are still good')
    .option('--revoke <code>', 'take this invitation back');
  addSessionOptions(invite)
    .addHelpText('after', INVITE_HELP)
    .action((options: InviteOptions) => runInvite(options, context));
  addSessionOptions(
    program
      .command('join')
      .description('join a group by an invitation, or a public channel')
      .argument('[code]', 'the code of the invitation')
      .option('--channel <id>', 'a public channel, as parley channels lists it'),
  ).action((code: string | undefined, options: JoinOptions) => join(code, options, context));
  addSessionOptions(
    program
      .command('channels')
      .description('list the public channels, or those whose title begins with a text')
      .argument('[text]', 'how the title begins'),
  ).action((text: string | undefined, options: SessionOptions) => listChannels(text, options, context));
}

/** -> {"code","expires_at","uses_max"?}; --list: a line each; --revoke: {"code","revoked":true} */
async function runInvite(options: InviteOptions, context: CliContext): Promise<void> {
  const { conversation, expires, uses, list, revoke } = options;
  const isNew = expires !== undefined || uses !== undefined;
  if ([isNew, list === true, revoke !== undefined].filter(Boolean).length > 1)
    throw usageError('--list, --revoke, and --expires with --uses exclude one another.');
  if (list === true) return await showInvites(options, context);
  if (revoke !== undefined) return await revokeInvite(revoke, options, context);
  if (conversation === undefined) throw usageError('Say into which group: parley invite --conversation ID.');
  await using session = await Session.open(context, options);
  const group = await findConversation(session, { conversation });
  const made = await session.answer(
    session.client.groups.createInvite(group.conversation_id, {
      ...(expires === undefined ? {} : { expiresInS: expires }),
      ...(uses === undefined ? {} : { usesMax: uses }),
    }),
  );
  const { code, expires_at, uses_max } = made;
  await tell(
    context,
    { code, expires_at, ...(uses_max === undefined ? {} : { uses_max }) },
    `Whoever has this code may join ${conversationLabel(group)}, ${terms(made)}:\n  parley join ${code}`,
  );
}

async function showInvites(options: InviteOptions, context: CliContext): Promise<void> {
  await using session = await Session.open(context, options);
  const names = new NameBook(session.client);
  let count = 0;
  for await (const group of groupsInQuestion(session, options.conversation)) {
    const invites = await session.answer(session.client.groups.invites(group.conversation_id));
    const nameOf = await session.answer(names.namesOf(invites.map((invite) => invite.created_by)));
    for (const invite of invites) {
      count++;
      const { code, conversation_id, expires_at, uses, uses_max } = invite;
      const created_by = nameOf(invite.created_by);
      await tell(
        context,
        {
          code,
          conversation_id,
          created_by,
          expires_at,
          uses,
          ...(uses_max === undefined ? {} : { uses_max }),
        },
        `${sanitizeLine(code)}  into ${conversationLabel(group)} by ${sanitizeLine(created_by)}, ${terms(invite)}; ${plural(uses, 'user')} came by it`,
      );
    }
  }
  if (count === 0 && !context.json) await context.stdout.line('No invitation is good any more.');
}

async function revokeInvite(code: string, options: InviteOptions, context: CliContext): Promise<void> {
  await using session = await Session.open(context, options);
  const { groups } = session.client;
  const id = await groupOf(session, code, options.conversation);
  await session.answer(groups.revokeInvite(id, code));
  await tell(context, { code, revoked: true }, 'The invitation lets nobody in any more.');
}

/** Where no group was named, the one whose invitation it is. */
async function groupOf(session: Session, code: string, conversation: string | undefined): Promise<string> {
  for await (const { conversation_id } of groupsInQuestion(session, conversation)) {
    if (conversation !== undefined) return conversation_id;
    const invites = await session.answer(session.client.groups.invites(conversation_id));
    if (invites.some((invite) => invite.code === code)) return conversation_id;
  }
  throw new CliError({
    code: 'not_found',
    field: 'code',
    message: 'None of your groups has this invitation. See yours with: parley invite --list',
  });
}

function terms({ expires_at, uses_max }: InviteView): string {
  const { date, time } = moment(expires_at);
  return `until ${date} ${time}${uses_max === undefined ? '' : `, at most ${plural(uses_max, 'user')}`}`;
}

/** -> {"conversation_id"} */
async function join(code: string | undefined, options: JoinOptions, context: CliContext): Promise<void> {
  const { channel } = options;
  if (code === undefined ? channel === undefined : channel !== undefined)
    throw usageError('Say what to join: parley join CODE, or parley join --channel ID.');
  if (channel !== undefined && !ID_PATTERN.test(channel)) {
    throw new CliError({
      code: 'invalid_field',
      field: 'conversation_id',
      message: `--channel takes the id of a channel, not ${JSON.stringify(channel)}. Find it with: parley channels TEXT`,
    });
  }
  await using session = await Session.open(context, options);
  const by = channel === undefined ? { code: code ?? '' } : { conversation_id: channel };
  const view = await session.answer(session.client.groups.join(by));
  const { conversation_id } = view;
  await tell(
    context,
    { conversation_id },
    `You are in ${conversationLabel(view)}.\nTry: parley chat --conversation ${conversation_id}${profileFlag(options.profile)}`,
  );
}

/** -> a line each: {"conversation_id","title","members"} */
async function listChannels(
  text: string | undefined,
  options: SessionOptions,
  context: CliContext,
): Promise<void> {
  await using session = await Session.open(context, options);
  let count = 0;
  for await (const row of session.answers(session.client.groups.findChannels(text))) {
    count++;
    const { conversation_id, title, members } = row;
    await tell(
      context,
      { conversation_id, title, members },
      `${context.colors.dim(conversation_id.padEnd(ID_WIDTH))} ${sanitizeLine(title)}  (${plural(members, 'member')})`,
    );
  }
  if (count === 0 && !context.json) await context.stdout.line('There is no such public channel.');
}
