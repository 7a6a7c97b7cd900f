// The operations about ways into a group, bans and settings, for the table of permissions.test.ts.
import { ADMINS, EVER, id, OK, type Operation } from './operations.ts';

const text = { kind: 'text', text: 'x' };
/** For whoever is in already it changes nothing. */
const JOINS = OK;

export const OF_GROUPS: readonly Operation[] = [
  {
    name: 'remove_member with a ban, of a member',
    type: 'remove_member',
    frame: ({ group, plain }) => ({ ...id, conversation_id: group, user_id: plain, ban: true }),
    expected: ADMINS,
  },
  {
    name: 'remove_member with a ban, of an admin',
    type: 'remove_member',
    frame: ({ group, otherAdmin }) => ({ ...id, conversation_id: group, user_id: otherAdmin, ban: true }),
    expected: ['ok', 'forbidden', 'forbidden', 'not_member', 'not_found'],
  },
  {
    name: 'remove_member with a ban, of one who left',
    type: 'remove_member',
    frame: ({ group, gone }) => ({ ...id, conversation_id: group, user_id: gone, ban: true }),
    expected: ADMINS,
  },
  {
    name: 'unban_member',
    type: 'unban_member',
    frame: ({ group, banned }) => ({ ...id, conversation_id: group, user_id: banned }),
    expected: ADMINS,
  },
  {
    name: 'add_members of one who is banned',
    type: 'add_members',
    frame: ({ group, banned }) => ({ ...id, conversation_id: group, user_ids: [banned] }),
    expected: ['banned', 'banned', 'forbidden', 'not_member', 'not_found'],
  },
  {
    name: 'set_group',
    type: 'set_group',
    frame: ({ group }) => ({ ...id, conversation_id: group, public: true }),
    expected: ADMINS,
  },
  {
    name: 'send where only announcements are made',
    type: 'send',
    settings: { announcements: true },
    frame: ({ group }) => ({ conversation_id: group, messages: [{ client_msg_id: 'm', content: text }] }),
    expected: ['ok', 'ok', 'forbidden', 'not_member', 'not_member'],
  },
  {
    name: 'send, just after the last, in slow mode',
    type: 'send',
    settings: { slow_mode_s: 60 },
    frame: ({ group }) => ({ conversation_id: group, messages: [{ client_msg_id: 'm', content: text }] }),
    expected: ['ok', 'ok', 'rate_limited', 'not_member', 'not_member'],
  },
  {
    name: 'create_invite',
    type: 'create_invite',
    frame: ({ group }) => ({ conversation_id: group }),
    expected: ADMINS,
  },
  {
    name: 'list_invites',
    type: 'list_invites',
    frame: ({ group }) => ({ conversation_id: group }),
    expected: ADMINS,
  },
  {
    name: 'revoke_invite',
    type: 'revoke_invite',
    frame: ({ group, code }) => ({ conversation_id: group, code }),
    expected: ADMINS,
  },
  { name: 'join by a code', type: 'join', frame: ({ code }) => ({ code }), expected: JOINS },
  {
    name: 'join of a public group',
    type: 'join',
    settings: { public: true },
    frame: ({ group }) => ({ conversation_id: group }),
    expected: JOINS,
  },
  {
    name: 'join of a group that is not public',
    type: 'join',
    frame: ({ group }) => ({ conversation_id: group }),
    expected: ['ok', 'ok', 'ok', 'not_found', 'not_found'],
  },
  { name: 'find_channels', type: 'find_channels', frame: () => ({}), expected: OK },
  {
    name: 'view',
    type: 'view',
    frame: ({ group }) => ({ conversation_ids: [group] }),
    expected: OK,
  },
  {
    name: 'pull of a public group',
    type: 'pull',
    settings: { public: true },
    frame: ({ group }) => ({ conversation_id: group, after: 0 }),
    expected: EVER,
  },
];
