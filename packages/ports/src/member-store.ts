// Conversations and who is in them: a projection of the logs, each row with the seq as of which it is true.
import type { ClientMsgId, ConversationId, Seq, UserId } from '@parley/protocol/ids';
import type { GroupSettings, HistoryPolicy, Role } from '@parley/protocol/role';

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
        /** Absent until they are first changed: then NO_SETTINGS holds. */
        readonly settings?: GroupSettings;
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
  /** May not come back; only of one who left. */
  readonly banned?: true;
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
  readonly settings?: GroupSettings;
  /** Whole rows, as they are after the entry. */
  readonly memberships: readonly Membership[];
}

export interface UserConversation {
  readonly conversation: ConversationRecord;
  readonly membership: Membership;
}

/** A public group. */
export interface Channel {
  readonly conversation: ConversationRecord;
  /** How many are members now. */
  readonly members: number;
}

/** What titles are compared by where case does not matter. Upper case: that of a letter does not hang on what follows. */
export function titleKey(title: string): string {
  return title.toUpperCase();
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
  /** Idempotent: per user, for the title and for the settings, a change with a lower seq than what is stored does nothing. */
  apply(conversation: ConversationId, changes: readonly MembershipChange[]): Promise<void>;
  /** Conversations that the user is or was a member of, in order of id as numbers, after `after`. */
  conversationsOf(
    user: UserId,
    after: ConversationId | undefined,
    limit: number,
  ): Promise<readonly UserConversation[]>;
  /** Public groups whose title begins with the text, whatever the case, by id, with how many members they have. */
  channels(text: string, after: ConversationId | undefined, limit: number): Promise<readonly Channel[]>;
  /** How many conversations the user is a member of now. */
  countConversationsOf(user: UserId): Promise<number>;
}
