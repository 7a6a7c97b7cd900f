// What an error of the driver or the server means for the one who called, by how far the call had gone.
//
// | error                                     | not sent    | sent, cannot commit | sent, may commit  |
// |-------------------------------------------|-------------|---------------------|-------------------|
// | no connection, FATAL, no answer in time   | unavailable | unavailable         | outcome_unknown   |
// | ERROR disk_full                           |             | storage_full        | storage_full      |
// | ERROR of the classes and codes below      |             | unavailable         | unavailable       |
// | any other ERROR, or another Error         |             | as it came: a bug   | as it came: a bug |
//
// An ERROR aborts its transaction, so that nothing was written: the server says so before it could have committed, and
// a failure after the commit record is on the disk is a PANIC. FATAL ends the session, perhaps just after the commit.
import { StoreError } from '@parley/ports/store-error';
import { DatabaseError } from 'pg';

/** `may_commit`: the commit was under way, or the statement commits by itself. */
export type Progress = 'not_sent' | 'cannot_commit' | 'may_commit';

const DISK_FULL = '53100';
const SERIALIZATION_FAILURE = '40001';
const DEADLOCK_DETECTED = '40P01';
const READ_ONLY_TRANSACTION = '25006';
const LOCK_NOT_AVAILABLE = '55P03';
/** Connection, transaction rollback, resources, operator (the statement's time-out too), system. */
const UNAVAILABLE_CLASSES: ReadonlySet<string> = new Set(['08', '40', '53', '57', '58']);

/** The session is over, or nobody knows what it is doing: its connection must be closed. */
export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost';
}

/** What the driver rejected with: the server's ERROR in a session that goes on, or the connection is lost. */
export function asDriverFault(error: unknown): DatabaseError | ConnectionLost {
  if (error instanceof DatabaseError && error.severity === 'ERROR') return error;
  return new ConnectionLost(error instanceof Error ? error.message : String(error), { cause: error });
}

/** The transaction was rolled back because of others that ran at the same time: it may be run again. */
export function isConflict(error: unknown): boolean {
  if (!(error instanceof DatabaseError)) return false;
  return error.code === SERIALIZATION_FAILURE || error.code === DEADLOCK_DETECTED;
}

/** The error to reject with: a StoreError, or what came where a bug is the cause. */
export function faultOf(error: unknown, progress: Progress): unknown {
  if (error instanceof ConnectionLost) {
    const kind = progress === 'may_commit' ? 'outcome_unknown' : 'unavailable';
    return new StoreError(kind, `The connection to PostgreSQL failed: ${error.message}`);
  }
  if (!(error instanceof DatabaseError)) return error;
  const { code = '', message } = error;
  if (code === DISK_FULL) return new StoreError('storage_full', `PostgreSQL has no space: ${message}`);
  const unavailable =
    UNAVAILABLE_CLASSES.has(code.slice(0, 2)) ||
    code === READ_ONLY_TRANSACTION ||
    code === LOCK_NOT_AVAILABLE;
  return unavailable ? new StoreError('unavailable', `PostgreSQL cannot do it now: ${message}`) : error;
}
