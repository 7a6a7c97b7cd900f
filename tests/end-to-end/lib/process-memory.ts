// How much memory a process holds, from /proc.
import { existsSync, readFileSync } from 'node:fs';

export const canReadMemory = existsSync('/proc/self/status');

/** Resident bytes. */
export function residentBytes(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  if (kilobytes === undefined) throw new Error(`no VmRSS of ${pid}`);
  return Number(kilobytes) * 1_024;
}
