// From a commit to the sessions of those who are to know. What goes wrong here costs time and never a message.
import type { ConversationId, Seq, UserId } from '@parley/protocol/ids';
import type { LiveSessions } from '../connection/live-sessions.ts';
import type { Viewers } from '../connection/viewers.ts';
import { encodePush } from './entry-encoding.ts';
import type { LargeGroups } from './large-groups.ts';
import { everyone, isLarge, type News } from './news.ts';

export interface DeliveryParts {
  readonly sessions: LiveSessions;
  readonly viewers: Viewers;
  readonly largeGroups: LargeGroups;
  readonly largeGroupMembers: number;
  /** Tells the other nodes, where there are any, of the new entries of a large group. */
  readonly announce?: ((conversation: ConversationId, first: Seq, head: Seq) => void) | undefined;
}

/** Entries are encoded once, whoever gets them. */
export function deliverTo(parts: DeliveryParts): (news: News) => void {
  const { sessions, viewers, largeGroups, largeGroupMembers } = parts;
  return (news) => {
    const { conversation, entries, roster, changed } = news;
    const frame = encodePush(conversation, entries);
    if (!isLarge(roster, largeGroupMembers)) return sessions.push(everyone(roster, changed), frame);
    // Their own entries senders get on every device, and whoever comes or goes learns of that.
    const told = new Set<UserId>([...entries.map((entry) => entry.sender), ...changed]);
    sessions.push([...told], frame);
    for (const session of viewers.of(conversation).keys()) {
      if (!told.has(session.user) && roster.isMember(session.user)) session.push(frame);
    }
    const head = entries.at(-1)?.seq ?? 0;
    largeGroups.moved(conversation, roster, head);
    parts.announce?.(conversation, entries[0]?.from ?? head, head);
  };
}
