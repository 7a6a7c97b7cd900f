// What users have read and how they keep conversations: checked, stored, told to the user's other sessions.
import { fault } from '@parley/protocol/error-code';
import type { SetConversation } from '@parley/protocol/personal';
import type { GetUnread, MarkUnread, Read } from '@parley/protocol/reading';
import { PAGE_ROWS_MAX_COUNT } from '@parley/protocol/limits';
import type { Clock } from '@parley/ports/clock';
import type { PersonalStore } from '@parley/ports/personal-store';
import type { LiveSession } from '../connection/live-sessions.ts';
import type { AccessRules } from '../message/access.ts';
import type { Answer } from '../request/request.ts';
import { BEYOND_HEAD, memberAccess } from './membership.ts';
import type { Receipts } from './receipts.ts';
import { standingView, type Standings } from './standings.ts';

const BEHIND = fault('invalid_field', 'More than this was read already.', { field: 'seq' });

export class ReadMarks {
  readonly #personal: PersonalStore;
  readonly #access: AccessRules;
  readonly #receipts: Receipts;
  readonly #standings: Standings;
  readonly #clock: Clock;

  constructor(parts: {
    personal: PersonalStore;
    access: AccessRules;
    receipts: Receipts;
    standings: Standings;
    clock: Clock;
  }) {
    this.#personal = parts.personal;
    this.#access = parts.access;
    this.#receipts = parts.receipts;
    this.#standings = parts.standings;
    this.#clock = parts.clock;
  }

  async read(session: LiveSession, { ref, conversation_id: conversation, seq }: Read): Promise<Answer> {
    const at = this.#clock.now();
    const { user } = session;
    const access = await memberAccess(this.#access, conversation, user);
    if ('fault' in access) return access;
    if (seq > access.until) return { fault: BEYOND_HEAD };
    if (seq < (await this.#standings.one(user, conversation)).read) return { fault: BEHIND };
    // Together, so that one commit has both. What others see never moves back, so it need not be checked.
    await Promise.all([
      this.#personal.read(user, conversation, seq),
      this.#receipts.read(user, { conversation, seq, at, members: access.members }),
    ]);
    return this.#standings.changed({ session, ref, conversation });
  }

  async markUnread(session: LiveSession, frame: MarkUnread): Promise<Answer> {
    const { ref, conversation_id: conversation, seq } = frame;
    const access = await memberAccess(this.#access, conversation, session.user);
    if ('fault' in access) return access;
    if (seq > access.until) return { fault: BEYOND_HEAD };
    await this.#personal.unread(session.user, conversation, seq);
    return this.#standings.changed({ session, ref, conversation });
  }

  async setFlags(session: LiveSession, frame: SetConversation): Promise<Answer> {
    const { ref, conversation_id: conversation, muted_until, archived, pinned } = frame;
    const access = await memberAccess(this.#access, conversation, session.user);
    if ('fault' in access) return access;
    await this.#personal.setFlags(session.user, conversation, {
      ...(muted_until === undefined ? {} : { mutedUntil: muted_until }),
      ...(archived === undefined ? {} : { archived }),
      ...(pinned === undefined ? {} : { pinned }),
    });
    return this.#standings.changed({ session, ref, conversation });
  }

  async unread({ user }: LiveSession, frame: GetUnread): Promise<Answer> {
    const { ref, after, limit = PAGE_ROWS_MAX_COUNT } = frame;
    const ignoring = await this.#standings.ignoredBy(user);
    const { rows, total, next } = await this.#personal.unreadOf(user, { ignoring, after, limit });
    const page = { rows: rows.map(standingView), total, ...(next === undefined ? {} : { next }) };
    return { type: 'unread', ref, ...page };
  }
}
