// "Delete for me": messages that a user hid, on all of the user's devices and for nobody else.
import { fault } from '@parley/protocol/error-code';
import type { ConversationId, Seq, UserId } from '@parley/protocol/ids';
import { PAGE_ROWS_MAX_COUNT } from '@parley/protocol/limits';
import type { HiddenRow, HideMessage, ListHidden } from '@parley/protocol/personal';
import type { MessageStore } from '@parley/ports/message-store';
import type { PersonalStore } from '@parley/ports/personal-store';
import type { LiveSession, LiveSessions } from '../connection/live-sessions.ts';
import type { AccessRules } from '../message/access.ts';
import { loadTarget } from '../message/target.ts';
import { RecentCache } from '../presence/recent-cache.ts';
import { NO_CONVERSATION, type Answer } from '../request/request.ts';
import { NOTHING_HIDDEN_KEPT_MAX_COUNT } from './limits.ts';
import { isVisible } from './membership.ts';

const NO_MESSAGE = { fault: fault('not_found', 'There is no such message.', { field: 'target' }) } as const;
const NONE: readonly Seq[] = [];

export interface HiddenParts {
  readonly personal: Pick<PersonalStore, 'hide' | 'hidden' | 'hiddenIn'>;
  readonly messages: MessageStore;
  readonly access: Pick<AccessRules, 'of'>;
  readonly sessions: LiveSessions;
  /** Tells other nodes, where there are any, that the user hid something. Never rejects. */
  readonly onHidden?: ((user: UserId) => Promise<void>) | undefined;
}

export class HiddenMessages {
  readonly #personal: HiddenParts['personal'];
  readonly #messages: MessageStore;
  readonly #access: HiddenParts['access'];
  readonly #sessions: LiveSessions;
  /** Users who hid nothing, as nearly all do: their pulls ask the store for nothing more. */
  readonly #withNone = new RecentCache<UserId, true>(NOTHING_HIDDEN_KEPT_MAX_COUNT);
  /** Counts what was hidden: what was looked up before is not kept. */
  #hides = 0;
  readonly #onHidden: HiddenParts['onHidden'];

  constructor(parts: HiddenParts) {
    this.#personal = parts.personal;
    this.#messages = parts.messages;
    this.#access = parts.access;
    this.#sessions = parts.sessions;
    this.#onHidden = parts.onHidden;
  }

  /** A former member may hide what was his to read, too. */
  async hide(session: LiveSession, { ref, conversation_id, target }: HideMessage): Promise<Answer> {
    const { user } = session;
    const access = await this.#access.of(conversation_id, user);
    if (access === undefined) return NO_CONVERSATION;
    if (!isVisible(access, target)) return NO_MESSAGE;
    const message = await loadTarget(this.#messages, conversation_id, target, 0);
    if (message === undefined) return NO_MESSAGE;
    const number = await this.#store(user, conversation_id, target);
    const rows: HiddenRow[] = [{ number, conversation_id, seq: target }];
    this.#sessions.pushOthers(session, JSON.stringify({ type: 'hidden', rows }));
    return { type: 'hidden', ref, rows };
  }

  async list({ user }: LiveSession, frame: ListHidden): Promise<Answer> {
    const { ref, after = 0, limit = PAGE_ROWS_MAX_COUNT } = frame;
    const found = await this.#personal.hidden(user, after, limit + 1);
    const rows = found.slice(0, limit).map(({ number, conversation, seq }): HiddenRow => {
      return { number, conversation_id: conversation, seq };
    });
    const last = rows.at(-1);
    const isMore = found.length > rows.length && last !== undefined;
    return { type: 'hidden', ref, rows, ...(isMore ? { next: last.number } : {}) };
  }

  /** Those in (after, to] of one conversation. */
  async among(user: UserId, conversation: ConversationId, after: Seq, to: Seq): Promise<readonly Seq[]> {
    if (after >= to || (await this.#hasNone(user))) return NONE;
    return this.#personal.hiddenIn(user, conversation, after, to);
  }

  async #hasNone(user: UserId): Promise<boolean> {
    if (this.#withNone.get(user) === true) return true;
    const hides = this.#hides;
    const [first] = await this.#personal.hidden(user, 0, 1);
    if (first === undefined && hides === this.#hides) this.#withNone.set(user, true);
    return first === undefined;
  }

  /** Whatever the outcome, what was known of the user is let go: it may have been stored. */
  async #store(user: UserId, conversation: ConversationId, seq: Seq): Promise<number> {
    try {
      return await this.#personal.hide(user, conversation, seq);
    } finally {
      this.hiddenElsewhere(user);
      if (this.#onHidden !== undefined) await this.#onHidden(user);
    }
  }

  /** What is known of the user is let go: another node, or this one, stored something. */
  hiddenElsewhere(user: UserId): void {
    this.#hides += 1;
    this.#withNone.delete(user);
  }

  /** The same for all users: what other nodes said of them may be lost. */
  forget(): void {
    this.#hides += 1;
    this.#withNone.clear();
  }
}
