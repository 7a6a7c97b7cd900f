// A WebSocket as the gateway sees it. bun-socket.ts is the one file that knows the runtime's own.
import type { CloseCode } from '@parley/protocol/close-code';

/** `buffered`: accepted, but the peer reads slowly. `dropped`: lost, and the socket is of no use any more. */
export type SendOutcome = 'sent' | 'buffered' | 'dropped';

export interface Socket {
  send(message: string): SendOutcome;
  /** Bytes that were accepted and have not left yet. */
  readonly bufferedBytes: number;
  close(code: CloseCode, reason: string): void;
  /** Ends the connection at once, without what it still had to write. Not after `close`, when it may do nothing. */
  terminate(): void;
}
