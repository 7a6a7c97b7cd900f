// Rows of `conversations` and `memberships` as the queries bring them, and the records that they are.
import type { ClientMsgId, ConversationId, UserId } from '@parley/protocol/ids';
import type { HistoryPolicy, Role } from '@parley/protocol/role';
import type { ConversationRecord, Membership, UserConversation } from '@parley/ports/member-store';
import { textOf } from './text-bytes.ts';

/** What `conversationRecord` takes, from `conversations c`. */
export const CONVERSATION_COLUMNS = `c.id, c.kind, c.created_by, c.first_user, c.second_user, c.client_msg_id, c.title,
  c.history, c.public, c.announcements, c.slow_mode_s`;

/** A kind's columns are null in the other kind's rows; the three settings until the first change. */
export interface ConversationRow {
  readonly id: ConversationId;
  readonly kind: 'direct' | 'group';
  readonly created_by: UserId;
  readonly first_user: UserId | null;
  readonly second_user: UserId | null;
  readonly client_msg_id: ClientMsgId | null;
  readonly title: Uint8Array | null;
  readonly history: HistoryPolicy | null;
  readonly public: boolean | null;
  readonly announcements: boolean | null;
  readonly slow_mode_s: number | null;
}

export function conversationRecord(row: ConversationRow): ConversationRecord {
  const common = { id: row.id, createdBy: row.created_by };
  const { first_user: first, second_user: second } = row;
  if (first !== null && second !== null) return { ...common, kind: 'direct', first, second };
  const { client_msg_id: clientMsgId, title, history, public: isPublic, announcements, slow_mode_s } = row;
  if (clientMsgId === null || title === null || history === null) {
    throw new Error(`conversation ${row.id} is of no kind`);
  }
  const group = { ...common, kind: 'group' as const, clientMsgId, title: textOf(title), history };
  if (isPublic === null || announcements === null || slow_mode_s === null) return group;
  return { ...group, settings: { public: isPublic, announcements, slow_mode_s } };
}

/** What `membership` takes, from `memberships m`. */
export const MEMBERSHIP_COLUMNS = 'm.user_id, m.role, m.joined_seq, m.visible_after, m.left_seq, m.banned';

export interface MembershipRow {
  readonly user_id: UserId;
  readonly role: Role;
  readonly joined_seq: string;
  readonly visible_after: string;
  readonly left_seq: string | null;
  readonly banned: boolean;
}

export function membership(row: MembershipRow): Membership {
  return {
    user: row.user_id,
    role: row.role,
    joinedSeq: Number(row.joined_seq),
    visibleAfter: Number(row.visible_after),
    leftSeq: row.left_seq === null ? undefined : Number(row.left_seq),
    ...(row.banned ? { banned: true } : {}),
  };
}

export const userConversation = (row: ConversationRow & MembershipRow): UserConversation => ({
  conversation: conversationRecord(row),
  membership: membership(row),
});
