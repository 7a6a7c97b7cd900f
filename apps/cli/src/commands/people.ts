// parley settings, block, unblock, blocked: what one lets others see, and whom one keeps away.
import type { Settings } from '@parley/client';
import { Option, type Command } from 'commander';
import { addSessionOptions, type SessionOptions } from '../cli-options.ts';
import type { CliContext } from '../context.ts';
import { sanitizeLine } from '../sanitize.ts';
import { Session } from '../session.ts';
import { tell } from '../tell.ts';
import { userNamed } from '../users-named.ts';

interface SettingsOptions extends SessionOptions {
  readonly readReceipts?: 'on' | 'off';
  readonly visibility?: Settings['visibility'];
}

const SETTINGS_HELP = `
Without an option it shows what is set. With read receipts off others do not see what you read from then on, and you do
not see what they read. "contacts" are those whom you watch.`;
const BLOCK_HELP = `
Nothing that they send in the direct conversation is taken any more, and they cannot bring you into a group nor see
whether you are there. In groups you see what they write; it is no mention for you.`;

export function addPeople(program: Command, context: CliContext): void {
  addSessionOptions(program.command('settings').description('show or change what others may see of you'))
    .addOption(
      new Option('--read-receipts <state>', 'whether it is told what you read').choices(['on', 'off']),
    )
    .addOption(
      new Option('--visibility <whom>', 'who sees whether you are there').choices([
        'everyone',
        'contacts',
        'nobody',
      ]),
    )
    .addHelpText('after', SETTINGS_HELP)
    .action((options: SettingsOptions) => settings(options, context));
  addSessionOptions(program.command('block').description('keep a user away').argument('<name>'))
    .addHelpText('after', BLOCK_HELP)
    .action((name: string, options: SessionOptions) => block(name, true, options, context));
  addSessionOptions(program.command('unblock').description('take a block back').argument('<name>')).action(
    (name: string, options: SessionOptions) => block(name, false, options, context),
  );
  addSessionOptions(program.command('blocked').description('list the users that you block')).action(
    (options: SessionOptions) => listBlocked(options, context),
  );
}

/** -> {"read_receipts","visibility"} */
async function settings(options: SettingsOptions, context: CliContext): Promise<void> {
  const { readReceipts, visibility } = options;
  await using session = await Session.open(context, options);
  const { people } = session.client;
  const isChange = readReceipts !== undefined || visibility !== undefined;
  const now = await session.answer(
    isChange
      ? people.setSettings({
          ...(readReceipts === undefined ? {} : { read_receipts: readReceipts === 'on' }),
          ...(visibility === undefined ? {} : { visibility }),
        })
      : people.settings(),
  );
  await tell(
    context,
    now,
    `read receipts: ${now.read_receipts ? 'on' : 'off'}\nwho sees whether you are there: ${now.visibility}`,
  );
}

/** -> {"user","blocked"} */
async function block(
  name: string,
  blocked: boolean,
  options: SessionOptions,
  context: CliContext,
): Promise<void> {
  await using session = await Session.open(context, options);
  const user = await userNamed(session, name);
  const { people } = session.client;
  await session.answer(blocked ? people.block(user) : people.unblock(user));
  const words = blocked ? 'is blocked' : 'is not blocked any more';
  await tell(context, { user: user.name, blocked }, `${sanitizeLine(user.name)} ${words}.`);
}

/** -> a line each: {"user","user_id"} */
async function listBlocked(options: SessionOptions, context: CliContext): Promise<void> {
  await using session = await Session.open(context, options);
  let count = 0;
  for await (const { user_id, name } of session.answers(session.client.people.blocked())) {
    count++;
    await tell(context, { user: name, user_id }, sanitizeLine(name));
  }
  if (count === 0 && !context.json) await context.stdout.line('You block nobody.');
}
