// The requests about conversations and who is in them.
import type { SetGroup, RenameGroup } from '@parley/protocol/conversation';
import type { UserId } from '@parley/protocol/ids';
import type { AddMembers, LeaveGroup, RemoveMember, SetRole, UnbanMember } from '@parley/protocol/member';
import type { LiveSession } from '../connection/live-sessions.ts';
import { changed } from '../request/changed.ts';
import { NO_CONVERSATION, type Answer, type Handlers } from '../request/request.ts';
import type { ConversationViews } from './conversation-views.ts';
import {
  groupSet,
  memberBanned,
  memberLeft,
  memberRemoved,
  memberUnbanned,
  membersAdded,
  renamed,
  roleChanged,
  type GroupChange,
} from './group-changes.ts';
import type { GroupService, Opened } from './group-service.ts';

type Change = RenameGroup | AddMembers | RemoveMember | LeaveGroup | SetRole | UnbanMember | SetGroup;
type Type =
  | Change['type']
  | 'open_direct'
  | 'create_group'
  | 'get_conversation'
  | 'list_conversations'
  | 'list_members';

export function groupRequests(parts: { groups: GroupService; views: ConversationViews }): Handlers<Type> {
  const { groups, views } = parts;
  const change = async (
    session: LiveSession,
    frame: Change,
    groupChange: GroupChange,
    newcomers: readonly UserId[] = [],
  ): Promise<Answer> => {
    const { conversation_id: conversation, client_msg_id: clientMsgId } = frame;
    const request = { conversation, clientMsgId, change: groupChange, newcomers };
    return changed(frame, await groups.change(session, request));
  };
  return {
    open_direct: async (session, frame) => opened(frame.ref, await groups.openDirect(session, frame)),
    create_group: async (session, frame) => opened(frame.ref, await groups.createGroup(session, frame)),
    get_conversation: async (session, { ref, conversation_id }) => {
      const view = await views.one(session, conversation_id);
      return view === undefined ? NO_CONVERSATION : { type: 'conversation', ref, conversation: view };
    },
    list_conversations: async (session, frame) => {
      const page = await views.page(session, frame);
      return { type: 'conversations', ref: frame.ref, ...page, rows: [...page.rows] };
    },
    list_members: async (session, frame) => {
      const page = await views.members(session, frame);
      return page === undefined ? NO_CONVERSATION : { type: 'members', ref: frame.ref, ...page };
    },
    rename_group: (session, frame) => change(session, frame, renamed(session.user, frame.title)),
    add_members: (session, frame) =>
      change(session, frame, membersAdded(session.user, frame.user_ids), frame.user_ids),
    remove_member: (session, frame) => {
      const removed = frame.ban === true ? memberBanned : memberRemoved;
      return change(session, frame, removed(session.user, frame.user_id));
    },
    leave_group: (session, frame) => change(session, frame, memberLeft(session.user)),
    set_role: (session, frame) =>
      change(session, frame, roleChanged(session.user, frame.user_id, frame.role)),
    unban_member: (session, frame) => change(session, frame, memberUnbanned(session.user, frame.user_id)),
    set_group: (session, frame) => change(session, frame, groupSet(session.user, frame)),
  };
}

export function opened(ref: number, outcome: Opened): Answer {
  return 'fault' in outcome ? outcome : { type: 'conversation', ref, conversation: outcome.view };
}
