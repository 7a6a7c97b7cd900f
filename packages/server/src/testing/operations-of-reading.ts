// The operations about what is read and what a user keeps, for the table of permissions.test.ts.
import { EVER, MEMBERS, OK, type Operation } from './operations.ts';

/** Unread counts are a member's; one who was one is told that he is no more. */
const READERS = ['ok', 'ok', 'ok', 'not_member', 'not_found'] as const;

export const OF_READING: readonly Operation[] = [
  {
    name: 'read',
    type: 'read',
    frame: ({ group, own }) => ({ conversation_id: group, seq: own }),
    expected: READERS,
  },
  {
    name: 'mark_unread',
    type: 'mark_unread',
    frame: ({ group }) => ({ conversation_id: group, seq: 1 }),
    expected: READERS,
  },
  { name: 'get_unread', type: 'get_unread', frame: () => ({}), expected: OK },
  {
    name: 'get_watermarks',
    type: 'get_watermarks',
    frame: ({ group }) => ({ conversation_id: group }),
    expected: MEMBERS,
  },
  {
    name: 'get_receipts',
    type: 'get_receipts',
    frame: ({ group, message }) => ({ conversation_id: group, seq: message }),
    expected: MEMBERS,
  },
  {
    name: 'set_conversation',
    type: 'set_conversation',
    frame: ({ group }) => ({ conversation_id: group, archived: true }),
    expected: READERS,
  },
  {
    name: 'hide_message',
    type: 'hide_message',
    frame: ({ group, message }) => ({ conversation_id: group, target: message }),
    expected: EVER,
  },
  { name: 'list_hidden', type: 'list_hidden', frame: () => ({}), expected: OK },
  {
    name: 'follow_thread',
    type: 'follow_thread',
    frame: ({ group, message }) => ({ conversation_id: group, thread: message, follow: true }),
    expected: READERS,
  },
  { name: 'list_threads', type: 'list_threads', frame: () => ({}), expected: OK },
];
