// A reader that keeps how messages are, as a client does: from the entries and the states that it is given [STATE-2].
import type { ConversationId, Seq } from '@parley/protocol/ids';
import type { Entry } from '@parley/protocol/entry';
import type { MessageState } from '@parley/protocol/message-state';
import { fold } from './state-check.ts';
import type { TestClient } from './test-client.ts';

export class Follower {
  readonly conversation: ConversationId;
  readonly who: number;
  /** Where it began: of messages up to here it knows nothing. */
  readonly from: Seq;
  readonly states = new Map<Seq, MessageState>();
  #cursor: Seq;

  constructor(who: number, conversation: ConversationId, cursor: Seq) {
    this.who = who;
    this.conversation = conversation;
    this.from = cursor;
    this.#cursor = cursor;
  }

  /** Pulls to the head, in pages. */
  async catchUp(client: TestClient, limit = 7): Promise<void> {
    for (;;) {
      const page = await client.pull(this.conversation, this.#cursor, limit);
      fold(this.states, page.entries as readonly Entry[]);
      for (const state of page.states) {
        if ((this.states.get(state.seq)?.as_of ?? 0) < state.as_of) this.states.set(state.seq, state);
      }
      if (page.through <= this.#cursor) return;
      this.#cursor = page.through;
    }
  }
}

/** States of messages after a seq, for comparison; what those said that were erased meanwhile is nobody's to compare. */
export function viewOf(states: ReadonlyMap<Seq, MessageState>, after: Seq, erased: ReadonlySet<Seq>): string {
  const shown = [...states.values()]
    .filter((state) => state.seq > after)
    .toSorted((one, other) => one.seq - other.seq);
  return JSON.stringify(
    shown.map((state) => {
      const { seq, as_of, version, deleted, pinned, reactions, edits, replies, last_reply } = state;
      const said = erased.has(seq) ? {} : { content: state.content, mentions: state.mentions };
      return { seq, as_of, version, deleted, pinned, reactions, edits, replies, last_reply, ...said };
    }),
  );
}
