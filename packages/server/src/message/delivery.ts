// From a commit to the sessions of those who are to know. What goes wrong here costs time and never a message.
import type { ConversationId, UserId } from '@parley/protocol/ids';
import type { StoredEntry } from '@parley/ports/message-store';
import type { LiveSessions } from '../connection/live-sessions.ts';
import { encodePush } from './entry-encoding.ts';

/** Entries are encoded once, whoever gets them. */
export function announceTo(sessions: LiveSessions) {
  return (conversation: ConversationId, entries: readonly StoredEntry[], users: readonly UserId[]): void => {
    sessions.push(users, encodePush(conversation, entries));
  };
}
