// Opens connections with the settings that durability depends on, and proves each by reading it back.
import { Database } from 'bun:sqlite';
import { StoreError } from '@parley/ports/store-error';

/** Older versions can corrupt a database when a WAL is reset while another connection checkpoints. */
const SQLITE_VERSION_MIN: readonly [number, number, number] = [3, 51, 3];
const PAGE_BYTES = 4_096;
const SYNCHRONOUS_FULL = 2;
const SECURE_DELETE_ON = 1;
// Small: behind them is the operating system's cache, and with 64 MiB neither appends nor reads of a database of
// 250 MB were faster.
const WRITER_CACHE_KIB = 1_024;
const READER_CACHE_KIB = 512;
/** How long the writer waits for a lock: only a foreign program can hold one against it. */
export const WRITER_BUSY_MS = 1_000;
const READER_BUSY_MS = 5_000;

/** The connection of the writer, of which there is one. */
export function openWriter(file: string): Database {
  const database = new Database(file, { readwrite: true, create: true });
  try {
    assertVersion(database);
    database.run(`PRAGMA busy_timeout = ${WRITER_BUSY_MS}`);
    // Of effect only while the database is empty.
    database.run(`PRAGMA page_size = ${PAGE_BYTES}; PRAGMA auto_vacuum = NONE`);
    const mode = pragma(database, 'journal_mode = WAL');
    database.run('PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0');
    // What is erased or replaced is overwritten with zeros where it lies. A copy that SQLite left behind in the gap of a
    // page, when it moved rows between pages before (deletes and growing rows make it do that), is not.
    database.run('PRAGMA secure_delete = ON');
    database.run(`PRAGMA cache_size = -${WRITER_CACHE_KIB}; PRAGMA trusted_schema = OFF`);
    assertSetting('journal_mode', mode, 'wal');
    assertSetting('journal_mode', pragma(database, 'journal_mode'), 'wal');
    assertSetting('synchronous', pragma(database, 'synchronous'), SYNCHRONOUS_FULL);
    assertSetting('wal_autocheckpoint', pragma(database, 'wal_autocheckpoint'), 0);
    assertSetting('secure_delete', pragma(database, 'secure_delete'), SECURE_DELETE_ON);
    assertSetting('page_size', pragma(database, 'page_size'), PAGE_BYTES);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** A connection that cannot write. It never checkpoints, also when it is the last to close. */
export function openReader(file: string): Database {
  const database = new Database(file, { readonly: true });
  try {
    assertVersion(database);
    database.run(`PRAGMA busy_timeout = ${READER_BUSY_MS}`);
    database.run(
      `PRAGMA cache_size = -${READER_CACHE_KIB}; PRAGMA query_only = ON; PRAGMA trusted_schema = OFF`,
    );
    assertSetting('query_only', pragma(database, 'query_only'), 1);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function pragma(database: Database, text: string): unknown {
  return database.prepare<unknown, []>(`PRAGMA ${text}`).values()[0]?.[0];
}

function assertSetting(name: string, found: unknown, wanted: number | string): void {
  if (found !== wanted)
    throw new StoreError('unavailable', `SQLite has ${name} = ${String(found)}, not ${wanted}`);
}

export function assertVersion(database: Database): void {
  const text = String(database.prepare<unknown, []>('SELECT sqlite_version()').values()[0]?.[0]);
  const found = text.split('.').map(Number);
  for (const [index, wanted] of SQLITE_VERSION_MIN.entries()) {
    const part = found[index] ?? 0;
    if (part > wanted) return;
    if (part < wanted) throw new StoreError('unavailable', `SQLite ${text} is too old: 3.51.3 is needed`);
  }
}
