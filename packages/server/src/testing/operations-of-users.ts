// The operations about users and who is there, of the table of who may do what: they depend on no role.
import { OK, type Operation } from './operations.ts';

export const OF_USERS: readonly Operation[] = [
  { name: 'watch', type: 'watch', frame: ({ plain }) => ({ user_ids: [plain] }), expected: OK },
  { name: 'unwatch', type: 'unwatch', frame: ({ plain }) => ({ user_ids: [plain] }), expected: OK },
  { name: 'get_presence', type: 'get_presence', frame: ({ plain }) => ({ user_ids: [plain] }), expected: OK },
  { name: 'set_presence', type: 'set_presence', frame: () => ({ state: 'away' }), expected: OK },
  { name: 'list_contacts', type: 'list_contacts', frame: () => ({}), expected: OK },
  { name: 'get_settings', type: 'get_settings', frame: () => ({}), expected: OK },
  { name: 'set_settings', type: 'set_settings', frame: () => ({ visibility: 'nobody' }), expected: OK },
  { name: 'block_user', type: 'block_user', frame: ({ plain }) => ({ user_id: plain }), expected: OK },
  { name: 'unblock_user', type: 'unblock_user', frame: ({ plain }) => ({ user_id: plain }), expected: OK },
  { name: 'list_blocked', type: 'list_blocked', frame: () => ({}), expected: OK },
  // Never answered: what is not to be passed on is ignored.
  { name: 'typing', type: 'typing', frame: ({ group }) => ({ conversation_id: group }), expected: OK },
];
