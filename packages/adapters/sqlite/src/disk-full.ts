// Tells a full disk from other reasons why a folder cannot be opened: an operator can do something about it.
import { statfsSync } from 'node:fs';
import { StoreError } from '@parley/ports/store-error';

/** How SQLite and the system call it. */
const FULL = /database or disk is full|ENOSPC|EDQUOT/;
/** What else SQLite says where its files could not grow. */
const MAYBE_FULL = /disk I\/O error|unable to open database/;
/** Less than this is no space: a new folder needs more. */
const SPACE_MIN_BYTES = 65_536;

/** The error of an open as it is to be told: `storage_full` where the disk was full, else as it came. */
export function asOpenError(error: unknown, directory: string): unknown {
  const words = error instanceof Error ? error.message : String(error);
  if (!FULL.test(words) && !(MAYBE_FULL.test(words) && hasNoSpace(directory))) return error;
  return new StoreError('storage_full', 'The disk is full: free some space, then start again.');
}

function hasNoSpace(directory: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(directory);
    return bavail * bsize < SPACE_MIN_BYTES;
  } catch {
    return false;
  }
}
