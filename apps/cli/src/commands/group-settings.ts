// parley group set, ban, unban: how a group works, and whom it keeps out.
import type { ChatClient } from '@parley/client';
import { SLOW_MODE_MAX_S } from '@parley/protocol/limits';
import { Option, type Command } from 'commander';
import { usageError } from '../cli-error.ts';
import { wholeNumber } from '../cli-options.ts';
import type { CliContext } from '../context.ts';
import { addChange, change, type GroupOptions } from './group-change.ts';

interface SetOptions extends GroupOptions {
  readonly public?: boolean;
  readonly private?: boolean;
  readonly announcements?: 'on' | 'off';
  readonly slowMode?: number;
}

const SET_HELP = `
What is not said stays as it is. In slow mode a member waits between two messages; neither that nor announcements concern
the owner and admins.`;

export function addGroupSettings(group: Command, context: CliContext): void {
  addChange(group.command('set').description('change how the group works'))
    .option('--public', 'a channel: anyone may find and join it')
    .option('--private', 'by invitation only')
    .addOption(
      new Option('--announcements <state>', 'on: only the owner and admins write').choices(['on', 'off']),
    )
    .option(
      '--slow-mode <seconds>',
      'how long a member waits between two messages; 0: not at all',
      wholeNumber(0, SLOW_MODE_MAX_S),
    )
    .addHelpText('after', SET_HELP)
    .action((options: SetOptions) => {
      const settings = settingsOf(options);
      return change(context, options, (client, id, more) => client.groups.setGroup(id, settings, more));
    });
  addChange(
    group.command('ban').description('remove a user and keep the user out').argument('<name>'),
  ).action((name: string, options: GroupOptions) =>
    change(context, options, (client, id, more) => client.groups.ban(id, { name }, more)),
  );
  addChange(group.command('unban').description('let a banned user in again').argument('<name>')).action(
    (name: string, options: GroupOptions) =>
      change(context, options, (client, id, more) => client.groups.unban(id, { name }, more)),
  );
}

type Settings = Parameters<ChatClient['groups']['setGroup']>[1];

function settingsOf({ public: open, private: closed, announcements, slowMode }: SetOptions): Settings {
  if (open === true && closed === true) throw usageError('--public and --private exclude one another.');
  const settings = {
    ...(open === true ? { public: true } : {}),
    ...(closed === true ? { public: false } : {}),
    ...(announcements === undefined ? {} : { announcements: announcements === 'on' }),
    ...(slowMode === undefined ? {} : { slow_mode_s: slowMode }),
  };
  if (Object.keys(settings).length > 0) return settings;
  throw usageError('Say what to change: --public, --private, --announcements on|off or --slow-mode SECONDS.');
}
