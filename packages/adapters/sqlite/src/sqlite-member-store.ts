// Conversations and memberships on SQLite: writes by the writer's thread, reads by the reader's.
import type { ClientMsgId, ConversationId, UserId } from '@parley/protocol/ids';
import {
  type Channel,
  type ConversationRecord,
  type Members,
  type MembershipChange,
  type MemberStore,
  titleKey,
  type UserConversation,
} from '@parley/ports/member-store';
import type { ReadQueue } from './read-queue.ts';
import type { WriteQueue } from './write-queue.ts';

const BEFORE_THE_FIRST = '0';
const MEMBERSHIP_BYTES = 128;

export interface SqliteMemberStoreOptions {
  readonly writes: WriteQueue;
  readonly reads: ReadQueue;
}

export class SqliteMemberStore implements MemberStore {
  readonly #writes: WriteQueue;
  readonly #reads: ReadQueue;

  constructor({ writes, reads }: SqliteMemberStoreOptions) {
    this.#writes = writes;
    this.#reads = reads;
  }

  createConversation(record: ConversationRecord): Promise<ConversationRecord> {
    return this.#writes.call('createConversation', 0, record);
  }

  conversation(id: ConversationId): Promise<ConversationRecord | undefined> {
    return this.#reads.call('conversation', id);
  }

  direct(one: UserId, other: UserId): Promise<ConversationRecord | undefined> {
    return this.#reads.call('direct', one, other);
  }

  group(createdBy: UserId, clientMsgId: ClientMsgId): Promise<ConversationRecord | undefined> {
    return this.#reads.call('group', createdBy, clientMsgId);
  }

  members(conversation: ConversationId): Promise<Members> {
    return this.#reads.call('members', conversation);
  }

  countMembers(conversation: ConversationId): Promise<number> {
    return this.#reads.call('countMembers', conversation);
  }

  membership(conversation: ConversationId, user: UserId): Promise<UserConversation | undefined> {
    return this.#reads.call('membership', conversation, user);
  }

  async apply(conversation: ConversationId, changes: readonly MembershipChange[]): Promise<void> {
    if (changes.length === 0) return;
    const rows = changes.reduce((count, change) => count + change.memberships.length, 0);
    await this.#writes.call('applyChanges', rows * MEMBERSHIP_BYTES, conversation, changes);
  }

  conversationsOf(
    user: UserId,
    after: ConversationId | undefined,
    limit: number,
  ): Promise<readonly UserConversation[]> {
    return this.#reads.call('conversationsOf', user, after ?? BEFORE_THE_FIRST, limit);
  }

  channels(text: string, after: ConversationId | undefined, limit: number): Promise<readonly Channel[]> {
    return this.#reads.call('channels', titleKey(text), after ?? BEFORE_THE_FIRST, limit);
  }

  countConversationsOf(user: UserId): Promise<number> {
    return this.#reads.call('countConversationsOf', user);
  }

  /** Nothing by itself: the stores share one database, which SqliteStores closes. */
  async [Symbol.asyncDispose](): Promise<void> {}
}
