// The folder that holds everything: created for its owner alone, and synced so that its files outlive a power cut.
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { StoreError } from '@parley/ports/store-error';

const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;

export interface DataFolder {
  readonly directory: string;
  readonly database: string;
  readonly lock: string;
  /** Says which process holds the lock, for people. */
  readonly holder: string;
}

export function dataFolder(directory: string): DataFolder {
  const path = resolve(directory);
  return {
    directory: path,
    database: join(path, 'parley.db'),
    lock: join(path, 'lock.db'),
    holder: join(path, 'lock.pid'),
  };
}

/** Makes the folder and its empty files. SQLite gives its -wal and -shm files the mode of the database. */
export function createDataFolder(folder: DataFolder): void {
  try {
    const first = mkdirSync(folder.directory, { recursive: true, mode: FOLDER_MODE });
    for (const file of [folder.database, folder.lock]) {
      if (!existsSync(file)) closeSync(openSync(file, 'a', FILE_MODE));
    }
    syncPath(folder.directory);
    // A folder that was made just now is an entry of its parent, which must reach the disk as well.
    if (first !== undefined) syncPath(dirname(first));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StoreError('unavailable', `The folder ${folder.directory} cannot be used: ${reason}`);
  }
}

/** Waits until what was written to the file or folder is on the disk; one that does not exist is left alone. */
export function syncPath(path: string): void {
  if (!existsSync(path)) return;
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
