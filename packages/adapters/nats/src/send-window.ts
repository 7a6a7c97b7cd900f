// Bounds what is sent and not yet known to have reached the server, where neither library nor socket has a bound.
import { CONFIRMED_EACH_BYTES } from './limits.ts';

/** What the window asks of a connection: a question that is answered after all that was sent before it. */
export interface Confirming {
  flush(): Promise<void>;
}

export class SendWindow {
  readonly #maxBytes: number;
  /** Sent since the question that is on its way, or since the last answer. */
  #sentBytes = 0;
  /** Sent before the question that is on its way. */
  #askedBytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** False when there is no room: the message is to be dropped. */
  admits(bytes: number): boolean {
    return this.#askedBytes + this.#sentBytes + bytes <= this.#maxBytes;
  }

  /** To be called after a message was handed to the connection. */
  sent(connection: Confirming, bytes: number): void {
    this.#sentBytes += bytes;
    if (this.#askedBytes > 0 || this.#sentBytes < CONFIRMED_EACH_BYTES) return;
    this.#askedBytes = this.#sentBytes;
    this.#sentBytes = 0;
    void connection.flush().then(
      () => {
        this.#askedBytes = 0;
        this.sent(connection, 0);
      },
      // The connection is lost, and what it held is gone with it.
      () => {
        this.#askedBytes = 0;
        this.#sentBytes = 0;
      },
    );
  }
}
