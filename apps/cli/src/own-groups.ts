// The groups that a command of owners and admins is about: the one that was named, or all that the user runs.
import type { ConversationView } from '@parley/client';
import { findConversation } from './conversation-target.ts';
import type { Session } from './session.ts';

export async function* groupsInQuestion(
  session: Session,
  conversation: string | undefined,
): AsyncGenerator<ConversationView, void> {
  if (conversation !== undefined) {
    yield await findConversation(session, { conversation });
    return;
  }
  for await (const view of session.answers(session.client.conversations())) {
    if (view.kind === 'group' && (view.role === 'owner' || view.role === 'admin')) yield view;
  }
}
