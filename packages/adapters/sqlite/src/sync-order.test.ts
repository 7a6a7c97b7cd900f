// The order of system calls: kill -9 does not test fsync, because the page cache survives it.
import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startChild, TestFolder } from './test-folder.ts';

const TRACE = 'trace=pwrite64,write,fsync,fdatasync';
const hasStrace = Bun.which('strace') !== null;
if (!hasStrace) {
  if (process.env['CI'] !== undefined) throw new Error('strace is missing, and CI may not skip its test');
  console.warn('SKIPPED: strace is missing');
}

type Event = 'wal written' | 'wal synced' | 'acknowledged';

/** The events of a trace, a call that was interrupted by another thread's where it returned. */
function eventsOf(trace: string): Event[] {
  const syncing = new Set<string>();
  return trace.split('\n').flatMap((line): Event[] => {
    const [thread = '', call = ''] = line.split(/\s+(.*)/);
    const onWal = call.includes('parley.db-wal>');
    if (call.startsWith('pwrite64(') && onWal) return ['wal written'];
    if (/^f(data)?sync\(/.test(call) && onWal) {
      if (!call.includes('<unfinished')) return ['wal synced'];
      syncing.add(thread);
    }
    if (/^<\.\.\. f(data)?sync resumed/.test(call) && syncing.delete(thread)) return ['wal synced'];
    return call.startsWith('write(1<') && call.includes('applied') ? ['acknowledged'] : [];
  });
}

test.skipIf(!hasStrace)('[INV 8] the WAL is synced after its last write and before the answer', async () => {
  using folder = new TestFolder();
  const file = join(folder.directory, 'trace');
  const under = ['strace', '-f', '-y', '-s', '200', '-o', file, '-e', TRACE];
  const child = startChild({
    directory: join(folder.directory, 'data'),
    conversations: 1,
    rounds: 20,
    under,
  });
  expect(await child.exited).toBe(0);
  const events = eventsOf(readFileSync(file, 'utf8'));
  expect(events.filter((event) => event === 'acknowledged')).toHaveLength(20);
  let synced = false;
  let writes = 0;
  for (const event of events) {
    if (event === 'acknowledged') expect([synced, writes > 0]).toEqual([true, true]);
    // One conversation has one append at a time, so what is written after an answer belongs to the next one.
    if (event === 'wal written') writes += 1;
    if (event === 'acknowledged') writes = 0;
    synced = event === 'wal synced' || (synced && event !== 'wal written' && event !== 'acknowledged');
  }
});
