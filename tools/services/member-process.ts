// The process of a member: started in the background, found again by its pid file, ended.
// The file holds pid and start time, so that a process which got the same pid later is never taken for ours. Linux only.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Member } from './engine.ts';
import { say } from './say.ts';
import { poll } from './waiting.ts';

const STOP_WITHIN_MS = 20_000;
const KILL_WITHIN_MS = 10_000;
const REAPED_WITHIN_MS = 5_000;

/** Runs the command in the background, in a session of its own: it outlives us and our terminal. */
export async function launch(member: Member, command: readonly string[]): Promise<void> {
  const [file = '', ...args] = command;
  // The log of the run before stays: it says why that one ended.
  if (existsSync(logOf(member))) renameSync(logOf(member), `${logOf(member)}.1`);
  const log = openSync(logOf(member), 'w');
  const child = spawn(file, args, { cwd: member.folder, detached: true, stdio: ['ignore', log, log] });
  closeSync(log);
  await once(child, 'spawn');
  writeFileSync(pidFileOf(member), `${child.pid} ${startOf(child.pid ?? 0)}`);
  child.unref();
}

/** The pid of the member's process; undefined where it does not run. */
export function pidOf(member: Member): number | undefined {
  if (!existsSync(pidFileOf(member))) return undefined;
  const [pid, start] = readFileSync(pidFileOf(member), 'utf8').split(' ');
  return start !== undefined && startOf(Number(pid)) === start ? Number(pid) : undefined;
}

/** Asks it to end and sees to it that it does. */
export async function stop(member: Member, signal: NodeJS.Signals): Promise<void> {
  const pid = pidOf(member);
  if (pid === undefined) return;
  process.kill(pid, signal);
  try {
    await gone(member, STOP_WITHIN_MS);
  } catch {
    say(`${member.name} did not stop within ${STOP_WITHIN_MS / 1000} s: killed`);
    await kill(member);
  }
}

/** SIGKILL to the process and those it started. */
export async function kill(member: Member): Promise<void> {
  const pid = pidOf(member);
  if (pid === undefined) return;
  process.kill(-pid, 'SIGKILL');
  await gone(member, KILL_WITHIN_MS);
  await reaped(pid);
}

/** The end of the log, for people. */
export function lastWords(member: Member): string {
  return readFileSync(logOf(member), 'utf8').trimEnd().split('\n').slice(-15).join('\n');
}

export function logOf({ folder }: Member): string {
  return join(folder, 'log');
}

async function gone(member: Member, withinMs: number): Promise<void> {
  await poll(`${member.name} to end`, withinMs, () => pidOf(member) === undefined);
  rmSync(pidFileOf(member), { force: true });
}

/** A dead process keeps its pid until its parent has looked, which PostgreSQL takes for running. Some parents never look. */
async function reaped(pid: number): Promise<void> {
  const deadline = Date.now() + REAPED_WITHIN_MS;
  while (existsSync(`/proc/${pid}`) && Date.now() < deadline) await Bun.sleep(50);
}

function pidFileOf({ folder }: Member): string {
  return join(folder, 'pid');
}

/** When the process started, in ticks since boot; undefined when there is none, or only its exit status is left. */
function startOf(pid: number): string | undefined {
  try {
    // The name in parentheses may hold spaces and parentheses itself.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}
