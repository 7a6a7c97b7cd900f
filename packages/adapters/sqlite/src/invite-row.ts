// Rows of `invites` as the queries bring them, and the records that they are.
import type { InviteRecord } from '@parley/ports/invite-store';
import type { ConversationId, UserId } from '@parley/protocol/ids';
import type { Value } from './entry-row.ts';

export const INVITE_COLUMNS = `code, cast(conversation AS TEXT), cast(created_by AS TEXT), created_at, expires_at,
  uses_max, uses`;

export function inviteRecord(row: readonly Value[]): InviteRecord {
  const [code, conversation, createdBy, createdAt, expiresAt, usesMax, uses] = row;
  return {
    code: code as string,
    conversation: conversation as ConversationId,
    createdBy: createdBy as UserId,
    createdAt: createdAt as number,
    expiresAt: expiresAt as number,
    usesMax: (usesMax as number | null) ?? undefined,
    uses: uses as number,
  };
}
