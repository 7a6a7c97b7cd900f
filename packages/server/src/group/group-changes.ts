// The changes of a group, each decided against the roster that is true at its seq.
import { fault, type Fault } from '@parley/protocol/error-code';
import type { UserId } from '@parley/protocol/ids';
import { GROUP_MEMBERS_MAX_COUNT } from '@parley/protocol/limits';
import type { GroupSettings, HistoryPolicy, Role } from '@parley/protocol/role';
import { may, type GroupAction } from './permissions.ts';
import type { Roster } from './roster.ts';

/** How one kind of change is decided, and recognised when it is asked for again under the same id. */
export interface GroupChange {
  readonly entryKind: string;
  readonly decide: (roster: Roster) => { readonly body: object } | { readonly fault: Fault };
  readonly matches: (body: unknown) => boolean;
}

const NOT_MEMBER = { fault: fault('not_member', 'You are not a member of this conversation.') };

export const BANNED = 'This user was banned from the group.';
/** One answer, whatever the invitation is not good for. */
export const NO_INVITE = { fault: fault('not_found', 'There is no such invitation.', { field: 'code' }) };
export const NO_CHANNEL = {
  fault: fault('not_found', 'There is no such public group.', { field: 'conversation_id' }),
};
const FULL = { fault: fault('limit_reached', `A group has at most ${GROUP_MEMBERS_MAX_COUNT} members.`) };

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
      const banned = members.findIndex((member) => roster.get(member.user_id)?.banned === true);
      if (banned >= 0) return { fault: fault('banned', BANNED, { field: `user_ids.${banned}` }) };
      if (roster.active.length + members.length > GROUP_MEMBERS_MAX_COUNT) return FULL;
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

/** Removes a member for good, or keeps out one who left before. */
export function memberBanned(asker: UserId, user: UserId): GroupChange {
  const body = { user_id: user, banned: true as const };
  return {
    entryKind: 'member_removed',
    decide: (roster) => {
      const role = allowed(roster, asker, 'ban');
      if (typeof role === 'object') return role;
      if (user === asker) return invalid('user_id', 'To go yourself, leave the group.');
      const row = roster.get(user);
      if (row === undefined) return invalid('user_id', 'This user never was a member.');
      if (row.banned === true) return invalid('user_id', 'This user is banned already.');
      // The role of one who left counts no more.
      if (row.leftSeq === undefined && row.role !== 'member' && !may(role, 'remove_admin')) {
        return { fault: fault('forbidden', `Your role (${role}) does not allow this.`) };
      }
      return { body };
    },
    matches: (other) => same(other, body),
  };
}

export function memberUnbanned(asker: UserId, user: UserId): GroupChange {
  return {
    entryKind: 'member_unbanned',
    decide: (roster) => {
      const role = allowed(roster, asker, 'unban');
      if (typeof role === 'object') return role;
      if (roster.get(user)?.banned !== true) return invalid('user_id', 'This user is not banned.');
      return { body: { user_id: user } };
    },
    matches: (body) => same(body, { user_id: user }),
  };
}

type Wished = { readonly [Name in keyof GroupSettings]?: GroupSettings[Name] | undefined };

/** What is absent stays as it is; something must change. */
export function groupSet(asker: UserId, settings: Wished): GroupChange {
  const { public: isPublic, announcements, slow_mode_s } = settings;
  const body = { public: isPublic, announcements, slow_mode_s };
  return {
    entryKind: 'group_set',
    decide: (roster) => {
      const role = allowed(roster, asker, 'set_group');
      if (typeof role === 'object') return role;
      const present: Readonly<Record<string, unknown>> = roster.settings;
      const given = Object.entries(body).filter(([, value]) => value !== undefined);
      const [first] = given;
      if (first === undefined) return invalid('public', 'Nothing is to be set.');
      return given.some(([name, value]) => present[name] !== value)
        ? { body }
        : invalid(first[0], 'The group has these settings already.');
    },
    matches: (other) => same(other, body),
  };
}

/** What becomes of one who comes by himself, beside `others` who come at the same time. */
export function joining(
  roster: Roster,
  user: UserId,
  { way, others }: { way: 'invited' | 'public'; others: number },
): 'member' | 'joins' | { readonly fault: Fault } {
  const row = roster.get(user);
  if (row !== undefined && row.leftSeq === undefined) return 'member';
  if (way === 'public' && !roster.settings.public) return NO_CHANNEL;
  // It has no owner any more, and whoever came would have the say or nobody.
  if (roster.active.length === 0) return way === 'public' ? NO_CHANNEL : NO_INVITE;
  if (row?.banned === true) return { fault: fault('banned', BANNED) };
  return roster.active.length + others >= GROUP_MEMBERS_MAX_COUNT ? FULL : 'joins';
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
