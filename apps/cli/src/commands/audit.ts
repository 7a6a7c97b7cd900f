// parley audit: checks that the data of a server is whole, also while the server runs.
import type { Command } from 'commander';
import { addJsonOption } from '../cli-options.ts';
import type { CliContext } from '../context.ts';
import { plural } from '../plural.ts';
import { asStartError } from '../start-error.ts';

interface AuditOptions {
  readonly data?: string;
}

/** What is counted but is no finding. */
const COUNTS: ReadonlySet<string> = new Set(['conversations', 'entries']);

const HELP = `
Changes nothing; a server may run on the folder meanwhile, so that what may be on its way (inbox_behind) is looked at
once more after a second. Exit code 0: everything is whole. Exit code 1: something was found, or the folder cannot be read.`;

export function addAudit(program: Command, context: CliContext): void {
  const command = program
    .command('audit')
    .description("check that a server's data is whole")
    .option('--data <folder>', 'the data folder (default: PARLEY_DATA or ./parley-data)');
  addJsonOption(command)
    .addHelpText('after', HELP)
    .action((options: AuditOptions) => run(options, context));
}

async function run({ data }: AuditOptions, context: CliContext): Promise<void> {
  const { directory, report } = await auditFolder(data);
  const findings = Object.entries(report).filter(([name, count]) => !COUNTS.has(name) && count !== 0);
  if (findings.length > 0) context.setExitCode(1);
  if (context.json) return await context.stdout.json({ ...report, ok: findings.length === 0 });
  const { conversations, entries } = report;
  const looked = `${plural(conversations, 'conversation')} with ${plural(entries, 'entry', 'entries')}`;
  if (findings.length === 0)
    return await context.stdout.line(`${directory} is whole: ${looked}, nothing found.`);
  await context.stdout.line(`${directory} is not whole. Of ${looked}:`);
  for (const [name, count] of findings) await context.stdout.line(`  ${name}: ${count}`);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function auditFolder(data: string | undefined) {
  const [{ audit }, { dataFolder }, { readEnvironment }] = await Promise.all([
    import('@parley/server-app/audit'),
    import('@parley/server-app/stores-config'),
    import('@parley/server-app/env'),
  ]);
  try {
    const directory = dataFolder(readEnvironment(), data);
    return { directory, report: await audit(directory, { pause }) };
  } catch (error) {
    throw asStartError(error, {});
  }
}
