// Every operation that a client may ask for and what each who may ask gets: the table that permissions.test.ts checks.
import type { ConversationId, MessageId, UserId } from '@parley/protocol/ids';
import type { Up } from '@parley/protocol/up';

export const WHO = ['owner', 'admin', 'member', 'former', 'stranger'] as const;
export type Who = (typeof WHO)[number];

export interface World {
  readonly group: ConversationId;
  readonly plain: UserId;
  readonly otherAdmin: UserId;
  readonly outsider: UserId;
  /** A message of the plain member. */
  readonly message: number;
  /** The same. */
  readonly messageId: MessageId;
  /** A message of the one who asks, where that was ever a member. */
  readonly own: number;
  /** A conversation of the one who asks and the outsider. */
  readonly elsewhere: ConversationId;
  /** Of the group. */
  readonly code: string;
  /** Left before. */
  readonly gone: UserId;
  readonly banned: UserId;
}

export interface Operation {
  readonly name: string;
  readonly type: Up['type'];
  readonly frame: (world: World) => object;
  /** What the group's owner sets before. */
  readonly settings?: object;
  /** What each gets: `ok`, or the code of the error. In the order of WHO. */
  readonly expected: readonly [string, string, string, string, string];
}

export const OK = ['ok', 'ok', 'ok', 'ok', 'ok'] as const;
export const id = { client_msg_id: 'under-test' };
export const MEMBERS = ['ok', 'ok', 'ok', 'not_found', 'not_found'] as const;
export const EVER = ['ok', 'ok', 'ok', 'ok', 'not_found'] as const;
export const ADMINS = ['ok', 'ok', 'forbidden', 'not_member', 'not_found'] as const;
export const OWNER = ['ok', 'forbidden', 'forbidden', 'not_member', 'not_found'] as const;

export const CHANGES = ['ok', 'ok', 'ok', 'not_member', 'not_found'] as const;

const text = { kind: 'text', text: 'x' };
const edit = (target: number) => ({ target, version: target, content: text });

