// What a server of an older protocol version cannot do.
import type { Up } from '@parley/protocol/up';
import { localError, type ParleyError } from './parley-error.ts';

/** The server speaks an older version: it does not know what is asked of it. */
export function olderServer(speaks: number, needed: number): ParleyError {
  return localError(
    'version_unsupported',
    `This server is too old: it speaks version ${speaks} of the protocol; this needs version ${needed}. Nothing was sent.`,
  );
}

/** The version that a frame came with; a server of an earlier one would count it as a bad frame. */
export function versionOf(frame: { type: Up['type'] } & Record<string, unknown>): number {
  if (VERSION_1.has(frame.type)) return frame['ban'] === undefined ? 1 : 3;
  return VERSION_2.has(frame.type) ? 2 : 3;
}

const VERSION_1: ReadonlySet<Up['type']> = new Set([
  'hello',
  'heartbeat',
  'send',
  'pull',
  'received',
  'open_direct',
  'create_group',
  'rename_group',
  'list_conversations',
  'get_conversation',
  'add_members',
  'remove_member',
  'leave_group',
  'set_role',
  'list_members',
  'find_users',
]);

const VERSION_2: ReadonlySet<Up['type']> = new Set([
  'edit_message',
  'delete_message',
  'react',
  'pin_message',
  'get_versions',
]);
