// A running server with users who are signed in, for tests that speak the protocol frame by frame.
import { Parley } from './parley.ts';
import type { Scope } from './scope.ts';
import { ServerProcess, type ServerOptions } from './server-process.ts';
import { type Account, registerAccount, WireSession } from './wire-session.ts';

export interface World {
  readonly parley: Parley;
  readonly server: ServerProcess;
  readonly accounts: readonly Account[];
  /** A session of the account at this index. */
  readonly session: (index: number) => Promise<WireSession>;
  /** A group that the first account owns, with all others as members; its conversation id. */
  readonly group: string;
}

export async function openWorld(
  scope: Scope,
  names: readonly string[],
  options: Partial<ServerOptions> = {},
): Promise<World> {
  const parley = new Parley(scope);
  const server = await ServerProcess.start(parley, { directory: scope.folder(), ...options });
  const accounts = await Promise.all(names.map((name) => registerAccount(server.url, name)));
  const session = async (index: number): Promise<WireSession> => {
    const opened = await WireSession.welcomed(server.url, accountAt(accounts, index).token);
    scope.atEnd(() => opened.close());
    return opened;
  };
  const owner = await session(0);
  const member_ids = accounts.slice(1).map(({ user_id }) => user_id);
  const created = await owner.request({
    type: 'create_group',
    client_msg_id: 'the-group',
    title: 'Group',
    member_ids,
  });
  owner.close();
  const { conversation_id: group } = created['conversation'] as { conversation_id: string };
  return { parley, server, accounts, session, group };
}

export function accountAt(accounts: readonly Account[], index: number): Account {
  const account = accounts[index];
  if (account === undefined) throw new Error(`no account ${index}`);
  return account;
}
