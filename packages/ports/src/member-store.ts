// Conversations and who is in them: a projection of the logs, each row with the seq as of which it is true.
import type { ClientMsgId, ConversationId, Seq, UserId } from '@parley/protocol/ids';
import type { HistoryPolicy, Role } from '@parley/protocol/role';

export type ConversationRecord = {
  readonly id: ConversationId;
  readonly createdBy: UserId;
} &
  /** Its two members, both of role `member`, are fixed for ever and no entry says so. `first` < `second`, as numbers. */
  (
    | { readonly kind: 'direct'; readonly first: UserId; readonly second: UserId }
    /** Who is in it is what its log says, beginning with a group_created at seq 1. */
    | {
        readonly kind: 'group';
        readonly clientMsgId: ClientMsgId;
        readonly title: string;
        readonly history: HistoryPolicy;
      }
  );

/** One user's row in one conversation, kept when the membership ends. */
export interface Membership {
  readonly user: UserId;
  readonly role: Role;
  /** The entry that let the user in; 0 in a direct conversation. */
  readonly joinedSeq: Seq;
  /** The user may read what comes after this seq. */
  readonly visibleAfter: Seq;
  /** The entry that ended the membership: the last that the user may read. */
  readonly leftSeq: Seq | undefined;
}

export interface Members {
  /** Membership changes up to this seq are in the rows. */
  readonly asOf: Seq;
  /** Also those who left. */
  readonly rows: readonly Membership[];
}

/** What one entry of a group's log changed. Applying it again, or after a later one, changes nothing. */
export interface MembershipChange {
  readonly seq: Seq;
  readonly title: string | undefined;
  /** Whole rows, as they are after the entry. */
  readonly memberships: readonly Membership[];
}

export interface UserConversation {
  readonly conversation: ConversationRecord;
  readonly membership: Membership;
}

export interface MemberStore extends AsyncDisposable {
  /**
   * Stores the record, or returns the one that is there: a direct conversation is one per pair of users, a group one
   * per (createdBy, clientMsgId). A direct one is complete by this; a group has no member before its first entry.
   */
  createConversation(record: ConversationRecord): Promise<ConversationRecord>;
  conversation(id: ConversationId): Promise<ConversationRecord | undefined>;
  /** The direct conversation of two users, in either order. */
  direct(one: UserId, other: UserId): Promise<ConversationRecord | undefined>;
  /** The group that a user created under a clientMsgId. */
  group(createdBy: UserId, clientMsgId: ClientMsgId): Promise<ConversationRecord | undefined>;
  members(conversation: ConversationId): Promise<Members>;
  /** How many are members now. */
  countMembers(conversation: ConversationId): Promise<number>;
  /** One user's row in one conversation, present or past. */
  membership(conversation: ConversationId, user: UserId): Promise<UserConversation | undefined>;
  /** Idempotent: per user, and for the title, a change with a lower seq than what is stored does nothing. */
  apply(conversation: ConversationId, changes: readonly MembershipChange[]): Promise<void>;
  /** Conversations that the user is or was a member of, in order of id as numbers, after `after`. */
  conversationsOf(
    user: UserId,
    after: ConversationId | undefined,
    limit: number,
  ): Promise<readonly UserConversation[]>;
  /** How many conversations the user is a member of now. */
  countConversationsOf(user: UserId): Promise<number>;
}
