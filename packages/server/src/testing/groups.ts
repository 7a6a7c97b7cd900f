// Groups for tests: members in any number, ways in, and what each reader has of the log.
import type { ConversationId, UserId } from '@parley/protocol/ids';
import type { InviteView } from '@parley/protocol/invite';
import type { Membership } from '@parley/ports/member-store';
import type { StoredEntry } from '@parley/ports/message-store';
import type { ServerFixture } from './server-fixture.ts';
import type { TestClient } from './test-client.ts';

/** Puts members into a group without asking the server, which must not have it in memory. */
export async function fill(
  fixture: ServerFixture,
  group: ConversationId,
  users: readonly UserId[],
): Promise<void> {
  const memberships = users.map((user): Membership => {
    return { user, role: 'member', joinedSeq: 1, visibleAfter: 0, leftSeq: undefined };
  });
  await fixture.stores.members.apply(group, [{ seq: 1, title: undefined, memberships }]);
}

export async function invite(
  client: TestClient,
  group: ConversationId,
  more: { uses_max?: number; expires_in_s?: number } = {},
): Promise<InviteView> {
  const answer = await client.request({ type: 'create_invite', conversation_id: group, ...more });
  if (answer.type !== 'invite') throw new Error(JSON.stringify(answer));
  return answer.invite;
}

/** A log, as it is stored. */
export function logOf(fixture: ServerFixture, group: ConversationId): readonly StoredEntry[] {
  return fixture.stores.world.state.logs.get(group)?.rows ?? [];
}

/** Who is in the group by the store. */
export function membersOf(fixture: ServerFixture, group: ConversationId): UserId[] {
  const rows = fixture.stores.world.state.conversations.get(group)?.members.values() ?? [];
  return [...rows].flatMap(({ membership: { user, leftSeq } }) => (leftSeq === undefined ? [user] : []));
}

/** One of the changes of a group, by number: what it is named is its own. */
export function groupChange(what: number, user_id: UserId, title: string): object {
  const changes = [
    { type: 'remove_member', user_id },
    { type: 'add_members', user_ids: [user_id] },
    { type: 'leave_group' },
    { type: 'rename_group', title },
    { type: 'set_role', user_id, role: 'admin' },
    { type: 'set_role', user_id, role: 'owner' },
    { type: 'set_role', user_id, role: 'member' },
    { type: 'remove_member', user_id, ban: true },
    { type: 'unban_member', user_id },
    { type: 'set_group', announcements: Number(user_id) % 2 === 0 },
  ];
  return changes[what % changes.length] as object;
}
