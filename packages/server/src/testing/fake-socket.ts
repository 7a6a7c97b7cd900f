// A socket whose other end is the test: it sees what was written and decides how fast it reads.
import type { CloseCode } from '@parley/protocol/close-code';
import type { SendOutcome, Socket } from '../gateway/socket.ts';

export class FakeSocket implements Socket {
  readonly messages: string[] = [];
  closedWith: { readonly code: CloseCode; readonly reason: string } | undefined;
  terminated = false;
  /** What the next writes answer; the test sets it to play a slow reader. */
  outcome: SendOutcome = 'sent';
  bufferedBytes = 0;

  send(message: string): SendOutcome {
    if (this.closedWith !== undefined) return 'dropped';
    if (this.outcome === 'buffered') this.bufferedBytes += message.length;
    if (this.outcome !== 'dropped') this.messages.push(message);
    return this.outcome;
  }

  /** The reader catches up. The gateway is to be told: `TestClient.drain` does both. */
  readAll(): void {
    this.outcome = 'sent';
    this.bufferedBytes = 0;
  }

  close(code: CloseCode, reason: string): void {
    this.closedWith ??= { code, reason };
  }

  terminate(): void {
    this.terminated = true;
  }
}
