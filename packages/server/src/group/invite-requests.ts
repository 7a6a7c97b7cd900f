// The requests about ways into a group.
import type { InviteView } from '@parley/protocol/invite';
import type { InviteRecord } from '@parley/ports/invite-store';
import { done, type Handlers } from '../request/request.ts';
import { opened } from './group-requests.ts';
import type { InviteService } from './invite-service.ts';

export function inviteRequests({
  invites,
}: {
  invites: InviteService;
}): Handlers<'create_invite' | 'list_invites' | 'revoke_invite' | 'join' | 'find_channels'> {
  return {
    create_invite: async ({ user }, frame) => {
      const made = await invites.create(user, frame);
      return 'fault' in made ? made : { type: 'invite', ref: frame.ref, invite: viewOf(made) };
    },
    list_invites: async ({ user }, { ref, conversation_id }) => {
      const found = await invites.list(user, conversation_id);
      return 'fault' in found ? found : { type: 'invites', ref, rows: found.map(viewOf) };
    },
    revoke_invite: async ({ user }, frame) => (await invites.revoke(user, frame)) ?? done(frame.ref),
    join: async (session, frame) => opened(frame.ref, await invites.join(session, frame)),
    find_channels: async (_, frame) => {
      const { rows, next } = await invites.channels(frame);
      return {
        type: 'channels',
        ref: frame.ref,
        rows: rows.map(({ conversation, members }) => {
          const title = conversation.kind === 'group' ? conversation.title : '';
          return { conversation_id: conversation.id, title, members };
        }),
        ...(next === undefined ? {} : { next }),
      };
    },
  };
}

function viewOf(invite: InviteRecord): InviteView {
  const { code, conversation, createdBy, expiresAt, usesMax, uses } = invite;
  return {
    code,
    conversation_id: conversation,
    created_by: createdBy,
    expires_at: expiresAt,
    ...(usesMax === undefined ? {} : { uses_max: usesMax }),
    uses,
  };
}
