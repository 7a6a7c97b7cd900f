// Running as one of the system's own users what refuses to be run by root.
import { run } from './commands.ts';

/** What to put before a command; nothing where we are not root, and the command runs as who we are. */
export function asUser(user: string): readonly string[] {
  if (!isRoot()) return [];
  // It may pass through folders that are private to root: the checkout may lie in one.
  const passing = ['--inh-caps=+dac_override', '--ambient-caps=+dac_override'];
  return ['setpriv', `--reuid=${user}`, `--regid=${user}`, '--clear-groups', ...passing];
}

/** Makes the user the owner of a folder and all in it. */
export async function give(folder: string, user: string): Promise<void> {
  if (isRoot()) await run(['chown', '-R', `${user}:`, folder]);
}

export function isRoot(): boolean {
  return process.getuid?.() === 0;
}
