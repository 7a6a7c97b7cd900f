// Opens the data of a folder for looking at it from outside, also while a server runs on it: takes no lock, writes nothing.
import type { Database } from 'bun:sqlite';
import { existsSync } from 'node:fs';
import { StoreError } from '@parley/ports/store-error';
import { dataFolder } from './data-folder.ts';
import { openReader } from './database.ts';
import { checkApplied, MIGRATIONS } from './migrations.ts';
import { primaryCode, SQLITE_CORRUPT, SQLITE_NOTADB } from './sqlite-fault.ts';

/** Throws a StoreError where there is no data. */
export function openData(directory: string): Database {
  const folder = dataFolder(directory);
  if (!existsSync(folder.database)) {
    throw new StoreError('unavailable', `There is no Parley data in ${folder.directory}`);
  }
  return openReader(folder.database);
}

/** Throws a StoreError unless the data is of this version. */
export function checkSchema(database: Database): void {
  const applied = database
    .query<{ version: number; name: string }, []>('SELECT version, name FROM migrations ORDER BY version')
    .all();
  checkApplied(applied, MIGRATIONS);
  if (applied.length < MIGRATIONS.length) {
    throw new StoreError('unavailable', 'The data is of an older version of Parley: start the server once');
  }
}

/** The error of a read as it is to be told: a StoreError where the file is damaged, else as it came. */
export function asReadError(error: unknown): unknown {
  const code = primaryCode(error);
  if (code !== SQLITE_CORRUPT && code !== SQLITE_NOTADB) return error;
  const words = error instanceof Error ? error.message : String(error);
  return new StoreError('unavailable', `The data is damaged: ${words}`);
}
