// When the last messages were accepted, durable and handed to the sessions: a ring in memory, gone with the process.
import type { MessageId } from '@parley/protocol/ids';

/** By the clock, each at or after the one before. */
export interface ServerTimes {
  /** The conversation's owner took it. */
  readonly acceptedAt: number;
  readonly durableAt: number;
  readonly fannedOutAt: number;
}

export class Timelines {
  /** Ids and times in flat arrays, and no object a message: nothing here is work for the garbage collector. */
  readonly #ids: BigInt64Array;
  readonly #acceptedAt: Float64Array;
  readonly #durableAt: Float64Array;
  readonly #fannedOutAt: Float64Array;
  #next = 0;

  /** Of the newest `count` messages. */
  constructor(count: number) {
    this.#ids = new BigInt64Array(count);
    this.#acceptedAt = new Float64Array(count);
    this.#durableAt = new Float64Array(count);
    this.#fannedOutAt = new Float64Array(count);
  }

  /** Once a message, after its announcement. What the clock set back meanwhile is told as no time at all. */
  record(messageId: MessageId, { acceptedAt, durableAt, fannedOutAt }: ServerTimes): void {
    const slot = this.#next;
    this.#next = (slot + 1) % this.#ids.length;
    this.#ids[slot] = BigInt(messageId);
    this.#acceptedAt[slot] = acceptedAt;
    this.#durableAt[slot] = Math.max(acceptedAt, durableAt);
    this.#fannedOutAt[slot] = Math.max(acceptedAt, durableAt, fannedOutAt);
  }

  /** Undefined where it is not remembered. Looks at every slot, some 20 us, which only who asks pays. */
  of(messageId: MessageId): ServerTimes | undefined {
    const slot = this.#ids.lastIndexOf(BigInt(messageId));
    if (slot < 0) return undefined;
    return {
      acceptedAt: this.#acceptedAt[slot] ?? 0,
      durableAt: this.#durableAt[slot] ?? 0,
      fannedOutAt: this.#fannedOutAt[slot] ?? 0,
    };
  }
}
