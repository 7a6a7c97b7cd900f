// Other programs, run to their end.
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { ServicesError } from './engine.ts';

export type Environment = Readonly<Record<string, string>>;

/** Throws with the end of what the program wrote unless it succeeds. */
export async function run(command: readonly string[], environment: Environment = {}): Promise<void> {
  const { status, written } = await finished(command, environment);
  if (status === 0) return;
  throw new ServicesError(
    `${command.join(' ')} failed:\n${written.trimEnd().split('\n').slice(-15).join('\n')}`,
  );
}

export async function succeeds(command: readonly string[]): Promise<boolean> {
  return (await finished(command)).status === 0;
}

/** What the program wrote, however it ended. */
export async function output(command: readonly string[]): Promise<string> {
  return (await finished(command)).written;
}

async function finished(
  command: readonly string[],
  environment: Environment = {},
): Promise<{ status: number; written: string }> {
  const [file = '', ...args] = command;
  const child = spawn(file, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
  });
  const ended = new Promise<number>((resolve) => {
    child.on('error', () => resolve(127)).on('close', (status) => resolve(status ?? 1));
  });
  const [status, out, error] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  return { status, written: out + error };
}
