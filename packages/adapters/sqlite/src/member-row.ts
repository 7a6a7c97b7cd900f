// Rows of `conversations` and `memberships` as the queries bring them, and the records that they are.
import type { ClientMsgId, ConversationId, UserId } from '@parley/protocol/ids';
import type { HistoryPolicy, Role } from '@parley/protocol/role';
import type { ConversationRecord, Membership } from '@parley/ports/member-store';
import type { Value } from './entry-row.ts';

/** What `conversationRecord` takes, in this order, from `conversations c`. */
export const CONVERSATION_COLUMNS = `cast(c.id AS TEXT), c.kind, cast(c.created_by AS TEXT),
  cast(c.first AS TEXT), cast(c.second AS TEXT), c.client_msg_id, c.title, c.history,
  c.public, c.announcements, c.slow_mode_s`;
export const CONVERSATION_COLUMNS_COUNT = 11;

/** What `membership` takes, in this order, from `memberships m`. */
export const MEMBERSHIP_COLUMNS =
  'cast(m.user AS TEXT), m.role, m.joined_seq, m.visible_after, m.left_seq, m.banned';

export function conversationRecord(row: readonly Value[]): ConversationRecord {
  const [
    id,
    kind,
    createdBy,
    first,
    second,
    clientMsgId,
    title,
    history,
    isPublic,
    announcements,
    slowModeS,
  ] = row;
  const common = { id: id as ConversationId, createdBy: createdBy as UserId };
  if (kind === 'direct') return { ...common, kind, first: first as UserId, second: second as UserId };
  return {
    ...common,
    kind: 'group',
    clientMsgId: clientMsgId as ClientMsgId,
    title: title as string,
    history: history as HistoryPolicy,
    // All three are null until the first change.
    ...(isPublic === null
      ? {}
      : {
          settings: {
            public: isPublic === 1,
            announcements: announcements === 1,
            slow_mode_s: slowModeS as number,
          },
        }),
  };
}

export function membership(row: readonly Value[]): Membership {
  const [user, role, joinedSeq, visibleAfter, leftSeq, banned] = row;
  return {
    user: user as UserId,
    role: role as Role,
    joinedSeq: joinedSeq as number,
    visibleAfter: visibleAfter as number,
    leftSeq: (leftSeq as number | null) ?? undefined,
    ...(banned === 1 ? { banned: true } : {}),
  };
}
