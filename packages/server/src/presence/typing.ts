// Who is writing: passed on to the other members' sessions, kept for a moment, never stored.
import type { ConversationId, UserId } from '@parley/protocol/ids';
import { LIVELY_MEMBERS_MAX_COUNT, TYPING_INTERVAL_MS, TYPING_SHOWN_MS } from '@parley/protocol/limits';
import type { Typing as TypingFrame } from '@parley/protocol/typing';
import type { Clock } from '@parley/ports/clock';
import type { Log } from '@parley/ports/log';
import type { MemberStore } from '@parley/ports/member-store';
import type { LiveSession, LiveSessions } from '../connection/live-sessions.ts';
import type { Owners } from '../message/owners.ts';
import { TYPING_KEPT_MAX_COUNT, TYPING_LOOKUPS_MAX_COUNT, TYPING_PER_USER_MAX_COUNT } from './limits.ts';
import type { UserSettings } from './user-settings.ts';

interface Writing {
  readonly user: UserId;
  readonly sinceMs: number;
  stopped: boolean;
  /** What was passed on last: the next thing comes after it. */
  passed: Promise<void>;
}

export interface TypingParts {
  readonly owners: Owners;
  readonly members: MemberStore;
  readonly settings: UserSettings;
  readonly sessions: LiveSessions;
  readonly clock: Clock;
  readonly log: Log;
}

export class Typing {
  readonly #parts: TypingParts;
  /** By user and conversation, in the order in which they began. */
  readonly #writing = new Map<string, Writing>();
  /** Of these, by user. */
  readonly #countBy = new Map<UserId, number>();
  #lookups = 0;

  constructor(parts: TypingParts) {
    this.#parts = parts;
  }

  /** What comes too soon, from a stranger, or beyond a bound is ignored: the next one comes in some seconds. */
  signal({ user }: LiveSession, { conversation_id: conversation, stopped }: TypingFrame): undefined {
    const nowMs = this.#parts.clock.monotonic();
    this.#forget(nowMs);
    const key = `${user} ${conversation}`;
    const known = this.#writing.get(key);
    if (stopped) {
      if (known === undefined || known.stopped) return;
      known.stopped = true;
      known.passed = known.passed.then(() => this.#pass(user, conversation, 0));
      return;
    }
    if (known !== undefined && nowMs - known.sinceMs < TYPING_INTERVAL_MS) return;
    if (this.#isKnownStranger(user, conversation)) return;
    if (known === undefined && !this.#count(user)) return;
    this.#writing.delete(key);
    const before = known?.passed ?? Promise.resolve();
    const passed = before.then(() => this.#pass(user, conversation, TYPING_SHOWN_MS));
    this.#writing.set(key, { user, sinceMs: nowMs, stopped: false, passed });
  }

  /** Users that are known to be writing. */
  get size(): number {
    return this.#writing.size;
  }

  #forget(nowMs: number): void {
    for (const [key, { user, sinceMs }] of this.#writing) {
      if (nowMs - sinceMs < TYPING_SHOWN_MS) return;
      this.#writing.delete(key);
      const rest = (this.#countBy.get(user) ?? 1) - 1;
      if (rest === 0) this.#countBy.delete(user);
      else this.#countBy.set(user, rest);
    }
  }

  /** False where there is no room for one more. */
  #count(user: UserId): boolean {
    const present = this.#countBy.get(user) ?? 0;
    if (present >= TYPING_PER_USER_MAX_COUNT || this.#writing.size >= TYPING_KEPT_MAX_COUNT) return false;
    this.#countBy.set(user, present + 1);
    return true;
  }

  #isKnownStranger(user: UserId, conversation: ConversationId): boolean {
    return this.#parts.owners.loaded(conversation)?.roster.isMember(user) === false;
  }

  /** Never rejects: nothing waits for it but what comes after it. */
  async #pass(user: UserId, conversation_id: ConversationId, for_ms: number): Promise<void> {
    const { settings, sessions, log } = this.#parts;
    try {
      const others = (await this.#membersFor(user, conversation_id)).filter((other) => other !== user);
      const present = sessions.maybeConnected(others);
      if (present.length === 0) return;
      const blockers = await settings.blockersAmong(user, present);
      const told = blockers.size === 0 ? present : present.filter((other) => !blockers.has(other));
      sessions.push(told, JSON.stringify({ type: 'user_typing', conversation_id, user_id: user, for_ms }));
    } catch (error) {
      log.debug({ error }, 'a typing signal was not passed on');
    }
  }

  /** Nobody, where it is not to be passed on. */
  async #membersFor(user: UserId, conversation: ConversationId): Promise<readonly UserId[]> {
    const roster = this.#parts.owners.loaded(conversation)?.roster;
    if (roster !== undefined)
      return roster.isMember(user) && roster.active.length <= LIVELY_MEMBERS_MAX_COUNT ? roster.active : [];
    if (this.#lookups >= TYPING_LOOKUPS_MAX_COUNT) return [];
    this.#lookups += 1;
    try {
      return await this.#lookUp(user, conversation);
    } finally {
      this.#lookups -= 1;
    }
  }

  async #lookUp(user: UserId, conversation: ConversationId): Promise<readonly UserId[]> {
    const { members } = this.#parts;
    const found = await members.membership(conversation, user);
    if (found === undefined || found.membership.leftSeq !== undefined) return [];
    if ((await members.countMembers(conversation)) > LIVELY_MEMBERS_MAX_COUNT) return [];
    const { rows } = await members.members(conversation);
    return rows.filter(({ leftSeq }) => leftSeq === undefined).map((row) => row.user);
  }
}
