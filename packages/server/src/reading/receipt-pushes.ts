// [RECEIPT-3] Tells members who got further: together, at most once a second and conversation, and only those connected.
import type { ConversationId, Seq, UserId } from '@parley/protocol/ids';
import { LIVELY_MEMBERS_MAX_COUNT } from '@parley/protocol/limits';
import type { Watermark } from '@parley/protocol/reading';
import type { Log } from '@parley/ports/log';
import type { ReceiptStore } from '@parley/ports/receipt-store';
import type { Timer, Timers } from '@parley/ports/timers';
import type { LiveSessions } from '../connection/live-sessions.ts';
import { RecentCache } from '../presence/recent-cache.ts';
import type { UserSettings } from '../presence/user-settings.ts';
import {
  RECEIPTS_GATHERED_MS,
  RECEIPTS_PUSH_INTERVAL_MS,
  RECEIPTS_TOLD_MAX_COUNT,
  WATERMARKS_KEPT_MAX_COUNT,
} from './limits.ts';
import { withoutReads } from './read-privacy.ts';

interface Reached {
  readonly received: Seq;
  readonly read: Seq;
}

type Watermarks = ReadonlyMap<UserId, Reached>;

interface News {
  readonly row: Watermark;
  /** Not only the reading got further. */
  readonly delivered: boolean;
}

interface Pending {
  readonly reached: Map<UserId, Reached>;
  timer: Timer;
}

export interface ReceiptPushParts {
  readonly receipts: ReceiptStore;
  readonly settings: UserSettings;
  readonly sessions: LiveSessions;
  /** Present members; undefined where there are more than LIVELY_MEMBERS_MAX_COUNT. */
  readonly membersOf: (conversation: ConversationId) => Promise<readonly UserId[] | undefined>;
  readonly timers: Timers;
  readonly log: Log;
}

/** User, received, read, user, …: a map for each conversation that was ever active would be most of what a user costs. */
type Packed = readonly (UserId | Seq)[];
const PACKED_FIELDS_COUNT = 3;

const NOTHING: Reached = { received: 0, read: 0 };

