// Retention of the log itself, where the operator asked for it: drops what is older and raises the floor.
import type { ConversationId, Seq } from '@parley/protocol/ids';
import { IDEMPOTENCY_MIN_MS } from '@parley/protocol/limits';
import type { Clock } from '@parley/ports/clock';
import type { Log } from '@parley/ports/log';
import type { MessageStore } from '@parley/ports/message-store';
import type { PersonalStore } from '@parley/ports/personal-store';
import type { ReceiptStore } from '@parley/ports/receipt-store';

const CONVERSATIONS_PER_READ_MAX_COUNT = 100;
/** A write that drops more would make the senders wait. */
const ENTRIES_PER_DROP_MAX_COUNT = 1_000;

export interface RetentionParts {
  readonly messages: MessageStore;
  readonly personal: PersonalStore;
  readonly receipts: ReceiptStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly keepMs: number;
}

export class Retention {
  readonly #messages: MessageStore;
  readonly #personal: PersonalStore;
  readonly #receipts: ReceiptStore;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #keepMs: number;

  /** Throws RangeError when entries would go before their client_msg_ids may be forgotten. */
  constructor(parts: RetentionParts) {
    if (parts.keepMs < IDEMPOTENCY_MIN_MS) throw new RangeError('Entries are kept for at least 24 h.');
    this.#messages = parts.messages;
    this.#personal = parts.personal;
    this.#receipts = parts.receipts;
    this.#clock = parts.clock;
    this.#log = parts.log;
    this.#keepMs = parts.keepMs;
  }

  /** Drops all that is due, in steps, and returns how many conversations it shortened. One pass at a time. */
  async pass(isStopping: () => boolean = () => false): Promise<number> {
    const before = this.#clock.now() - this.#keepMs;
    const shortened = new Set<ConversationId>();
    let dropped: number;
    do {
      dropped = 0;
      const due = await this.#messages.olderThan(before, CONVERSATIONS_PER_READ_MAX_COUNT);
      for (const conversation of due) {
        while (!isStopping() && (await this.#drop(conversation, before))) {
          shortened.add(conversation);
          dropped += 1;
        }
      }
    } while (dropped > 0 && !isStopping());
    if (shortened.size > 0)
      this.#log.info({ conversations: shortened.size, before }, 'retention dropped old entries');
    return shortened.size;
  }

  /** One step; false when nothing of the conversation is due. */
  async #drop(conversation: ConversationId, before: number): Promise<boolean> {
    const { floor, head } = await this.#messages.state(conversation);
    const through = await this.#lastBefore(conversation, floor, head, before);
    if (through === floor) return false;
    await this.#messages.drop(conversation, through);
    // Of what is gone nothing counts any more: this only makes room, and the next step makes good what fails here.
    await this.#personal.forget(conversation, through);
    await this.#receipts.dropTimes(conversation, through);
    return true;
  }

  /**
   * How far a step goes: where its end is not due, the last entry that is, found by halving on their times, which never
   * run backwards within a log. The floor when none is.
   */
  async #lastBefore(conversation: ConversationId, floor: Seq, head: Seq, before: number): Promise<Seq> {
    let old = floor;
    let young = Math.min(head, floor + ENTRIES_PER_DROP_MAX_COUNT) + 1;
    let middle = young - 1;
    while (young - old > 1) {
      const range = { conversation, after: middle - 1, to: head, limit: 1, maxBytes: 0 };
      const [entry] = (await this.#messages.read(range)).entries;
      if (entry !== undefined && entry.at < before) old = entry.seq;
      else young = middle;
      middle = Math.floor((old + young) / 2);
    }
    return old;
  }
}
