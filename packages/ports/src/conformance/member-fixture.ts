// Conversations, memberships and changes of them that the suites share.
import type { ConversationId } from '@parley/protocol/ids';
import type { ConversationRecord, Membership, MembershipChange, MemberStore } from '../member-store.ts';
import { ALICE, BOB, clientMsgId } from './fixture.ts';

export const directRecord = (id: ConversationId, first = ALICE, second = BOB): ConversationRecord => ({
  id,
  createdBy: first,
  kind: 'direct',
  first,
  second,
});

export const groupRecord = (
  id: ConversationId,
  createdBy = ALICE,
  title = 'A group',
): ConversationRecord => ({
  id,
  createdBy,
  kind: 'group',
  clientMsgId: clientMsgId(`create-${id}`),
  title,
  history: 'all',
});

export const membership = (user = ALICE, fields: Partial<Membership> = {}): Membership => ({
  user,
  role: 'member',
  joinedSeq: 1,
  visibleAfter: 0,
  leftSeq: undefined,
  ...fields,
});

export const change = (
  seq: number,
  memberships: readonly Membership[],
  title?: string,
): MembershipChange => ({
  seq,
  title,
  memberships,
});

const byUser = (rows: readonly Membership[]) =>
  [...rows].sort((one, other) => (one.user < other.user ? -1 : 1));
/** Everyone's row, in order of id as text. */
export const rowsOf = async (members: MemberStore, id: ConversationId) =>
  byUser((await members.members(id)).rows);
