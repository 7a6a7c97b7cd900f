// The one error that the SDK throws for what a server, or the SDK in its place, refused.
import {
  fault as makeFault,
  isErrorCode,
  type ErrorCode,
  type Fault,
  type Retry,
} from '@parley/protocol/error-code';

/** A fault as it stands on the wire; a code may be of a later version. */
export type WireFault = {
  code: string;
  message: string;
  retry: Retry;
  field?: string | undefined;
  retry_after_ms?: number | undefined;
  version?: number | undefined;
};

/** A request was refused. `retry` says whether asking the same again can ever succeed. */
export class ParleyError extends Error {
  override readonly name = 'ParleyError';
  readonly fault: Fault;

  constructor(fault: WireFault) {
    super(fault.message);
    this.fault = knownFault(fault);
  }

  get code(): ErrorCode {
    return this.fault.code;
  }

  get retry(): Retry {
    return this.fault.retry;
  }

  /** With `stale_version`: the version that the message has now. */
  get version(): number | undefined {
    return this.fault.version;
  }
}

/** An error made on this side of the wire, in the words of the protocol. */
export function localError(code: ErrorCode, message: string, more: { field?: string } = {}): ParleyError {
  return new ParleyError(makeFault(code, message, more));
}

/** A code that this version does not know reads as `unavailable`; what it says of a retry is kept. */
function knownFault(fault: WireFault): Fault {
  return {
    code: isErrorCode(fault.code) ? fault.code : 'unavailable',
    message: fault.message,
    retry: fault.retry,
    ...(fault.field === undefined ? {} : { field: fault.field }),
    ...(fault.retry_after_ms === undefined ? {} : { retry_after_ms: fault.retry_after_ms }),
    ...(fault.version === undefined ? {} : { version: fault.version }),
  };
}
