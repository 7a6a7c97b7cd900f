// The parley command as a user has it: each call is a process of its own.
import { fileURLToPath } from 'node:url';
import type { Child } from './child.ts';
import { within } from './poll.ts';
import type { Scope } from './scope.ts';

const MAIN = fileURLToPath(new URL('../../../apps/cli/src/main.ts', import.meta.url));
const RUN_WITHIN_MS = 60_000;

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export type Json = Record<string, unknown>;

export interface SpawnOptions {
  readonly env?: Record<string, string> | undefined;
  readonly onLine?: (line: string) => void;
  /** A command that runs it, such as strace. */
  readonly before?: readonly string[];
}

export class Parley {
  readonly scope: Scope;
  readonly configDir: string;

  /** Profiles are kept in a folder of this scope. */
  constructor(scope: Scope) {
    this.scope = scope;
    this.configDir = scope.folder();
  }

  spawn(args: readonly string[], more: SpawnOptions = {}): Child {
    const { onLine, env, before = [] } = more;
    return this.scope.spawn({
      command: [...before, process.execPath, MAIN, ...args],
      env: { ...cleanEnvironment(), PARLEY_CONFIG_DIR: this.configDir, ...env },
      ...(onLine === undefined ? {} : { onLine }),
    });
  }

  async run(args: readonly string[], input = '', env: Record<string, string> = {}): Promise<Finished> {
    const child = this.spawn(args, { env });
    if (input !== '') await child.write(input);
    await child.endInput();
    const { code } = await within(`parley ${args.join(' ')}`, child.exited, RUN_WITHIN_MS);
    return { code, stdout: child.stdout, stderr: child.stderr };
  }

  /** Runs with --json and reads its lines; throws when it fails. */
  async json(args: readonly string[], input = ''): Promise<Json[]> {
    return (await this.text([...args, '--json'], input)).map(parse);
  }

  /** The lines that a command prints; throws when it fails. */
  async text(args: readonly string[], input = ''): Promise<string[]> {
    const { code, stdout, stderr } = await this.run(args, input);
    if (code !== 0) throw new Error(`parley ${args.join(' ')}: exit code ${code}\n${stdout}\n${stderr}`);
    return stdout.split('\n').filter((line) => line !== '');
  }

  /** Registers a user under a profile of the same name. */
  async register(name: string, url: string): Promise<void> {
    await this.json(
      ['register', name, '--url', url, '--profile', name, '--password-stdin'],
      `${passwordOf(name)}\n`,
    );
  }
}

export function passwordOf(name: string): string {
  return `${name} likes long passwords 1851`;
}

export function parse(line: string): Json {
  return JSON.parse(line) as Json;
}

/** Nothing of this machine's settings reaches a child but where programs are. */
export function cleanEnvironment(): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', LANG: 'C.UTF-8', NO_COLOR: '1' };
}
