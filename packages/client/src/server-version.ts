// What a server of an older protocol version cannot do.
import { localError, type ParleyError } from './parley-error.ts';

/** The server speaks version 1: it knows no changes of messages, and no messages beyond plain text. */
export function olderServer(): ParleyError {
  return localError(
    'version_unsupported',
    'This server speaks version 1 of the protocol; this needs version 2. Nothing was sent.',
  );
}
