// What conversations are to one user, as the user's clients are told: read, unread, mentions, flags.
import type { ConversationId, UserId } from '@parley/protocol/ids';
import type { StandingView } from '@parley/protocol/reading';
import type { PersonalStore, Standing } from '@parley/ports/personal-store';
import type { LiveSession, LiveSessions } from '../connection/live-sessions.ts';
import type { UserSettings } from '../presence/user-settings.ts';
import type { Answer } from '../request/request.ts';

export class Standings {
  readonly #personal: PersonalStore;
  readonly #settings: UserSettings;
  readonly #sessions: LiveSessions;

  constructor(parts: { personal: PersonalStore; settings: UserSettings; sessions: LiveSessions }) {
    this.#personal = parts.personal;
    this.#settings = parts.settings;
    this.#sessions = parts.sessions;
  }

  /** By one call of the store, however many there are. */
  async of(
    user: UserId,
    conversations: readonly ConversationId[],
  ): Promise<ReadonlyMap<ConversationId, StandingView>> {
    if (conversations.length === 0) return new Map();
    const found = await this.#personal.standings(user, conversations, await this.ignoredBy(user));
    return new Map([...found].map(([id, standing]) => [id, standingView(standing)]));
  }

  async one(user: UserId, conversation: ConversationId): Promise<StandingView> {
    const view = (await this.of(user, [conversation])).get(conversation);
    if (view === undefined) throw new Error('A store told no standing of a conversation that was asked for.');
    return view;
  }

  /** Whose mentions do not count [READ-3]. */
  async ignoredBy(user: UserId): Promise<readonly UserId[]> {
    return [...(await this.#settings.blockedBy(user))];
  }

  /** The answer to what this session's user changed, once it is stored; the user's other sessions are told too. */
  async changed({ session, ref, conversation }: StandingChange): Promise<Answer> {
    const standing = await this.one(session.user, conversation);
    this.#sessions.pushOthers(session, JSON.stringify({ type: 'standing', standing }));
    return { type: 'standing', ref, standing };
  }
}

interface StandingChange {
  readonly session: LiveSession;
  readonly ref: number;
  readonly conversation: ConversationId;
}

export function standingView(standing: Standing): StandingView {
  const { conversation, read, unread, mentions, asOf, mutedUntil, archived, pinned } = standing;
  return {
    conversation_id: conversation,
    read,
    unread,
    mentions,
    as_of: asOf,
    ...(mutedUntil > 0 ? { muted_until: mutedUntil } : {}),
    ...(archived ? { archived } : {}),
    ...(pinned ? { pinned } : {}),
  };
}
