// An entry in words, for people. All text of others is made harmless here; nothing of it reaches a terminal raw.
import { isKnownEntry, type Entry } from '@parley/protocol/entry';
import { isHidden, type AnyEntry, type NameOf } from './entry-users.ts';
import { preview, saidText, unsupported } from './said-text.ts';
import { sanitizeLine } from './sanitize.ts';

/** What somebody said, or an event of the group that nobody said. Lines are free of control characters. */
export type EntryText =
  | {
      readonly kind: 'said';
      readonly sender: string;
      readonly lines: readonly string[];
      /** Quiet lines before it: what it answers, where it came from. */
      readonly above?: readonly string[];
      /** Quiet words after it: edited, deleted, reactions. */
      readonly after?: string;
    }
  | { readonly kind: 'event'; readonly line: string };

export function entryText(entry: AnyEntry, nameOf: NameOf): EntryText {
  const name: NameOf = (userId) => sanitizeLine(nameOf(userId));
  if (!isKnownEntry(entry)) return { kind: 'event', line: unsupported(name(entry.sender), entry.kind) };
  if (isHidden(entry)) return { kind: 'event', line: `message ${entry.seq} is deleted for you` };
  if (entry.kind !== 'message') return { kind: 'event', line: eventText(entry, name) };
  return saidText(entry, nameOf);
}

type EventEntry = Exclude<Entry, { kind: 'message' }>;

function eventText(entry: EventEntry, name: NameOf): string {
  const sender = name(entry.sender);
  switch (entry.kind) {
    case 'message_edited':
      return `${sender} edited message ${entry.target}: ${preview(entry.content.text ?? `(${entry.content.kind})`)}`;
    case 'message_deleted':
      return `${sender} deleted message ${entry.target}`;
    case 'reaction_added':
      return `${sender} reacted ${sanitizeLine(entry.emoji)} to message ${entry.target}`;
    case 'reaction_removed':
      return `${sender} took ${sanitizeLine(entry.emoji)} back from message ${entry.target}`;
    case 'message_pinned':
      return `${sender} pinned message ${entry.target}`;
    case 'message_unpinned':
      return `${sender} unpinned message ${entry.target}`;
    case 'group_created': {
      const others = entry.members.filter(({ user_id }) => user_id !== entry.sender);
      const withOthers = others.length === 0 ? '' : ` with ${names(others, name)}`;
      return `${sender} created the group "${sanitizeLine(entry.title)}"${withOthers}`;
    }
    case 'group_renamed':
      return `${sender} renamed the group to "${sanitizeLine(entry.title)}"`;
    case 'members_added':
      return `${sender} added ${names(entry.members, name)}`;
    case 'members_joined':
      return `${names(entry.members, name)} joined`;
    case 'member_removed':
      return `${sender} ${entry.banned === true ? 'banned' : 'removed'} ${name(entry.user_id)}`;
    case 'member_unbanned':
      return `${sender} lifted the ban of ${name(entry.user_id)}`;
    case 'group_set':
      return `${sender} changed the group: ${settingWords(entry)}`;
    case 'member_left':
      return entry.new_owner === undefined
        ? `${sender} left`
        : `${sender} left; ${name(entry.new_owner)} is the owner now`;
    case 'role_changed':
      return entry.role === 'owner'
        ? `${sender} made ${name(entry.user_id)} the owner`
        : `${sender} made ${name(entry.user_id)} ${entry.role === 'admin' ? 'an admin' : 'a member'}`;
  }
}

const NAMES_SHOWN_MAX_COUNT = 20;

function names(members: readonly { readonly user_id: Entry['sender'] }[], name: NameOf): string {
  const shown = members.slice(0, NAMES_SHOWN_MAX_COUNT).map(({ user_id }) => name(user_id));
  const rest = members.length - shown.length;
  return rest === 0 ? shown.join(', ') : `${shown.join(', ')} and ${rest} more`;
}

function settingWords(entry: Extract<Entry, { kind: 'group_set' }>): string {
  const { public: open, announcements, slow_mode_s } = entry;
  return [
    open === undefined ? [] : [open ? 'anyone may find and join it' : 'by invitation only'],
    announcements === undefined ? [] : [announcements ? 'only admins write' : 'everyone writes'],
    slow_mode_s === undefined ? [] : [slow_mode_s === 0 ? 'no slow mode' : `slow mode of ${slow_mode_s} s`],
  ]
    .flat()
    .join(', ');
}
