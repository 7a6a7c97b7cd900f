// Exact unread counts without asking for each: folds standings and new entries, for badges.
import { isKnownEntry, type Entry } from '@parley/protocol/entry';
import type { ConversationId, Seq, UserId } from '@parley/protocol/ids';
import type { AppEntry, ClientEvent } from './event.ts';
import { UnreadLog } from './unread-log.ts';

export type UnreadCounterOptions = {
  /** Whose counts these are. */
  self: string;
  /** Whether the user follows a thread (`client.reading.threads`): answers in it count as mentions. */
  follows?: (conversation_id: ConversationId, thread: Seq) => boolean;
  /** Whether the user blocks one (`client.people.blocked`): what that user writes is no mention. */
  blocks?: (user_id: UserId) => boolean;
};

export type Unread = { unread: number; mentions: number };

/** `sure`: the server would say the same. `read`: up to where the user has read. */
export type ConversationUnread = Unread & { read: Seq; sure: boolean };

/**
 * Give it every entry of `onEntry` and every event of `onEvent`, and call `load` after each connect: what was read on
 * other devices while this one was away, no entry tells.
 */
export class UnreadCounter {
  readonly #options: UnreadCounterOptions;
  readonly #logs = new Map<ConversationId, UnreadLog>();
  #logId: string | undefined;
  /** Every conversation that there was, is known: one that begins now is new. */
  #loaded = false;

  constructor(options: UnreadCounterOptions) {
    this.#options = options;
  }

  /** Reads the list of conversations once; the events of that bring the counts. */
  async load(client: { conversations(): AsyncIterable<unknown> }): Promise<void> {
    const list = client.conversations()[Symbol.asyncIterator]();
    while ((await list.next()).done !== true) continue;
    this.#loaded = true;
  }

  /** Of one conversation; zeros where nothing is known of it. */
  of(conversation_id: string): ConversationUnread {
    const log = this.#logs.get(conversation_id as ConversationId);
    if (log === undefined) return { unread: 0, mentions: 0, read: 0, sure: false };
    const { unread, mentions, read, sure } = log;
    return { unread, mentions, read, sure };
  }

  /** Over all conversations. */
  get total(): Unread {
    const total = { unread: 0, mentions: 0 };
    for (const { unread, mentions } of this.#logs.values()) {
      total.unread += unread;
      total.mentions += mentions;
    }
    return total;
  }

  /** Conversations of which the counts may be wrong: `client.conversation(id)` for each of them makes them right. */
  get unsure(): ConversationId[] {
    return [...this.#logs].flatMap(([id, { sure }]) => (sure ? [] : [id]));
  }

  event(event: ClientEvent): void {
    switch (event.kind) {
      case 'standing':
        return this.#log(event.standing.conversation_id).standing(event.standing);
      case 'connection':
        return event.state.kind === 'online' ? this.#connected(event.state.welcome.log_id) : undefined;
      case 'missing':
        return this.#log(event.conversation_id).doubt(event.to);
      case 'removed':
        this.#logs.delete(event.conversation_id);
        return undefined;
      default:
        return undefined;
    }
  }

  entry(entry: AppEntry): void {
    const log = this.#log(entry.conversation_id);
    if (!log.advance(entry.seq) || !isKnownEntry(entry)) return;
    const { self } = this.#options;
    switch (entry.kind) {
      case 'message':
        if (entry.seq === 1) this.#begin(log, 0);
        if (entry.sender !== self) log.add(entry.seq, this.#weight(entry));
        return;
      case 'message_edited':
        if (entry.sender !== self) log.change(entry.seq, entry.target, this.#mentions(entry));
        return;
      case 'message_deleted':
        return log.delete(entry.seq, entry.target);
      case 'group_created':
      case 'members_added':
      case 'members_joined':
        if (entry.members.some(({ user_id }) => user_id === self)) this.#enter(log, entry.seq);
        return;
      default:
        return;
    }
  }

  /** Who comes in has nothing unread. */
  #enter(log: UnreadLog, seq: Seq): void {
    if (this.#loaded || log.known) log.standing({ read: seq, unread: 0, mentions: 0, as_of: seq });
  }

  /** A direct conversation that nobody knew of. */
  #begin(log: UnreadLog, read: Seq): void {
    if (this.#loaded && !log.known) log.standing({ read, unread: 0, mentions: 0, as_of: read });
  }

  #connected(logId: string): void {
    if (this.#logId !== undefined && this.#logId !== logId) {
      this.#logs.clear();
      this.#loaded = false;
    }
    this.#logId = logId;
    for (const log of this.#logs.values()) log.doubt(0);
  }

  #log(conversation_id: ConversationId): UnreadLog {
    const known = this.#logs.get(conversation_id) ?? new UnreadLog();
    this.#logs.set(conversation_id, known);
    return known;
  }

  #weight(
    message: Extract<Entry, { kind: 'message' }> & Pick<AppEntry, 'conversation_id'>,
  ): 'plain' | 'mention' | 'thread' {
    const { conversation_id, sender, thread, content } = message;
    if (content.kind === 'deleted' || this.#options.blocks?.(sender) === true) return 'plain';
    if (thread !== undefined && this.#options.follows?.(conversation_id, thread) === true) return 'thread';
    return this.#mentions(message) ? 'mention' : 'plain';
  }

  #mentions({
    mentions,
    sender,
  }: Pick<Extract<Entry, { kind: 'message' | 'message_edited' }>, 'mentions' | 'sender'>): boolean {
    if (mentions === undefined || this.#options.blocks?.(sender) === true) return false;
    const { users = [], everyone } = mentions;
    return everyone !== undefined || users.some((user) => user === this.#options.self);
  }
}
