// An entry as one JSON line, for scripts: the fields of the wire, with names beside the ids.
import type { Mentions, Message, ReceivedContent } from '@parley/client';
import { isKnownEntry, type Entry } from '@parley/protocol/entry';
import type { ConversationId } from '@parley/protocol/ids';
import type { Member } from '@parley/protocol/role';
import { isHidden, type AnyEntry, type NameOf } from './entry-users.ts';

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
    ...(isHidden(entry) ? { hidden: true } : isKnownEntry(entry) ? knownFields(entry, nameOf) : rest),
    client_msg_id,
    at,
  };
}

function knownFields(entry: Entry, nameOf: NameOf): Record<string, unknown> {
  switch (entry.kind) {
    case 'message':
      return { ...contentFields(entry.content), ...references(entry, nameOf) };
    case 'message_edited': {
      const { target, content, mentions } = entry;
      return { target, ...contentFields(content), ...references({ mentions }, nameOf) };
    }
    case 'message_deleted':
    case 'message_pinned':
    case 'message_unpinned':
      return { target: entry.target };
    case 'reaction_added':
    case 'reaction_removed':
      return { target: entry.target, emoji: entry.emoji };
    case 'group_created':
      return { title: entry.title, history: entry.history, members: namedMembers(entry.members, nameOf) };
    case 'group_renamed':
      return { title: entry.title };
    case 'members_added':
    case 'members_joined':
      return { members: namedMembers(entry.members, nameOf) };
    case 'member_removed': {
      const banned = entry.banned === undefined ? {} : { banned: true };
      return { user_id: entry.user_id, name: nameOf(entry.user_id), ...banned };
    }
    case 'member_unbanned':
      return { user_id: entry.user_id, name: nameOf(entry.user_id) };
    case 'group_set': {
      const { public: open, announcements, slow_mode_s } = entry;
      return definedOnly({ public: open, announcements, slow_mode_s });
    }
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

/** A text stands as text, with its format and attachments where it has them; another content as a whole. */
export function contentFields(content: ReceivedContent): Record<string, unknown> {
  const { kind, text, format, attachments } = content as ReceivedContent & Record<string, unknown>;
  if (kind !== 'text' || text === undefined) return { content };
  return {
    text,
    ...(format === undefined ? {} : { format }),
    ...(attachments === undefined ? {} : { attachments }),
  };
}

export type References = {
  [Name in 'reply_to' | 'thread' | 'mentions' | 'forwarded']?: Message[Name] | undefined;
};

/** What a message refers to, with names: other messages, users, and where it came from. */
export function references(
  { reply_to, thread, mentions, forwarded }: References,
  nameOf: NameOf,
): Record<string, unknown> {
  return {
    ...(reply_to === undefined ? {} : { reply_to }),
    ...(thread === undefined ? {} : { thread }),
    ...(mentions === undefined ? {} : { mentions: namedMentions(mentions, nameOf) }),
    ...(forwarded === undefined
      ? {}
      : { forwarded: { ...forwarded, sender: nameOf(forwarded.sender), sender_id: forwarded.sender } }),
  };
}

function namedMentions({ users, everyone }: Mentions, nameOf: NameOf): object {
  return {
    ...(users === undefined ? {} : { users: users.map((user_id) => ({ user_id, name: nameOf(user_id) })) }),
    ...(everyone === undefined ? {} : { everyone }),
  };
}

function namedMembers(members: readonly Member[], nameOf: NameOf): object[] {
  return members.map(({ user_id, role }) => ({ user_id, name: nameOf(user_id), role }));
}

function definedOnly(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
