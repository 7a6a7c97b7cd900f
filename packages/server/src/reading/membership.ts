// What most requests about reading ask first: that the asker is a member.
import { fault, type Fault } from '@parley/protocol/error-code';
import type { ConversationId, Seq, UserId } from '@parley/protocol/ids';
import type { Access, AccessRules } from '../message/access.ts';
import { NOT_MEMBER } from '../message/submission.ts';
import { NO_CONVERSATION } from '../request/request.ts';

export const BEYOND_HEAD = fault('invalid_field', 'A seq may not be beyond the head.', { field: 'seq' });

/** `not_found` for a stranger, `not_member` for a former member. */
export async function memberAccess(
  access: AccessRules,
  conversation: ConversationId,
  user: UserId,
): Promise<Access | { readonly fault: Fault }> {
  const found = await access.of(conversation, user);
  if (found === undefined) return NO_CONVERSATION;
  return found.removed ? { fault: NOT_MEMBER } : found;
}

export function isVisible({ visibleAfter, until }: Access, seq: Seq): boolean {
  return seq > visibleAfter && seq <= until;
}
