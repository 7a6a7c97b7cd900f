// What a conversation's owner needs from the world.
import type { ConversationId, UserId } from '@parley/protocol/ids';
import type { Clock } from '@parley/ports/clock';
import type { IdSource } from '@parley/ports/id-source';
import type { Log } from '@parley/ports/log';
import type { MemberStore } from '@parley/ports/member-store';
import type { MessageStore, StoredEntry } from '@parley/ports/message-store';
import type { OfflineQueue } from '@parley/ports/offline-queue';
import type { Randomness } from '@parley/ports/randomness';
import type { Timers } from '@parley/ports/timers';

export interface OwnerContext {
  readonly messages: MessageStore;
  readonly members: MemberStore;
  readonly queue: OfflineQueue;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly randomness: Randomness;
  readonly ids: IdSource;
  readonly log: Log;
  /** Tells those users' sessions of entries that are durable. A hint: it may be lost. */
  readonly announce: (
    conversation: ConversationId,
    entries: readonly StoredEntry[],
    users: readonly UserId[],
  ) => void;
}
