// Which conversation a command means: the direct one with a user, or one by its id or its group's title.
import type { ConversationView } from '@parley/client';
import { CliError, usageError } from './cli-error.ts';
import { sanitizeLine } from './sanitize.ts';
import type { Session } from './session.ts';

const ID_PATTERN = /^[1-9][0-9]{0,18}$/;

export interface Target {
  /** A user's name: the value of --to or --with. */
  readonly user?: string | undefined;
  /** The value of --conversation. */
  readonly conversation?: string | undefined;
}

/** Checks that exactly one of the two was given; `userOption` is how the command calls the first. */
export function checkTarget({ user, conversation }: Target, userOption: string): void {
  if (user === undefined && conversation === undefined) {
    throw usageError(`Say which conversation: ${userOption} NAME, or --conversation ID.`);
  }
  if (user !== undefined && conversation !== undefined) {
    throw usageError(`${userOption} and --conversation exclude one another.`);
  }
}

export async function findConversation(session: Session, target: Target): Promise<ConversationView> {
  const { user, conversation } = target;
  if (user !== undefined) return await openDirect(session, user);
  if (conversation === undefined) throw usageError('Say which conversation: --conversation ID.');
  if (ID_PATTERN.test(conversation)) return await session.answer(session.client.conversation(conversation));
  return await findByTitle(session, conversation);
}

/** Words for a conversation: the other user's name or the group's title, harmless for a terminal. */
export function conversationLabel({ kind, peer, title, conversation_id }: ConversationView): string {
  return sanitizeLine((kind === 'direct' ? peer?.name : title) ?? conversation_id);
}

/** The conversation if there is one: unlike `findConversation` it makes none, because nothing is to be said in it. */
export async function findExisting(session: Session, target: Target): Promise<ConversationView | undefined> {
  const { user } = target;
  if (user === undefined) return await findConversation(session, target);
  const [found] = await known(session, user, session.client.users({ names: [user] }));
  if (found === undefined) throw unknownUser(session, user);
  for await (const view of session.answers(session.client.conversations())) {
    if (view.kind === 'direct' && view.peer?.user_id === found.user_id) return view;
  }
  return undefined;
}

function openDirect(session: Session, user: string): Promise<ConversationView> {
  return known(session, user, session.client.openDirect({ name: user }));
}

async function known<T>(session: Session, user: string, asked: Promise<T>): Promise<T> {
  try {
    return await session.answer(asked);
  } catch (error) {
    const isUnknown =
      error instanceof CliError && (error.code === 'not_found' || error.field?.startsWith('names') === true);
    throw isUnknown ? unknownUser(session, user) : error;
  }
}

function unknownUser(session: Session, user: string): CliError {
  return new CliError({
    code: 'not_found',
    message: `There is no user named ${JSON.stringify(user)} on ${session.profile.url}.`,
  });
}

async function findByTitle(session: Session, title: string): Promise<ConversationView> {
  const found: ConversationView[] = [];
  for await (const view of session.answers(session.client.conversations())) {
    if (view.kind === 'group' && view.title === title) found.push(view);
  }
  const [only, ...others] = found;
  if (only !== undefined && others.length === 0) return only;
  throw new CliError({
    code: only === undefined ? 'not_found' : 'ambiguous',
    message:
      only === undefined
        ? `You have no group with the title ${JSON.stringify(title)}. See yours with: parley conversations`
        : `${found.length} of your groups have this title: ${found.map((view) => view.conversation_id).join(', ')}. Give the id.`,
  });
}
