// Which users an entry speaks of, so that their names can be looked up before it is shown.
import type { Message } from '@parley/client';
import { isKnownEntry, type Entry, type UnknownEntry } from '@parley/protocol/entry';
import type { UserId } from '@parley/protocol/ids';

export type AnyEntry = Entry | UnknownEntry;

/** A message that the user hid: nothing of what it says is shown. */
export function isHidden(entry: AnyEntry & { readonly hidden?: unknown }): boolean {
  return entry.kind === 'message' && entry.hidden === true;
}

/** The name to show for a user; an id that no longer has a user is shown as itself. */
export type NameOf = (userId: UserId) => string;

export function usersOf(entry: AnyEntry): readonly UserId[] {
  if (!isKnownEntry(entry)) return [entry.sender];
  switch (entry.kind) {
    case 'message':
      return [entry.sender, ...referredTo(entry)];
    case 'message_edited':
      return [entry.sender, ...(entry.mentions?.users ?? [])];
    case 'message_deleted':
    case 'reaction_added':
    case 'reaction_removed':
    case 'message_pinned':
    case 'message_unpinned':
    case 'group_renamed':
    case 'group_set':
      return [entry.sender];
    case 'group_created':
    case 'members_added':
    case 'members_joined':
      return [entry.sender, ...entry.members.map((member) => member.user_id)];
    case 'member_removed':
    case 'member_unbanned':
    case 'role_changed':
      return [entry.sender, entry.user_id];
    case 'member_left':
      return entry.new_owner === undefined ? [entry.sender] : [entry.sender, entry.new_owner];
  }
}

/** The same for a message with all that happened to it. */
export function usersOfMessage(message: Message): readonly UserId[] {
  return [message.sender, ...referredTo(message), ...message.reactions.flatMap(({ users }) => users)];
}

type References = { readonly [Name in 'mentions' | 'forwarded']?: Message[Name] | undefined };

function referredTo({ mentions, forwarded }: References): readonly UserId[] {
  return [...(mentions?.users ?? []), ...(forwarded === undefined ? [] : [forwarded.sender])];
}
