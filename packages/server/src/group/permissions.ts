// What each role may do in a group, as one table.
import type { Role } from '@parley/protocol/role';

export type GroupAction = 'send' | 'rename' | 'add' | 'remove_member' | 'remove_admin' | 'set_role' | 'leave';

export const PERMISSIONS: Readonly<Record<GroupAction, Readonly<Record<Role, boolean>>>> = {
  send: { owner: true, admin: true, member: true },
  rename: { owner: true, admin: true, member: false },
  add: { owner: true, admin: true, member: false },
  remove_member: { owner: true, admin: true, member: false },
  remove_admin: { owner: true, admin: false, member: false },
  set_role: { owner: true, admin: false, member: false },
  leave: { owner: true, admin: true, member: true },
};

export function may(role: Role, action: GroupAction): boolean {
  return PERMISSIONS[action][role];
}
