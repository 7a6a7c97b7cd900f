// Retention of the log itself, where the operator asked for it: drops what is older and raises the floor.
import type { ConversationId, Seq } from '@parley/protocol/ids';
import { IDEMPOTENCY_MIN_MS } from '@parley/protocol/limits';
import type { Clock } from '@parley/ports/clock';
import type { Log } from '@parley/ports/log';
import type { MessageStore } from '@parley/ports/message-store';

const CONVERSATIONS_PER_PASS_MAX_COUNT = 100;
const ROWS_PER_READ_MAX_COUNT = 1_000;

export class Retention {
  readonly #messages: MessageStore;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #keepMs: number;

  /** Throws RangeError when entries would go before their client_msg_ids may be forgotten. */
  constructor(parts: { messages: MessageStore; clock: Clock; log: Log; keepMs: number }) {
    if (parts.keepMs < IDEMPOTENCY_MIN_MS) throw new RangeError('Entries are kept for at least 24 h.');
    this.#messages = parts.messages;
    this.#clock = parts.clock;
    this.#log = parts.log;
    this.#keepMs = parts.keepMs;
  }

  /** One pass; returns how many conversations it shortened. Call it again soon when that is the most a pass takes. */
  async pass(): Promise<number> {
    const before = this.#clock.now() - this.#keepMs;
    const due = await this.#messages.olderThan(before, CONVERSATIONS_PER_PASS_MAX_COUNT);
    let shortened = 0;
    for (const conversation of due) {
      const through = await this.#lastBefore(conversation, before);
      if (through === undefined) continue;
      await this.#messages.drop(conversation, through);
      shortened += 1;
    }
    if (shortened > 0) this.#log.info({ conversations: shortened, before }, 'retention dropped old entries');
    return shortened;
  }

  async #lastBefore(conversation: ConversationId, before: number): Promise<Seq | undefined> {
    const { floor, head } = await this.#messages.state(conversation);
    const page = await this.#messages.read({
      conversation,
      after: floor,
      to: head,
      limit: ROWS_PER_READ_MAX_COUNT,
      maxBytes: Number.MAX_SAFE_INTEGER,
    });
    return page.entries.findLast((entry) => entry.at < before)?.seq;
  }
}
