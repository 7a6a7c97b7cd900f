// parley serve: runs the server until it is asked to stop. The server is loaded here only, so that the rest is quick.
import type { Command } from 'commander';
import type { StoresPlace } from '@parley/server-app/stores';
import { CliError } from '../cli-error.ts';
import { addJsonOption, DEFAULT_URL, wholeNumber } from '../cli-options.ts';
import type { CliContext } from '../context.ts';
import { Ending } from '../ending.ts';
import { OutputClosedError } from '../output.ts';
import { asStartError } from '../start-error.ts';
import { VERSION } from '../version.ts';

interface ServeOptions {
  readonly port?: number;
  readonly host?: string;
  readonly data?: string;
}

const HELP = `
With --json the first line on standard output is {"ready":true,"url":"http://127.0.0.1:PORT","pid":N,…}; logs go to
standard error as JSON lines (PARLEY_LOG_LEVEL: debug, info, warn, error, silent).
On SIGTERM or Ctrl-C it answers what is under way, tells its clients and ends with exit code 0. When its storage fails
it ends with exit code 1. One server at a time may use a data folder, or the engines that PARLEY_MESSAGES and
PARLEY_MEMBERS name: a second one waits for 11 s, in case the first has crashed, and ends with exit code 1.`;

export function addServe(program: Command, context: CliContext): void {
  const command = program
    .command('serve')
    .description('run a server')
    .option(
      '--port <number>',
      'listen on this port; 0 takes any free one (default: PARLEY_PORT or 8080)',
      wholeNumber(0, 65_535),
    )
    .option('--host <address>', 'listen on this address (default: PARLEY_HOST or 127.0.0.1)')
    .option('--data <folder>', 'keep everything in this folder (default: PARLEY_DATA or ./parley-data)');
  addJsonOption(command)
    .addHelpText('after', HELP)
    .action((options: ServeOptions) => run(options, context));
}

async function run(options: ServeOptions, context: CliContext): Promise<void> {
  // Before anything else: a signal during the start is a wish to stop as well.
  using ending = new Ending();
  await using server = await start(options);
  await announce(server, context);
  const outcome = await Promise.race([server.closed, ending.reason]);
  if (outcome.kind === 'replaced') {
    throw new CliError({
      code: 'replaced',
      message: `The server stopped; everything that it acknowledged is kept. The reason: ${outcome.reason}.`,
      retry: 'later',
    });
  }
  if (outcome.kind !== 'failed') return;
  throw new CliError({
    code: 'storage_failed',
    message:
      'The storage failed, so the server stopped; everything that it acknowledged is kept. ' +
      `Look at the disk, then start it again. The reason: ${'reason' in outcome ? outcome.reason : String(outcome.error)}`,
    retry: 'later',
  });
}

async function start({ port, host, data }: ServeOptions) {
  const { serve } = await import('@parley/server-app/serve');
  try {
    return await serve({ port, host, directory: data });
  } catch (error) {
    throw asStartError(error, { port, host });
  }
}

async function announce(
  { url, place }: { readonly url: string; readonly place: StoresPlace },
  context: CliContext,
): Promise<void> {
  const { stdout, json, colors } = context;
  try {
    if (json)
      return await stdout.json({ ready: true, url, pid: process.pid, ...placeJson(place), version: VERSION });
    const flag = url === DEFAULT_URL ? '' : ` --url ${url}`;
    await stdout.write(
      `${colors.bold(`Parley ${VERSION}`)} is ready at ${colors.cyan(url)}\n` +
        `${placeText(place)} Ctrl-C stops it.\n\n` +
        'Make yourself an account in another terminal, and chat:\n' +
        `  ${colors.bold(`parley register NAME${flag}`)}\n` +
        `  ${colors.bold('parley chat --to NAME')}\n\n`,
    );
  } catch (error) {
    // Nobody wants to read that it is ready: no reason not to serve.
    if (!(error instanceof OutputClosedError)) throw error;
  }
}

function placeJson(place: StoresPlace): Record<string, string> {
  return place.kind === 'embedded'
    ? { data: place.directory }
    : { messages: place.messages, members: place.members };
}

function placeText(place: StoresPlace): string {
  if (place.kind === 'embedded') return `Everything is kept in ${place.directory}.`;
  const { messages, members } = place;
  return messages === members
    ? `Everything is kept in ${members}.`
    : `Messages are kept in ${messages}, all else in ${members}.`;
}