export class ReceiptPushes {
  readonly #parts: ReceiptPushParts;
  /** Conversations with something to tell, or of which something was told within the last second. */
  readonly #pending = new Map<ConversationId, Pending>();
  /** As of the last push, of conversations of which everything was told: what is no news is not told again. */
  readonly #told = new RecentCache<ConversationId, Packed>(
    WATERMARKS_KEPT_MAX_COUNT,
    (packed) => 1 + packed.length / PACKED_FIELDS_COUNT,
  );

  constructor(parts: ReceiptPushParts) {
    this.#parts = parts;
  }

  /** Call it once the receipt is stored, in a conversation of up to LIVELY_MEMBERS_MAX_COUNT members. */
  received(conversation: ConversationId, user: UserId, seq: Seq): void {
    this.#add(conversation, user, { received: seq, read: 0 });
  }

  read(conversation: ConversationId, user: UserId, seq: Seq): void {
    this.#add(conversation, user, { received: 0, read: seq });
  }

  /** Nothing is told any more. */
  stop(): void {
    for (const { timer } of this.#pending.values()) timer.cancel();
    this.#pending.clear();
  }

  #add(conversation: ConversationId, user: UserId, reached: Reached): void {
    const pending = this.#pending.get(conversation) ?? this.#begin(conversation);
    pending?.reached.set(user, furthest(pending.reached.get(user), reached));
  }

  #begin(conversation: ConversationId): Pending | undefined {
    if (this.#pending.size >= RECEIPTS_TOLD_MAX_COUNT) {
      this.#told.delete(conversation);
      return undefined;
    }
    const pending = { reached: new Map(), timer: this.#after(RECEIPTS_GATHERED_MS, conversation) };
    this.#pending.set(conversation, pending);
    return pending;
  }

  #after(ms: number, conversation: ConversationId): Timer {
    return this.#parts.timers.after(ms, () => this.#due(conversation));
  }

  #due(conversation: ConversationId): void {
    const pending = this.#pending.get(conversation);
    if (pending === undefined) return;
    if (pending.reached.size === 0) {
      this.#pending.delete(conversation);
      return;
    }
    const reached = new Map(pending.reached);
    pending.reached.clear();
    pending.timer = this.#after(RECEIPTS_PUSH_INTERVAL_MS, conversation);
    // It is a hint: whoever misses it asks. `#push` ends in this `catch` where it fails.
    void this.#push(conversation, reached).catch((error: unknown) => {
      this.#told.delete(conversation);
      this.#parts.log.warn({ conversation, error }, 'receipts were not told');
    });
  }

  async #push(conversation: ConversationId, reached: Watermarks): Promise<void> {
    const { settings, sessions, membersOf } = this.#parts;
    const members = await membersOf(conversation);
    const connected = members?.filter((user) => sessions.count(user) > 0) ?? [];
    if (members === undefined || connected.length === 0) {
      this.#told.delete(conversation);
      return;
    }
    const present = new Set(members);
    const news = (await this.#further(conversation, reached)).filter(({ row }) => present.has(row.user_id));
    if (news.length === 0) return;
    const known = await settings.of(connected);
    const shown = connected.filter((user) => known.get(user)?.readReceipts !== false);
    sessions.push(
      shown,
      frameOf(
        conversation,
        news.map(({ row }) => row),
      ),
    );
    if (shown.length === connected.length) return;
    const delivered = news.filter((each) => each.delivered).map(({ row }) => row);
    if (delivered.length === 0) return;
    for (const user of connected) {
      if (known.get(user)?.readReceipts === false)
        sessions.push([user], frameOf(conversation, withoutReads(delivered, user)));
    }
  }

  /** The whole watermarks of those who got further than was told before. */
  async #further(conversation: ConversationId, reached: Watermarks): Promise<News[]> {
    const packed = this.#told.get(conversation);
    const kept = packed === undefined ? undefined : unpacked(packed);
    const before = kept ?? (await this.#stored(conversation));
    const after = new Map(before);
    const news: News[] = [];
    for (const [user, step] of reached) {
      const known = before.get(user);
      const now = furthest(known, step);
      after.set(user, now);
      // What was only now read from the store has this step in it already, so that it cannot be told apart.
      const delivered = kept === undefined ? step.received > 0 : now.received > (known?.received ?? 0);
      const isRead = kept === undefined ? step.read > 0 : now.read > (known?.read ?? 0);
      if (delivered || isRead) news.push({ row: { user_id: user, ...now }, delivered });
    }
    this.#told.set(conversation, packedOf(after));
    return news;
  }

  async #stored(conversation: ConversationId): Promise<Watermarks> {
    const { rows } = await this.#parts.receipts.watermarks(conversation, undefined, LIVELY_MEMBERS_MAX_COUNT);
    return new Map(rows.map(({ user, received, read }) => [user, { received, read }]));
  }
}

function packedOf(rows: Watermarks): Packed {
  return [...rows].flatMap(([user, { received, read }]) => [user, received, read]);
}

function unpacked(packed: Packed): Watermarks {
  const rows = new Map<UserId, Reached>();
  for (let at = 0; at < packed.length; at += PACKED_FIELDS_COUNT)
    rows.set(packed[at] as UserId, { received: packed[at + 1] as Seq, read: packed[at + 2] as Seq });
  return rows;
}

function furthest(one: Reached = NOTHING, other: Reached = NOTHING): Reached {
  return { received: Math.max(one.received, other.received), read: Math.max(one.read, other.read) };
}

function frameOf(conversation_id: ConversationId, rows: readonly Watermark[]): string {
  return JSON.stringify({ type: 'receipts', conversation_id, rows });
}
