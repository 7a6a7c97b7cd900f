// What one session reads of logs: some at a time, and none while the client has much to read, so that no answer piles up.
import type { LogRead } from './frame-router.ts';
import { PULLS_ACTIVE_MAX_COUNT, PUSH_BUFFER_MAX_BYTES } from './limits.ts';

export interface WaitingPull {
  readonly frame: LogRead;
  /** What it counts for while it is in flight. */
  readonly bytes: number;
}

export class PullLane {
  readonly #waitingBytes: () => number;
  readonly #read: (waiting: WaitingPull) => Promise<void>;
  readonly #queue: WaitingPull[] = [];
  #active = 0;

  /** `read` must not reject. What waits here is bounded by the session's requests in flight. */
  constructor(parts: { waitingBytes: () => number; read: (waiting: WaitingPull) => Promise<void> }) {
    this.#waitingBytes = parts.waitingBytes;
    this.#read = parts.read;
  }

  add(waiting: WaitingPull): void {
    this.#queue.push(waiting);
    this.next();
  }

  /** The session is gone: nobody waits for these answers any more. */
  clear(): void {
    this.#queue.length = 0;
  }

  /** Called when an answer is written or the socket has drained. */
  next(): void {
    while (this.#active < PULLS_ACTIVE_MAX_COUNT && this.#waitingBytes() < PUSH_BUFFER_MAX_BYTES) {
      const waiting = this.#queue.shift();
      if (waiting === undefined) return;
      this.#active += 1;
      void this.#read(waiting).then(() => {
        this.#active -= 1;
        this.next();
      });
    }
  }
}
