// What each role may do in a group, as one table.
import type { Role } from '@parley/protocol/role';

export type GroupAction =
  | 'send'
  | 'rename'
  | 'add'
  | 'invite'
  | 'ban'
  | 'unban'
  | 'set_group'
  | 'announce'
  | 'remove_member'
  | 'remove_admin'
  | 'set_role'
  | 'leave'
  | 'pin'
  | 'delete_any'
  | 'see_reports';

export const PERMISSIONS: Readonly<Record<GroupAction, Readonly<Record<Role, boolean>>>> = {
  send: { owner: true, admin: true, member: true },
  rename: { owner: true, admin: true, member: false },
  add: { owner: true, admin: true, member: false },
  invite: { owner: true, admin: true, member: false },
  ban: { owner: true, admin: true, member: false },
  unban: { owner: true, admin: true, member: false },
  set_group: { owner: true, admin: true, member: false },
  /** Send where only announcements are made, and without a wait in slow mode. */
  announce: { owner: true, admin: true, member: false },
  remove_member: { owner: true, admin: true, member: false },
  remove_admin: { owner: true, admin: false, member: false },
  set_role: { owner: true, admin: false, member: false },
  leave: { owner: true, admin: true, member: true },
  pin: { owner: true, admin: true, member: false },
  /** Somebody else's message. */
  delete_any: { owner: true, admin: true, member: false },
  see_reports: { owner: true, admin: true, member: false },
};

/** What both users of a direct conversation may do; they have no roles. */
const DIRECT: ReadonlySet<GroupAction> = new Set<GroupAction>(['send', 'pin']);

export function may(role: Role, action: GroupAction): boolean {
  return PERMISSIONS[action][role];
}

export function mayIn(kind: 'direct' | 'group', role: Role, action: GroupAction): boolean {
  return kind === 'direct' ? DIRECT.has(action) : may(role, action);
}
