// What the kernel says of a process and of the machine: CPU time, memory, flushes of the disk.
import { readFileSync } from 'node:fs';

const TICKS_PER_SECOND = 100;
const DISK_FLUSHES_COLUMN = 18;

/** utime + stime of all threads, in microseconds (the kernel counts in steps of 10 ms). */
export function cpuMicros(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND) * 1e6;
}

/** CPU time that all processes of the machine have used, in microseconds; time in interrupts is nobody's. */
export function machineCpuMicros(): number {
  const [user = 0, nice = 0, system = 0] = (readFileSync('/proc/stat', 'utf8').split('\n')[0] ?? '')
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return ((user + nice + system) / TICKS_PER_SECOND) * 1e6;
}

/** Resident memory in KB. */
export function rssKb(pid: number): number {
  return kbOf(`/proc/${pid}/status`, 'VmRSS');
}

/** The machine's kernel objects (sockets among them) in KB; it counts both ends of a loopback connection. */
export function slabKb(): number {
  return kbOf('/proc/meminfo', 'Slab');
}

/** Flush requests that all disks of this machine have finished since it started. */
export function diskFlushes(): number {
  return readFileSync('/proc/diskstats', 'utf8')
    .trim()
    .split('\n')
    .reduce((sum, line) => sum + Number(line.trim().split(/\s+/)[DISK_FLUSHES_COLUMN] ?? 0), 0);
}

function kbOf(file: string, name: string): number {
  const match = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(readFileSync(file, 'utf8'));
  return Number(match?.[1] ?? Number.NaN);
}
