// One line about a member for people.
import { readFileSync } from 'node:fs';
import type { Member } from './engine.ts';
import { pidOf } from './member-process.ts';

export function status(member: Member): string {
  const pid = pidOf(member);
  const name = member.name.padEnd(14);
  if (pid === undefined) return `${name} down`;
  const address = `${member.host}:${member.port}`;
  return `${name} up    pid ${String(pid).padEnd(7)} ${address.padEnd(15)}  ${residentMb(pid)} MB`;
}

function residentMb(pid: number): number {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/^VmRSS:\s+(\d+)/m.exec(text)?.[1] ?? 0) / 1024);
}
