// parley migrate: brings the schemas of the engines that the environment names up to this version.
import type { Command } from 'commander';
import type { MigratedSchema } from '@parley/server-app/migrate';
import { addJsonOption, wholeNumber } from '../cli-options.ts';
import type { CliContext } from '../context.ts';
import { plural } from '../plural.ts';
import { asStartError } from '../start-error.ts';

interface MigrateOptions {
  readonly copies?: number;
}

const COPIES_MAX_COUNT = 99;

const HELP = `
Reads PARLEY_MESSAGES and PARLEY_MEMBERS, as \`parley serve\` does. May be run again, and several times at once. Run it
before the servers of a new version start; a data folder needs none of it. With --copies it also makes the keyspace of
Cassandra where there is none, with that many copies in its datacenter: 3, and 1 where Cassandra is one machine.`;

export function addMigrate(program: Command, context: CliContext): void {
  const command = program
    .command('migrate')
    .description('prepare the schemas of PostgreSQL and Cassandra')
    .option(
      '--copies <number>',
      'of everything, for a keyspace that is made',
      wholeNumber(1, COPIES_MAX_COUNT),
    );
  addJsonOption(command)
    .addHelpText('after', HELP)
    .action((options: MigrateOptions) => run(options, context));
}

async function run({ copies }: MigrateOptions, { stdout, json }: CliContext): Promise<void> {
  const migrated = await migrateAll(copies);
  if (json) {
    for (const each of migrated) await stdout.json(each);
    return await stdout.json({ ok: true });
  }
  for (const each of migrated) await stdout.line(textOf(each));
  if (migrated.length === 0)
    await stdout.line('Nothing to do: `parley serve` brings a data folder up to date itself.');
}

function textOf({ place, applied }: MigratedSchema): string {
  if (applied.length === 0) return `${place} was up to date.`;
  return `${place} is up to date now, after ${plural(applied.length, 'step')}: ${applied.join(', ')}.`;
}

async function migrateAll(copies: number | undefined): Promise<readonly MigratedSchema[]> {
  const [{ migrate }, { configFrom }, { readEnvironment }] = await Promise.all([
    import('@parley/server-app/migrate'),
    import('@parley/server-app/config'),
    import('@parley/server-app/env'),
  ]);
  try {
    const { stores, logLevel } = configFrom(readEnvironment());
    return await migrate({ stores, logLevel, copies });
  } catch (error) {
    throw asStartError(error, {});
  }
}
