// What this user has read and keeps: marks, counts, receipts, flags, hidden messages, followed threads.
import type { ConversationId, Seq } from '@parley/protocol/ids';
import type { HiddenRow, Threads } from '@parley/protocol/personal';
import type { MessageReceipts, StandingView, Watermark } from '@parley/protocol/reading';
import type { Calls } from './calls.ts';
import { pagesOf, restOf } from './pages.ts';
import { localError } from './parley-error.ts';

/** Conversations with something unread, and the sums over all conversations. */
export type UnreadCounts = {
  total: { unread: number; mentions: number };
  rows: AsyncIterable<StandingView>;
};

export type ReceiptRow = MessageReceipts['rows'][number];

/** How many members but for the author there are, have a message, have read it; and who, as far as they have it. */
export type MessageReach = {
  members: number;
  delivered: number;
  read: number;
  rows: AsyncIterable<ReceiptRow>;
};

export type FollowedThread = Threads['rows'][number];

/** `client.reading`. What changes a standing is told by a `standing` event as well. */
export class Reading {
  readonly #calls: Calls;
  readonly #cursorOf: (conversation_id: ConversationId) => Seq | undefined;

  constructor(options: { calls: Calls; cursorOf: (conversation_id: ConversationId) => Seq | undefined }) {
    this.#calls = options.calls;
    this.#cursorOf = options.cursorOf;
  }

  /**
   * Everything up to `seq` is read; without it, everything that `onEntry` was handed. Refused with `invalid_field` when
   * another device has read further.
   */
  async markRead(conversation_id: string, seq?: Seq): Promise<StandingView> {
    const upTo = seq ?? this.#cursorOf(conversation_id as ConversationId) ?? 0;
    if (upTo === 0) {
      const message = 'This client was handed nothing of the conversation yet: say up to which seq.';
      throw localError('invalid_field', message, { field: 'seq' });
    }
    return this.#standing({ type: 'read', conversation_id, seq: upTo });
  }

  /** `seq` and what follows count as unread again, for this user alone. */
  markUnread(conversation_id: string, seq: Seq): Promise<StandingView> {
    return this.#standing({ type: 'mark_unread', conversation_id, seq });
  }

  /** The server's counts. An app that shows them all the time keeps an UnreadCounter instead of asking. */
  async unread(): Promise<UnreadCounts> {
    const ask = (after: { after?: string }) => this.#calls.ask({ type: 'get_unread', ...after }, 'unread');
    const first = await ask({});
    return { total: first.total, rows: restOf(first, ask) };
  }

  /** Whom one message reached; the counts are of the moment of the call, `rows` are read page by page. */
  async receipts(conversation_id: string, seq: Seq): Promise<MessageReach> {
    const ask = (after: { after?: string }) =>
      this.#calls.ask({ type: 'get_receipts', conversation_id, seq, ...after }, 'message_receipts');
    const first = await ask({});
    const { members, delivered, read } = first;
    return { members, delivered, read, rows: restOf(first, ask) };
  }

  /** How far each member has got, by user id. */
  watermarks(conversation_id: string): AsyncIterable<Watermark> {
    return pagesOf((after) =>
      this.#calls.ask({ type: 'get_watermarks', conversation_id, ...after }, 'watermarks'),
    );
  }

  /** No notifications until then (milliseconds since 1970); without a time the mute ends. */
  mute(conversation_id: string, until?: number): Promise<StandingView> {
    return this.#standing({ type: 'set_conversation', conversation_id, muted_until: until ?? 0 });
  }

  archive(conversation_id: string, archived = true): Promise<StandingView> {
    return this.#standing({ type: 'set_conversation', conversation_id, archived });
  }

  /** The conversation, to the top of the user's list; `client.pinMessage` is another thing. */
  pin(conversation_id: string, pinned = true): Promise<StandingView> {
    return this.#standing({ type: 'set_conversation', conversation_id, pinned });
  }

  /** "Delete for me": on all devices of this user and for nobody else. */
  async hide(conversation_id: string, seq: Seq): Promise<readonly HiddenRow[]> {
    return (await this.#calls.ask({ type: 'hide_message', conversation_id, target: seq }, 'hidden')).rows;
  }

  /** Answers in a thread that one follows count as mentions. `thread` is the seq of its first message. */
  async followThread(conversation_id: string, thread: Seq, follow = true): Promise<void> {
    await this.#calls.ask({ type: 'follow_thread', conversation_id, thread, follow }, 'done');
  }

  /** The threads that this user follows. */
  threads(): AsyncIterable<FollowedThread> {
    return pagesOf((after) => this.#calls.ask({ type: 'list_threads', ...after }, 'threads'));
  }

  async #standing(
    frame: { type: 'read' | 'mark_unread' | 'set_conversation' } & Record<string, unknown>,
  ): Promise<StandingView> {
    return (await this.#calls.ask(frame, 'standing')).standing;
  }
}
