// An entry as one JSON line, for scripts: the fields of the wire, with names beside the ids.
import { isKnownEntry, type Entry } from '@parley/protocol/entry';
import type { ConversationId } from '@parley/protocol/ids';
import type { Member } from '@parley/protocol/role';
import type { AnyEntry, NameOf } from './entry-users.ts';

/** The line's object: {"conversation_id","seq","kind","message_id","sender","sender_id","text","client_msg_id","at",…}. */
export function entryJson(
  conversationId: ConversationId,
  entry: AnyEntry,
  nameOf: NameOf,
): Record<string, unknown> {
  const { sender, seq, kind, message_id, client_msg_id, at, from, ...rest } = entry;
  return {
    conversation_id: conversationId,
    seq,
    ...(from === undefined ? {} : { from }),
    kind,
    message_id,
    sender: nameOf(sender),
    sender_id: sender,
    ...(isKnownEntry(entry) ? knownFields(entry, nameOf) : rest),
    client_msg_id,
    at,
  };
}

function knownFields(entry: Entry, nameOf: NameOf): Record<string, unknown> {
  switch (entry.kind) {
    case 'message':
      return entry.content.kind === 'text' && entry.content.text !== undefined
        ? { text: entry.content.text }
        : { content: entry.content };
    case 'group_created':
      return { title: entry.title, history: entry.history, members: namedMembers(entry.members, nameOf) };
    case 'group_renamed':
      return { title: entry.title };
    case 'members_added':
      return { members: namedMembers(entry.members, nameOf) };
    case 'member_removed':
      return { user_id: entry.user_id, name: nameOf(entry.user_id) };
    case 'member_left':
      return {
        user_id: entry.user_id,
        name: nameOf(entry.user_id),
        ...(entry.new_owner === undefined
          ? {}
          : { new_owner: entry.new_owner, new_owner_name: nameOf(entry.new_owner) }),
      };
    case 'role_changed':
      return { user_id: entry.user_id, name: nameOf(entry.user_id), role: entry.role };
  }
}

function namedMembers(members: readonly Member[], nameOf: NameOf): object[] {
  return members.map(({ user_id, role }) => ({ user_id, name: nameOf(user_id), role }));
}
