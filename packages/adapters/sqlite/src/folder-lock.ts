// Keeps a second server out of a folder: a transaction held for life on a database of its own, which a crash ends.
import { readFileSync, writeFileSync } from 'node:fs';
import { Database } from 'bun:sqlite';
import { StoreError } from '@parley/ports/store-error';
import { primaryCode, SQLITE_BUSY } from './sqlite-fault.ts';
import type { DataFolder } from './data-folder.ts';

export class FolderLock implements Disposable {
  readonly #database: Database;

  /** Throws a StoreError if another server, in this process or another one, holds the folder. */
  constructor(folder: DataFolder) {
    let database: Database | undefined;
    try {
      database = new Database(folder.lock, { readwrite: true, create: true });
      database.run('PRAGMA busy_timeout = 0');
      database.run('BEGIN EXCLUSIVE');
      this.#database = database;
      sayWho(folder);
    } catch (error) {
      database?.close();
      if (primaryCode(error) === SQLITE_BUSY) {
        throw new StoreError(
          'unavailable',
          `Another Parley server is already using the folder ${folder.directory}${holder(folder)}`,
        );
      }
      const reason = error instanceof Error ? error.message : String(error);
      throw new StoreError('unavailable', `The folder ${folder.directory} cannot be locked: ${reason}`);
    }
  }

  [Symbol.dispose](): void {
    this.#database.close(true);
  }
}

/** Only a message depends on it, so a folder where it cannot be written is no reason to stop. */
function sayWho(folder: DataFolder): void {
  try {
    writeFileSync(folder.holder, `${process.pid}\n`, { mode: 0o600 });
  } catch {
    return;
  }
}

/** Which process that is, where it could say so: for people, the lock itself is what counts. */
function holder(folder: DataFolder): string {
  try {
    const pid = readFileSync(folder.holder, 'utf8').trim();
    return /^[0-9]+$/.test(pid) ? ` (process ${pid})` : '';
  } catch {
    return '';
  }
}
