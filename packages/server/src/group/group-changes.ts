// The changes of a group, each decided against the roster that is true at its seq.
import { fault, type Fault } from '@parley/protocol/error-code';
import type { UserId } from '@parley/protocol/ids';
import { GROUP_MEMBERS_MAX_COUNT } from '@parley/protocol/limits';
import type { HistoryPolicy, Role } from '@parley/protocol/role';
import { may, type GroupAction } from './permissions.ts';
import type { Roster } from './roster.ts';

/** How one kind of change is decided, and recognised when it is asked for again under the same id. */
export interface GroupChange {
  readonly entryKind: string;
  readonly decide: (roster: Roster) => { readonly body: object } | { readonly fault: Fault };
  readonly matches: (body: unknown) => boolean;
}

const NOT_MEMBER = { fault: fault('not_member', 'You are not a member of this conversation.') };

function invalid(field: string, message: string) {
  return { fault: fault('invalid_field', message, { field }) };
}

/** The asker's role, if it allows the action; else the fault. */
function allowed(roster: Roster, asker: UserId, action: GroupAction): Role | { fault: Fault } {
  const row = roster.get(asker);
  if (row === undefined || row.leftSeq !== undefined) return NOT_MEMBER;
  return may(row.role, action)
    ? row.role
    : { fault: fault('forbidden', `Your role (${row.role}) does not allow this.`) };
}

export function created(
  owner: UserId,
  title: string,
  history: HistoryPolicy,
  others: readonly UserId[],
): GroupChange {
  const members = [owner, ...new Set(others.filter((user) => user !== owner))].map((user_id) => ({
    user_id,
    role: user_id === owner ? ('owner' as const) : ('member' as const),
  }));
  const body = { title, history, members };
  const again = { fault: fault('id_reused', 'A group was created under this client_msg_id before.') };
  return {
    entryKind: 'group_created',
    decide: (roster) => (roster.isEmpty ? { body } : again),
    matches: (other) => same(other, body),
  };
}

export function renamed(asker: UserId, title: string): GroupChange {
  return {
    entryKind: 'group_renamed',
    decide: (roster) => {
      const role = allowed(roster, asker, 'rename');
      return typeof role === 'object' ? role : { body: { title } };
    },
    matches: (body) => same(body, { title }),
  };
}

export function membersAdded(asker: UserId, users: readonly UserId[]): GroupChange {
  const members = [...new Set(users)].map((user_id) => ({ user_id, role: 'member' as const }));
  return {
    entryKind: 'members_added',
    decide: (roster) => {
      const role = allowed(roster, asker, 'add');
      if (typeof role === 'object') return role;
      const present = members.findIndex((member) => roster.isMember(member.user_id));
      if (present >= 0) return invalid(`user_ids.${present}`, 'This user is a member already.');
      if (roster.active.length + members.length > GROUP_MEMBERS_MAX_COUNT) {
        return { fault: fault('limit_reached', `A group has at most ${GROUP_MEMBERS_MAX_COUNT} members.`) };
      }
      return { body: { members } };
    },
    matches: (body) => same(body, { members }),
  };
}

export function memberRemoved(asker: UserId, user: UserId): GroupChange {
  return {
    entryKind: 'member_removed',
    decide: (roster) => {
      const role = allowed(roster, asker, 'remove_member');
      if (typeof role === 'object') return role;
      if (user === asker) return invalid('user_id', 'To go yourself, leave the group.');
      const row = roster.get(user);
      if (row === undefined || row.leftSeq !== undefined)
        return invalid('user_id', 'This user is no member.');
      if (row.role !== 'member' && !may(role, 'remove_admin')) {
        return { fault: fault('forbidden', `Your role (${role}) does not allow this.`) };
      }
      return { body: { user_id: user } };
    },
    matches: (body) => same(body, { user_id: user }),
  };
}

export function memberLeft(user: UserId): GroupChange {
  return {
    entryKind: 'member_left',
    decide: (roster) => {
      const role = allowed(roster, user, 'leave');
      if (typeof role === 'object') return role;
      const successor = role === 'owner' ? roster.successorOf(user) : undefined;
      return { body: { user_id: user, ...(successor === undefined ? {} : { new_owner: successor }) } };
    },
    matches: (body) => (body as { user_id?: unknown }).user_id === user,
  };
}

export function roleChanged(asker: UserId, user: UserId, to: Role): GroupChange {
  return {
    entryKind: 'role_changed',
    decide: (roster) => {
      const role = allowed(roster, asker, 'set_role');
      if (typeof role === 'object') return role;
      const row = roster.get(user);
      if (row === undefined || row.leftSeq !== undefined)
        return invalid('user_id', 'This user is no member.');
      if (row.role === to) return invalid('role', 'The user has this role already.');
      if (user === asker) return invalid('user_id', 'Give the role of owner to somebody else first.');
      return { body: { user_id: user, role: to } };
    },
    matches: (body) => same(body, { user_id: user, role: to }),
  };
}

/** Bodies are made by the functions above, so the same change always has the same text. */
function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
