// The sends of one conversation, in order: at most one `send` frame is out, what comes meanwhile goes into the next.
import { SEND_MESSAGES_MAX_COUNT } from '@parley/protocol/limits';
import type { Sent as SentFrame } from '@parley/protocol/send';
import { SEND_FRAME_MAX_BYTES } from './client-limits.ts';
import type { PendingSend } from './client-store.ts';
import type { Deferred } from './deferred.ts';
import type { Sent } from './event.ts';
import type { WireFault } from './parley-error.ts';

export type LaneItem = {
  send: PendingSend;
  /** Its share of a frame, in bytes. */
  bytes: number;
  /** Kept in the store: only then may it go out. */
  saved: boolean;
  /** Undefined for a send of an earlier life of the app, which nobody waits for. */
  waiter: Deferred<Sent> | undefined;
};

export type LaneHandler = {
  stored(item: LaneItem, sent: Sent): void;
  refused(item: LaneItem, fault: WireFault): void;
};

export class SendLane {
  readonly #handler: LaneHandler;
  #items: LaneItem[] = [];
  /** How many items at the front are in the frame that is out. */
  #out = 0;
  paused = false;

  constructor(handler: LaneHandler) {
    this.#handler = handler;
  }

  get empty(): boolean {
    return this.#items.length === 0;
  }

  add(item: LaneItem): void {
    this.#items.push(item);
  }

  drop(item: LaneItem): void {
    this.#items = this.#items.filter((other) => other !== item);
  }

  /** Refuses, for good, what the server cannot do; nothing that is out. */
  refuseWhere(cannot: (item: LaneItem) => boolean, fault: WireFault): void {
    const refused = this.#items.slice(this.#out).filter((item) => item.saved && cannot(item));
    this.#items = this.#items.filter((item) => !refused.includes(item));
    for (const item of refused) this.#handler.refused(item, fault);
  }

  /** The next frame's items, which count as out from now on; empty where nothing may go out. */
  take(): readonly LaneItem[] {
    if (this.#out > 0 || this.paused) return [];
    let bytes = 0;
    let count = 0;
    for (const item of this.#items) {
      bytes += item.bytes;
      const fits = count === 0 || (count < SEND_MESSAGES_MAX_COUNT && bytes <= SEND_FRAME_MAX_BYTES);
      if (!item.saved || !fits) break;
      count++;
    }
    this.#out = count;
    return this.#items.slice(0, count);
  }

  /** What was out goes out again, in its old place. */
  retry(): void {
    this.#out = 0;
  }

  /** The frame was refused as a whole, for good. */
  refuse(fault: WireFault): void {
    const refused = this.#items.splice(0, this.#out);
    this.#out = 0;
    for (const item of refused) this.#handler.refused(item, fault);
  }

  /** Settles what has a final answer and keeps the rest; returns the first fault that says "later". */
  answer(results: SentFrame['results']): WireFault | undefined {
    const byId = new Map(results.map((result) => [result.client_msg_id, result]));
    const out = this.#items.splice(0, this.#out);
    this.#out = 0;
    const again: LaneItem[] = [];
    let later: WireFault | undefined;
    for (const item of out) {
      const { client_msg_id, conversation_id } = item.send;
      const result = byId.get(client_msg_id);
      if (result !== undefined && 'seq' in result) {
        const { seq, message_id, at } = result;
        this.#handler.stored(item, { conversation_id, seq, message_id, client_msg_id, at });
      } else if (result?.error.retry === 'no') {
        this.#handler.refused(item, result.error);
      } else {
        later ??= result?.error ?? UNANSWERED;
        again.push(item);
      }
    }
    this.#items.unshift(...again);
    return later;
  }
}

const UNANSWERED: WireFault = {
  code: 'outcome_unknown',
  message: 'The answer does not name this message.',
  retry: 'later',
};
