// The command line of `npm run services`, and the folder and ports that go with it.
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { engineNames, testedEngines, type Setting } from './catalogue.ts';
import { ServicesError } from './engine.ts';

export const commands = ['install', 'start', 'stop', 'kill', 'reset', 'status', 'env'] as const;
export type Command = (typeof commands)[number];

export interface Invocation extends Setting {
  readonly command: Command;
  readonly names: readonly string[];
}

const PORT_BASE_DEFAULT = 17_000;
/** Ports below are the system's; those above are taken at will by whoever connects to something. */
const PORT_BASE_MIN = 1_024;
const PORT_BASE_MAX = 32_000;

export const usage = `npm run services [-- -d FOLDER] ${commands.join('|')} [NAME…]
  start     installs what is missing, starts, and waits until it answers
  stop      asks it to end and keeps its data; kill: SIGKILL; reset: kill, and remove the data
  env       what tests need to find the engines that answer, as VARIABLE=VALUE
  NAME      ${engineNames.join(', ')}; one member of several is cassandra3.2
            None: ${testedEngines.join(', ')} (stop, kill, reset and status: all)
  FOLDER    holds downloads and data; node_modules/.cache/parley-services unless said
  PARLEY_SERVICES_PORT_BASE=${PORT_BASE_DEFAULT}: the engines listen on the hundred ports from there`;

export function readInvocation(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  root: string,
): Invocation {
  const options = { folder: { type: 'string', short: 'd' } } as const;
  const { values, positionals } = parseOrExplain(() =>
    parseArgs({ args: [...args], options, allowPositionals: true }),
  );
  const [given, ...names] = positionals;
  const command = commands.find((known) => known === given);
  if (command === undefined) throw new ServicesError(usage);
  const needsOne = command === 'install' || command === 'start' || command === 'env';
  return {
    command,
    names: names.length > 0 ? names : needsOne ? testedEngines : engineNames,
    folder: resolve(values.folder ?? join(root, 'node_modules/.cache/parley-services')),
    portBase: portBaseOf(environment['PARLEY_SERVICES_PORT_BASE']),
  };
}

function parseOrExplain<Parsed>(parse: () => Parsed): Parsed {
  try {
    return parse();
  } catch {
    throw new ServicesError(usage);
  }
}

function portBaseOf(text: string | undefined): number {
  if (text === undefined || text === '') return PORT_BASE_DEFAULT;
  const base = /^\d{4,5}$/.test(text) ? Number(text) : NaN;
  if (base >= PORT_BASE_MIN && base <= PORT_BASE_MAX) return base;
  throw new ServicesError(
    `PARLEY_SERVICES_PORT_BASE is a number from ${PORT_BASE_MIN} to ${PORT_BASE_MAX}, not '${text}'`,
  );
}
