// What SQLite's result codes mean for those who wait for a batch, by the step at which they come.
//
// | code                                | before COMMIT           | at COMMIT                          |
// |-------------------------------------|-------------------------|------------------------------------|
// | FULL                                | storage_full, goes on   | storage_full, goes on              |
// | BUSY, LOCKED                        | unavailable, goes on    | unavailable, goes on               |
// | READONLY, CANTOPEN, PERM, NOMEM     | unavailable, goes on    | unknown, stops                     |
// | CONSTRAINT, MISMATCH, TOOBIG, RANGE | that request is at fault| unknown, stops                     |
// | IOERR, CORRUPT, NOTADB and any other| unavailable, stops      | unknown, stops                     |
//
// Nothing before COMMIT can last: recovery takes only frames of the WAL that a commit frame ends, and COMMIT writes it.
// FULL at COMMIT comes from a write that fell short, at the latest that of the commit frame itself, which then fails
// its checksum. Everything else at COMMIT may come after the frame was written, a failed fsync above all: the kernel
// may then hold pages as clean that never reached the disk, so nothing that is read from now on may be acknowledged.
import { SQLiteError } from 'bun:sqlite';

export const SQLITE_PERM = 3;
export const SQLITE_BUSY = 5;
export const SQLITE_LOCKED = 6;
export const SQLITE_NOMEM = 7;
export const SQLITE_READONLY = 8;
export const SQLITE_CORRUPT = 11;
export const SQLITE_FULL = 13;
export const SQLITE_CANTOPEN = 14;
export const SQLITE_TOOBIG = 18;
export const SQLITE_CONSTRAINT = 19;
export const SQLITE_MISMATCH = 20;
export const SQLITE_RANGE = 25;
export const SQLITE_NOTADB = 26;

export type Step = 'begin' | 'write' | 'commit';

export type Verdict =
  /** The request that was being written is at fault, the others are not. */
  | 'invalid_request'
  | 'storage_full'
  | 'unavailable'
  /** As unavailable, and nothing may be written any more. */
  | 'stopped'
  /** It may have been written, and nothing may be written any more. */
  | 'unknown';

/** The low byte of an extended result code; undefined for what is not an error of SQLite. */
export function primaryCode(error: unknown): number | undefined {
  return error instanceof SQLiteError ? error.errno & 0xff : undefined;
}

/** What an error means, by its primary code (undefined: no error of SQLite) and where it came. */
export function judge(code: number | undefined, step: Step): Verdict {
  if (code === SQLITE_FULL) return 'storage_full';
  if (code === SQLITE_BUSY || code === SQLITE_LOCKED) return 'unavailable';
  if (step === 'commit') return 'unknown';
  switch (code) {
    case SQLITE_PERM:
    case SQLITE_NOMEM:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
      return 'unavailable';
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_TOOBIG:
    case SQLITE_RANGE:
    case undefined:
      return step === 'write' ? 'invalid_request' : 'stopped';
    default:
      return 'stopped';
  }
}
