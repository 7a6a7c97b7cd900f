// What a group's settings say about sending: only announcements, or a wait between two messages of a member [GROUP-7].
import { fault, type Fault } from '@parley/protocol/error-code';
import type { UserId } from '@parley/protocol/ids';
import type { StoredEntry } from '@parley/ports/message-store';
import { may } from '../group/permissions.ts';
import type { Roster } from '../group/roster.ts';
import type { Filling } from './batch.ts';
import type { Loaded } from './conversation-owner.ts';
import { SLOW_MODE_SENDERS_MAX_COUNT } from './limits.ts';
import { UNAVAILABLE } from './submission.ts';

const ANNOUNCEMENTS_ONLY = fault('forbidden', 'Only announcements are made here.');

/** Whether the settings say anything about this member's messages. Of most groups they do not. */
export function isHeldBack(roster: Roster, sender: UserId): boolean {
  const { announcements, slow_mode_s } = roster.settings;
  if (!announcements && slow_mode_s === 0) return false;
  return !may(roster.get(sender)?.role ?? 'member', 'announce');
}

/** The rules, for the messages of one batch: those who have one in it wait for the next as if it were stored. */
export class SendingRules {
  readonly #filling: Filling;
  readonly #sending = new Set<UserId>();

  constructor(filling: Filling) {
    this.#filling = filling;
  }

  /** Messages of this member go into the batch. */
  sends(sender: UserId): void {
    this.#sending.add(sender);
  }

  /** Why one who is held back may not send now. Never rejects. */
  async refusal(sender: UserId): Promise<Fault | undefined> {
    const { loaded, at } = this.#filling;
    const { announcements, slow_mode_s } = loaded.roster.settings;
    if (announcements) return ANNOUNCEMENTS_ONLY;
    const lastAt = this.#sending.has(sender) ? at : await this.#lastSentAt(sender);
    if (lastAt === 'unknown') return UNAVAILABLE;
    const retry_after_ms = lastAt + slow_mode_s * 1_000 - at;
    if (retry_after_ms <= 0) return undefined;
    const reason = `In slow mode there are ${slow_mode_s} s between two messages of a member.`;
    return fault('rate_limited', reason, { retry_after_ms });
  }

  async #lastSentAt(sender: UserId): Promise<number | 'unknown'> {
    const { loaded, context, conversation } = this.#filling;
    const known = loaded.lastSent?.get(sender);
    if (known !== undefined) return known;
    try {
      const found = (await context.messages.lastSentAt(conversation, sender)) ?? Number.NEGATIVE_INFINITY;
      // Whoever asks again and again is not looked up each time.
      (loaded.lastSent ??= new Map()).set(sender, found);
      return found;
    } catch {
      return 'unknown';
    }
  }
}

/** What is read and kept of a loaded conversation. */
type Sendings = Pick<Loaded, 'lastSent'> & { readonly roster: Pick<Roster, 'settings'> };

/** Remembers who sent when, while a slow mode makes that of use. Who is forgotten is looked up in the log. */
export function noteSent(loaded: Sendings, entries: readonly StoredEntry[]): void {
  if (loaded.roster.settings.slow_mode_s === 0) {
    loaded.lastSent = undefined;
    return;
  }
  const lastSent = (loaded.lastSent ??= new Map());
  for (const { kind, sender, at } of entries) {
    if (kind !== 'message') continue;
    lastSent.delete(sender);
    lastSent.set(sender, at);
  }
  for (const sender of lastSent.keys()) {
    if (lastSent.size <= SLOW_MODE_SENDERS_MAX_COUNT) return;
    lastSent.delete(sender);
  }
}
