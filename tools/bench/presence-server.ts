// The product's server as `parley serve` starts it, with a status cache as a cluster has one; calls to that and to the
// contact store are counted.
import { MemoryStatusCache } from '@parley/adapter-memory/memory-status-cache';
import { SystemClock } from '@parley/adapter-system/system-clock';
import { SqliteContactStore } from '@parley/adapter-sqlite/sqlite-contact-store';
import { serve } from '@parley/server-app/serve';
import { COUNTED, type Counted } from './presence-counts.ts';
import { sharedNumbers } from './presence-messages.ts';

const [directory = '', counts = ''] = Bun.argv.slice(2);
const numbers = sharedNumbers(counts, COUNTED.length);

/** The bench reads the counts from memory that both share: no timer, no socket, no message. */
function count(prototype: object, name: Counted, rowsOf: (rows: unknown) => number): void {
  const slot = COUNTED.indexOf(name);
  const method = name.slice(name.indexOf('.') + 1);
  const original = Reflect.get(prototype, method) as (...args: unknown[]) => unknown;
  Reflect.set(prototype, method, function counted(this: unknown, ...args: unknown[]): unknown {
    numbers[slot] = (numbers[slot] ?? 0) + rowsOf(args[0]);
    return original.apply(this, args);
  });
}

const one = (): number => 1;
count(MemoryStatusCache.prototype, 'status.set', one);
count(MemoryStatusCache.prototype, 'status.renew', one);
count(SqliteContactStore.prototype, 'contacts.setLastSeen', (rows) =>
  Array.isArray(rows) ? rows.length : 1,
);
count(SqliteContactStore.prototype, 'contacts.watchersAmong', one);
count(SqliteContactStore.prototype, 'contacts.contacts', one);

const server = await serve({ port: '0', directory }, { status: new MemoryStatusCache(new SystemClock()) });
console.log(JSON.stringify({ ready: true, url: server.url, pid: process.pid }));
process.once('SIGTERM', () => void server[Symbol.asyncDispose]());
await server.closed;
