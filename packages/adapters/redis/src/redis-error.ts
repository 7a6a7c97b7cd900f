// What an error of Redis or its client means for those who wait.
import { ClientClosedError, ClientOfflineError, ErrorReply, RootNodesUnavailableError } from '@redis/client';
import { StoreError } from '@parley/ports/store-error';

/** Whether a command may have changed something. */
export type Effect = 'read' | 'write';

export const isUnknownScript = (error: unknown) =>
  error instanceof ErrorReply && error.message.startsWith('NOSCRIPT');

export function storeError(error: unknown, effect: Effect): StoreError {
  const cause = error instanceof Error ? error.message : String(error);
  if (error instanceof ErrorReply) {
    return new StoreError(cause.startsWith('OOM') ? 'storage_full' : 'unavailable', `Redis: ${cause}`);
  }
  return effect === 'read' || wasNotSent(error) ? unavailable(cause) : unknownOutcome(cause);
}

export const unavailable = (cause: string) => new StoreError('unavailable', `Redis cannot be used: ${cause}`);

export const unanswered = (effect: Effect) =>
  effect === 'read' ? unavailable('no answer in time') : unknownOutcome('no answer in time');

const unknownOutcome = (cause: string) =>
  new StoreError('outcome_unknown', `Redis may have done it or not: ${cause}`);

const wasNotSent = (error: unknown) =>
  error instanceof ClientOfflineError ||
  error instanceof ClientClosedError ||
  error instanceof RootNodesUnavailableError;