export const OF_MESSAGES_AND_MEMBERS: readonly Operation[] = [
  {
    name: 'send',
    type: 'send',
    frame: ({ group }) => ({
      conversation_id: group,
      messages: [{ client_msg_id: 'm', content: { kind: 'text', text: 'x' } }],
    }),
    expected: ['ok', 'ok', 'ok', 'not_member', 'not_member'],
  },
  {
    name: 'pull',
    type: 'pull',
    frame: ({ group }) => ({ conversation_id: group, after: 0 }),
    expected: EVER,
  },
  {
    name: 'received',
    type: 'received',
    frame: ({ group }) => ({ marks: [{ conversation_id: group, seq: 1 }] }),
    expected: EVER,
  },
  {
    name: 'open_direct',
    type: 'open_direct',
    frame: ({ outsider }) => ({ user_id: outsider }),
    expected: OK,
  },
  {
    name: 'create_group',
    type: 'create_group',
    frame: ({ outsider }) => ({ ...id, title: 'mine', member_ids: [outsider] }),
    expected: OK,
  },
  {
    name: 'rename_group',
    type: 'rename_group',
    frame: ({ group }) => ({ ...id, conversation_id: group, title: 'new' }),
    expected: ADMINS,
  },
  { name: 'list_conversations', type: 'list_conversations', frame: () => ({}), expected: OK },
  {
    name: 'get_conversation',
    type: 'get_conversation',
    frame: ({ group }) => ({ conversation_id: group }),
    expected: EVER,
  },
  {
    name: 'add_members',
    type: 'add_members',
    frame: ({ group, outsider }) => ({ ...id, conversation_id: group, user_ids: [outsider] }),
    expected: ADMINS,
  },
  {
    name: 'remove_member of a member',
    type: 'remove_member',
    frame: ({ group, plain }) => ({ ...id, conversation_id: group, user_id: plain }),
    expected: ADMINS,
  },
  {
    name: 'remove_member of an admin',
    type: 'remove_member',
    frame: ({ group, otherAdmin }) => ({ ...id, conversation_id: group, user_id: otherAdmin }),
    expected: OWNER,
  },
  {
    name: 'leave_group',
    type: 'leave_group',
    frame: ({ group }) => ({ ...id, conversation_id: group }),
    expected: ['ok', 'ok', 'ok', 'not_member', 'not_found'],
  },
  {
    name: 'set_role',
    type: 'set_role',
    frame: ({ group, plain }) => ({ ...id, conversation_id: group, user_id: plain, role: 'admin' }),
    expected: OWNER,
  },
  {
    name: 'list_members',
    type: 'list_members',
    frame: ({ group }) => ({ conversation_id: group }),
    expected: MEMBERS,
  },
  {
    name: 'edit_message of another',
    type: 'edit_message',
    frame: ({ group, message }) => ({ ...id, ...edit(message), conversation_id: group }),
    expected: ['forbidden', 'forbidden', 'forbidden', 'not_member', 'not_found'],
  },
  {
    name: 'edit_message of his own',
    type: 'edit_message',
    frame: ({ group, own }) => ({ ...id, ...edit(own), conversation_id: group }),
    expected: CHANGES,
  },
  {
    name: 'delete_message of another',
    type: 'delete_message',
    frame: ({ group, message }) => ({ ...id, conversation_id: group, target: message }),
    expected: ADMINS,
  },
  {
    name: 'delete_message of his own',
    type: 'delete_message',
    frame: ({ group, own }) => ({ ...id, conversation_id: group, target: own }),
    expected: CHANGES,
  },
  {
    name: 'react',
    type: 'react',
    frame: ({ group, message }) => ({ ...id, conversation_id: group, target: message, emoji: '👍' }),
    expected: CHANGES,
  },
  {
    name: 'pin_message',
    type: 'pin_message',
    frame: ({ group, message }) => ({ ...id, conversation_id: group, target: message }),
    expected: ADMINS,
  },
  {
    name: 'get_versions',
    type: 'get_versions',
    frame: ({ group, message }) => ({ conversation_id: group, target: message }),
    expected: EVER,
  },
  {
    name: 'send of a reply in a thread',
    type: 'send',
    frame: ({ group, message }) => ({
      conversation_id: group,
      messages: [{ client_msg_id: 'm', content: text, reply_to: message, thread: message }],
    }),
    expected: ['ok', 'ok', 'ok', 'not_member', 'not_member'],
  },
  {
    name: 'send of a forward from the group',
    type: 'send',
    frame: ({ group, message, elsewhere }) => ({
      conversation_id: elsewhere,
      messages: [{ client_msg_id: 'm', forward: { conversation_id: group, seq: message } }],
    }),
    expected: EVER,
  },
  {
    name: 'report',
    type: 'report',
    frame: ({ group, message }) => ({ ...id, conversation_id: group, seqs: [message], reason: 'spam' }),
    expected: EVER,
  },
  {
    name: 'list_reports',
    type: 'list_reports',
    frame: ({ group }) => ({ conversation_id: group }),
    expected: ADMINS,
  },
  {
    name: 'close_report of one that is not there',
    type: 'close_report',
    frame: ({ group }) => ({ conversation_id: group, report_id: '1' }),
    expected: ['not_found', 'not_found', 'forbidden', 'not_member', 'not_found'],
  },
  {
    name: 'get_timeline',
    type: 'get_timeline',
    frame: ({ messageId }) => ({ message_id: messageId }),
    expected: EVER,
  },
  { name: 'list_devices', type: 'list_devices', frame: () => ({}), expected: OK },
  {
    name: 'revoke_device of nobody',
    type: 'revoke_device',
    frame: () => ({ device_id: '1' }),
    expected: ['not_found', 'not_found', 'not_found', 'not_found', 'not_found'],
  },
  { name: 'find_users', type: 'find_users', frame: ({ plain }) => ({ ids: [plain] }), expected: OK },
];
