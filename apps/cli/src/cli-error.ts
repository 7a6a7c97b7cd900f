// What the command line answers when it cannot do what was asked: a code, words for people, and an exit code.
import type { Retry } from '@parley/protocol/error-code';

/** 1: refused, nothing more to be done here. 2: the command itself was not understood. */
export type FailureExit = 1 | 2;

export interface CliErrorOptions {
  /** The server's code, or one of our own: usage, unreachable, timed_out, no_profile, … */
  readonly code: string;
  /** What happened, what was kept, what to do. */
  readonly message: string;
  readonly retry?: Retry;
  readonly field?: string | undefined;
  /** With stale_version: the version that the message has now. */
  readonly version?: number | undefined;
  readonly exit?: FailureExit;
}

/** An expected failure: shown without a stack trace. Anything else that is thrown is a defect of ours. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly code: string;
  readonly retry: Retry;
  readonly field: string | undefined;
  readonly version: number | undefined;
  readonly exit: FailureExit;

  constructor(options: CliErrorOptions) {
    super(options.message);
    this.code = options.code;
    this.retry = options.retry ?? 'no';
    this.field = options.field;
    this.version = options.version;
    this.exit = options.exit ?? 1;
  }
}

/** The command was not understood: exit code 2. */
export function usageError(message: string): CliError {
  return new CliError({ code: 'usage', message, exit: 2 });
}

/** The object under "error" of a JSON error line. */
export function errorObject(error: CliError): Record<string, unknown> {
  const object: Record<string, unknown> = { code: error.code, message: error.message, retry: error.retry };
  if (error.field !== undefined) object['field'] = error.field;
  if (error.version !== undefined) object['version'] = error.version;
  return object;
}
