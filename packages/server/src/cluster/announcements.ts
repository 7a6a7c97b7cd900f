// Announces the entries of large groups to the other nodes: at once, and then what came within a moment together.
import type { ConversationId, Seq } from '@parley/protocol/ids';
import type { NodeBus } from '@parley/ports/node-bus';
import type { Timers } from '@parley/ports/timers';
import { ANNOUNCE_INTERVAL_MS } from './delivery-limits.ts';
import { encodeMoved } from './group-message.ts';
import { LARGE_GROUPS_TOPIC } from './topics.ts';

interface Range {
  first: Seq;
  head: Seq;
}

export class Announcements {
  readonly #node: string;
  readonly #bus: NodeBus;
  readonly #timers: Timers;
  /** Groups that were announced within the last moment, with what came since. */
  readonly #recent = new Map<ConversationId, Range | undefined>();

  constructor(parts: { node: string; bus: NodeBus; timers: Timers }) {
    this.#node = parts.node;
    this.#bus = parts.bus;
    this.#timers = parts.timers;
  }

  add(conversation: ConversationId, first: Seq, head: Seq): void {
    if (!this.#recent.has(conversation)) return this.#say(conversation, { first, head });
    const waiting = this.#recent.get(conversation);
    if (waiting === undefined) this.#recent.set(conversation, { first, head });
    else waiting.head = Math.max(waiting.head, head);
  }

  /** Groups that were announced within the last moment. */
  get size(): number {
    return this.#recent.size;
  }

  #say(conversation: ConversationId, { first, head }: Range): void {
    this.#recent.set(conversation, undefined);
    this.#bus.publish(LARGE_GROUPS_TOPIC, encodeMoved({ from: this.#node, conversation, first, head }));
    this.#timers.after(ANNOUNCE_INTERVAL_MS, () => {
      const waiting = this.#recent.get(conversation);
      if (waiting === undefined) this.#recent.delete(conversation);
      else this.#say(conversation, waiting);
    });
  }
}
