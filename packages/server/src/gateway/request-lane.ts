// Requests of one session that read: some at a time, and none while the client has much to read, so that no answer piles up.
import { PUSH_BUFFER_MAX_BYTES } from './limits.ts';

export interface WaitingRequest<Frame> {
  readonly frame: Frame;
  /** What it counts for while it is in flight. */
  readonly bytes: number;
}

export interface RequestLaneParts<Frame> {
  readonly activeMaxCount: number;
  readonly waitingBytes: () => number;
  /** Must not reject. */
  readonly carryOut: (waiting: WaitingRequest<Frame>) => Promise<void>;
}

export class RequestLane<Frame> {
  readonly #parts: RequestLaneParts<Frame>;
  readonly #queue: WaitingRequest<Frame>[] = [];
  #active = 0;

  /** What waits here is bounded by the session's requests in flight. */
  constructor(parts: RequestLaneParts<Frame>) {
    this.#parts = parts;
  }

  add(waiting: WaitingRequest<Frame>): void {
    this.#queue.push(waiting);
    this.next();
  }

  /** The session is gone: nobody waits for these answers any more. */
  clear(): void {
    this.#queue.length = 0;
  }

  /** Called when an answer is written or the socket has drained. */
  next(): void {
    const { activeMaxCount, waitingBytes, carryOut } = this.#parts;
    while (this.#active < activeMaxCount && waitingBytes() < PUSH_BUFFER_MAX_BYTES) {
      const waiting = this.#queue.shift();
      if (waiting === undefined) return;
      this.#active += 1;
      void carryOut(waiting).then(() => {
        this.#active -= 1;
        this.next();
      });
    }
  }
}
