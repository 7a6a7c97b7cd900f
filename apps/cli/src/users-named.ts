// Users by name, as a command is given them.
import type { UserView } from '@parley/client';
import { CliError } from './cli-error.ts';
import type { Session } from './session.ts';

/** In the order of the names, each once. One that does not exist refuses them all. */
export async function usersNamed(session: Session, names: readonly string[]): Promise<UserView[]> {
  const wanted = [...new Set(names)];
  const found = await session.answer(session.client.users({ names: wanted })).catch((error: unknown) => {
    const field = error instanceof CliError ? error.field : undefined;
    if (field?.startsWith('names') !== true) throw error;
    // What cannot be a name is no user's.
    throw unknown(session, wanted[Number(/\d+/.exec(field)?.[0] ?? 0)] ?? '');
  });
  const byName = new Map(found.map((user) => [user.name, user]));
  return wanted.map((name) => {
    const user = byName.get(name);
    if (user === undefined) throw unknown(session, name);
    return user;
  });
}

export async function userNamed(session: Session, name: string): Promise<UserView> {
  const [user] = await usersNamed(session, [name]);
  if (user === undefined) throw unknown(session, name);
  return user;
}

function unknown(session: Session, name: string): CliError {
  return new CliError({
    code: 'not_found',
    field: 'name',
    message: `There is no user named ${JSON.stringify(name)} on ${session.profile.url}.`,
  });
}
