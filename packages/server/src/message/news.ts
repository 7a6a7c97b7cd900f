// What was committed, and whom it concerns.
import type { ConversationId, UserId } from '@parley/protocol/ids';
import type { MembershipChange } from '@parley/ports/member-store';
import type { StoredEntry } from '@parley/ports/message-store';
import type { Roster } from '../group/roster.ts';

export interface News {
  readonly conversation: ConversationId;
  readonly entries: readonly StoredEntry[];
  /** As it is after the entries. */
  readonly roster: Roster;
  /** Whom the entries let in or put out, or gave another role: they learn of it whatever the group's size. */
  readonly changed: readonly UserId[];
}

/** Those who were members before a change or are after it; not who left long ago and was banned now [ENTRY-3]. */
export function changedBy(changes: readonly MembershipChange[]): UserId[] {
  return changes.flatMap(({ seq, memberships }) =>
    memberships.filter((row) => row.leftSeq === undefined || row.leftSeq === seq).map((row) => row.user),
  );
}

export function isLarge(roster: Roster, largeGroupMembers: number): boolean {
  return roster.kind === 'group' && roster.active.length >= largeGroupMembers;
}

/** Every member, and who was one until now. Nothing is copied while nobody comes or goes. */
export function everyone(roster: Roster, changed: readonly UserId[]): readonly UserId[] {
  const gone = changed.filter((user) => !roster.isMember(user));
  return gone.length === 0 ? roster.active : [...roster.active, ...new Set(gone)];
}
