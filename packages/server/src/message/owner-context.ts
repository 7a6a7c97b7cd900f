// What a conversation's owner needs from the world.
import type { ConversationId, UserId } from '@parley/protocol/ids';
import type { Clock } from '@parley/ports/clock';
import type { IdSource } from '@parley/ports/id-source';
import type { Log } from '@parley/ports/log';
import type { ConversationRecord, MemberStore } from '@parley/ports/member-store';
import type { MessageStore } from '@parley/ports/message-store';
import type { OfflineQueue } from '@parley/ports/offline-queue';
import type { PersonalStore } from '@parley/ports/personal-store';
import type { Randomness } from '@parley/ports/randomness';
import type { Timers } from '@parley/ports/timers';
import type { News } from './news.ts';
import type { Timelines } from './timelines.ts';

/** Where there are several nodes. */
export interface OwnedHere {
  /** Whether this node may number the conversation. */
  owns(conversation: ConversationId): boolean;
  /** Whether nobody else can have written since: else what is in memory may be of the past. */
  trusts(conversation: ConversationId): boolean;
}

export interface OwnerContext {
  readonly messages: MessageStore;
  readonly members: MemberStore;
  readonly queue: OfflineQueue;
  readonly personal: PersonalStore;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly randomness: Randomness;
  readonly ids: IdSource;
  readonly log: Log;
  readonly timelines: Timelines;
  /** Who may not write in a direct conversation, since the other one blocks them [BLOCK-2]. */
  readonly blockedSenders: (record: ConversationRecord) => Promise<readonly UserId[]>;
  /** Groups with so many members or more are large: nothing that a send costs grows with them [LARGE-1]. */
  readonly largeGroupMembers: number;
  /** Undefined on the only node. */
  readonly here?: OwnedHere | undefined;
  /** Tells sessions of entries that are durable. A hint: it may be lost. */
  readonly announce: (news: News) => void;
}
