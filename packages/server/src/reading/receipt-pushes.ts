// [RECEIPT-3] Tells members who got further: together, at most once a second and conversation, and only those connected.
import type { ConversationId, UserId } from '@parley/protocol/ids';
import type { Watermark } from '@parley/protocol/reading';
import type { Log } from '@parley/ports/log';
import type { Raised } from '@parley/ports/receipt-store';
import type { Timer, Timers } from '@parley/ports/timers';
import type { LiveSessions } from '../connection/live-sessions.ts';
import type { UserSettings } from '../presence/user-settings.ts';
import { RECEIPTS_GATHERED_MS, RECEIPTS_PUSH_INTERVAL_MS, RECEIPTS_TOLD_MAX_COUNT } from './limits.ts';
import { withoutReads } from './read-privacy.ts';

interface News {
  readonly row: Watermark;
  /** Not only the reading got further. */
  readonly delivered: boolean;
}

interface Pending {
  readonly news: Map<UserId, News>;
  timer: Timer;
}

export interface ReceiptPushParts {
  readonly settings: UserSettings;
  readonly sessions: LiveSessions;
  /** Present members; undefined where there are more than LIVELY_MEMBERS_MAX_COUNT. */
  readonly membersOf: (conversation: ConversationId) => Promise<readonly UserId[] | undefined>;
  readonly timers: Timers;
  readonly log: Log;
}

export class ReceiptPushes {
  readonly #parts: ReceiptPushParts;
  /** Conversations with something to tell, or of which something was told within the last second. */
  readonly #pending = new Map<ConversationId, Pending>();

  constructor(parts: ReceiptPushParts) {
    this.#parts = parts;
  }

  /** Call it once the receipt is stored, in a conversation of up to LIVELY_MEMBERS_MAX_COUNT members. */
  add({ conversation, by, row }: Raised): void {
    const pending = this.#pending.get(conversation) ?? this.#begin(conversation);
    if (pending === undefined) return;
    const before = pending.news.get(row.user);
    pending.news.set(row.user, {
      row: {
        user_id: row.user,
        // What two calls of the store tell may come in either order.
        received: Math.max(row.received, before?.row.received ?? 0),
        read: Math.max(row.read, before?.row.read ?? 0),
      },
      delivered: by === 'received' || before?.delivered === true,
    });
  }

  /** Nothing is told any more. */
  stop(): void {
    for (const { timer } of this.#pending.values()) timer.cancel();
    this.#pending.clear();
  }

  #begin(conversation: ConversationId): Pending | undefined {
    if (this.#pending.size >= RECEIPTS_TOLD_MAX_COUNT) return undefined;
    const pending = { news: new Map(), timer: this.#after(RECEIPTS_GATHERED_MS, conversation) };
    this.#pending.set(conversation, pending);
    return pending;
  }

  #after(ms: number, conversation: ConversationId): Timer {
    return this.#parts.timers.after(ms, () => this.#due(conversation));
  }

  #due(conversation: ConversationId): void {
    const pending = this.#pending.get(conversation);
    if (pending === undefined) return;
    if (pending.news.size === 0) {
      this.#pending.delete(conversation);
      return;
    }
    const news = [...pending.news.values()];
    pending.news.clear();
    pending.timer = this.#after(RECEIPTS_PUSH_INTERVAL_MS, conversation);
    // It is a hint: whoever misses it asks. `#push` ends in this `catch` where it fails.
    void this.#push(conversation, news).catch((error: unknown) =>
      this.#parts.log.warn({ conversation, error }, 'receipts were not told'),
    );
  }

  async #push(conversation: ConversationId, raised: readonly News[]): Promise<void> {
    const { settings, sessions, membersOf } = this.#parts;
    const members = await membersOf(conversation);
    const connected = sessions.maybeConnected(members ?? []);
    if (connected.length === 0) return;
    const present = new Set(members);
    const news = raised.filter(({ row }) => present.has(row.user_id));
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
}

function frameOf(conversation_id: ConversationId, rows: readonly Watermark[]): string {
  return JSON.stringify({ type: 'receipts', conversation_id, rows });
}
