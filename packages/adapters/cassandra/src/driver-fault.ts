// What an error of the driver means: not sent, refused for good, or nobody knows.
import { errors, types } from 'cassandra-driver';
import { StoreError } from '@parley/ports/store-error';

/** Codes from here on say that the request itself is wrong: only a bug, or a schema of another version, makes them. */
const FIRST_CODE_OF_A_WRONG_REQUEST: number = types.responseErrorCodes.syntaxError;

/**
 * `not_sent`: no node has it, nor ever will: the driver does not try again by itself what is not idempotent.
 * `wrong`: refused for what it says. `unknown`: it may take effect, also later.
 */
export type FaultKind = 'not_sent' | 'wrong' | 'unknown';

export function faultKindOf(error: unknown): FaultKind {
  if (error instanceof StoreError) return error.kind === 'outcome_unknown' ? 'unknown' : 'not_sent';
  if (error instanceof errors.NoHostAvailableError || error instanceof errors.BusyConnectionError)
    return 'not_sent';
  if (error instanceof errors.ResponseError) {
    return error.code >= FIRST_CODE_OF_A_WRONG_REQUEST ? 'wrong' : 'unknown';
  }
  if (error instanceof errors.OperationTimedOutError) return 'unknown';
  // What else the driver throws is a socket that closed, or a value that it could not encode.
  return error instanceof TypeError || error instanceof errors.ArgumentError ? 'wrong' : 'unknown';
}

/** For what writes nothing, so that its fate is always known. */
export function readFault(error: unknown): unknown {
  if (error instanceof StoreError || faultKindOf(error) === 'wrong') return error;
  return new StoreError('unavailable', `Cassandra did not answer: ${messageOf(error)}`);
}

export function writeFault(error: unknown): unknown {
  if (error instanceof StoreError) return error;
  switch (faultKindOf(error)) {
    case 'wrong':
      return error;
    case 'not_sent':
      return new StoreError('unavailable', `Cassandra cannot be reached: ${messageOf(error)}`);
    case 'unknown':
      return new StoreError('outcome_unknown', `Cassandra did not confirm a write: ${messageOf(error)}`);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
