// The members of conversations that are small enough for what concerns everyone to be pushed to everyone.
import type { ConversationId, UserId } from '@parley/protocol/ids';
import { LIVELY_MEMBERS_MAX_COUNT } from '@parley/protocol/limits';
import type { MemberStore } from '@parley/ports/member-store';
import type { Owners } from '../message/owners.ts';

/** Present members; undefined where there are too many. From memory, where the conversation is. */
export async function livelyMembers(
  parts: { owners: Owners; members: MemberStore },
  conversation: ConversationId,
): Promise<readonly UserId[] | undefined> {
  const loaded = parts.owners.loaded(conversation);
  if (loaded !== undefined) return few(loaded.roster.active);
  if ((await parts.members.countMembers(conversation)) > LIVELY_MEMBERS_MAX_COUNT) return undefined;
  const { rows } = await parts.members.members(conversation);
  return few(rows.filter((row) => row.leftSeq === undefined).map((row) => row.user));
}

function few(users: readonly UserId[]): readonly UserId[] | undefined {
  return users.length <= LIVELY_MEMBERS_MAX_COUNT ? users : undefined;
}
