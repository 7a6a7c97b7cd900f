#!/usr/bin/env bun
// Entry of the command line: builds the context, runs one command and ends with its exit code.
import { CliError, errorObject } from './cli-error.ts';
import { createColors } from './colors.ts';
import { configDir } from './config-dir.ts';
import type { CliContext } from './context.ts';
import { readEnvironment } from './env.ts';
import { Output, OutputClosedError } from './output.ts';
import { ProfileStore } from './profile-store.ts';
import { runProgram } from './program.ts';
import { sanitizeLines } from './sanitize.ts';
import { asCliError } from './sdk-error.ts';

const DEFECT_EXIT = 70;

async function main(args: readonly string[]): Promise<number> {
  const environment = readEnvironment();
  const { noColor, term } = environment;
  const stderr = new Output(2);
  let exitCode: number = 0;
  const options = args.includes('--') ? args.slice(0, args.indexOf('--')) : args;
  const context: CliContext = {
    environment,
    stdout: new Output(1),
    stderr,
    colors: createColors({ isTerminal: process.stdout.isTTY, noColor, term }),
    profiles: new ProfileStore(configDir(environment)),
    json: options.includes('--json'),
    setExitCode: (code) => void (exitCode = code),
  };
  try {
    await runProgram(args, context);
    return exitCode;
  } catch (thrown) {
    // With `parley tail | head` the reader has what it wanted.
    if (thrown instanceof OutputClosedError) return exitCode;
    const error = asCliError(thrown);
    await complain(error, context).catch(() => {}); // standard error may be closed: there is nobody to tell
    return error instanceof CliError ? error.exit : DEFECT_EXIT;
  }
}

async function complain(error: unknown, { json, stderr }: CliContext): Promise<void> {
  if (error instanceof CliError) {
    if (json) return await stderr.json({ error: errorObject(error) });
    return await stderr.write(`${sanitizeLines(error.message).join('\n')}\n`);
  }
  const details = error instanceof Error ? (error.stack ?? error.message) : String(error);
  if (json) return await stderr.json({ error: { code: 'defect', message: details, retry: 'no' } });
  await stderr.write(`This is a defect of parley, please report it:\n${details}\n`);
}

process.exit(await main(process.argv.slice(2)));
