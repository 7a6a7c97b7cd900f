// Which sessions have a conversation on their screen. Nothing is kept of a session that never said so.
import type { View } from '@parley/protocol/conversation';
import type { ConversationId } from '@parley/protocol/ids';
import type { LiveSession, LiveSessions } from './live-sessions.ts';

const NOBODY: ReadonlyMap<LiveSession, number> = new Map();

export class Viewers {
  readonly #byConversation = new Map<ConversationId, Map<LiveSession, number>>();
  readonly #bySession = new Map<LiveSession, readonly ConversationId[]>();
  #now = 0;

  constructor(sessions: LiveSessions) {
    sessions.onDetach((session) => this.#leave(session));
  }

  /** Counts the views that were said: to tell who viewed before something happened, and who came later. */
  get now(): number {
    return this.#now;
  }

  /** What a session says it has on its screen: anything, since only members are pushed something. */
  signal(session: LiveSession, { conversation_ids }: View): undefined {
    this.view(session, conversation_ids);
  }

  /** These instead of what it viewed before. */
  view(session: LiveSession, conversations: readonly ConversationId[]): void {
    this.#now += 1;
    const before = this.#bySession.get(session) ?? [];
    const viewed = [...new Set(conversations)];
    for (const conversation of before) if (!viewed.includes(conversation)) this.#end(session, conversation);
    for (const conversation of viewed) {
      const present = this.#byConversation.get(conversation) ?? new Map<LiveSession, number>();
      this.#byConversation.set(conversation, present);
      // Who views on has been told all along.
      if (!present.has(session)) present.set(session, this.#now);
    }
    if (viewed.length === 0) this.#bySession.delete(session);
    else this.#bySession.set(session, viewed);
  }

  /** By session: since when, as `now` was. */
  of(conversation: ConversationId): ReadonlyMap<LiveSession, number> {
    return this.#byConversation.get(conversation) ?? NOBODY;
  }

  /** Sessions that view something. */
  get size(): number {
    return this.#bySession.size;
  }

  #leave(session: LiveSession): void {
    for (const conversation of this.#bySession.get(session) ?? []) this.#end(session, conversation);
    this.#bySession.delete(session);
  }

  #end(session: LiveSession, conversation: ConversationId): void {
    const present = this.#byConversation.get(conversation);
    present?.delete(session);
    if (present?.size === 0) this.#byConversation.delete(conversation);
  }
}
