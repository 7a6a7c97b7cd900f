// Opening conversations and changing groups; every change goes under a client_msg_id, so that a retry is harmless.
import type { ConversationView } from '@parley/protocol/conversation';
import type { Changed } from '@parley/protocol/member';
import type { HistoryPolicy, Role } from '@parley/protocol/role';
import type { Calls } from './calls.ts';
import { clientMsgIdOr } from './client-msg-id.ts';
import type { Environment } from './environment.ts';
import type { UserDirectory, UserRef } from './user-directory.ts';

/** `clientMsgId`: the app's own id, so that the change happens once even if the app asks again after a crash. */
export type ChangeOptions = { clientMsgId?: string };

export type NewGroup = ChangeOptions & {
  title: string;
  members: readonly UserRef[];
  /** What a later member may read: all, or what came since joining. The server's default is its own. */
  history?: HistoryPolicy;
};

type ChangeType = 'rename_group' | 'add_members' | 'remove_member' | 'leave_group' | 'set_role';

export class GroupCalls {
  readonly #calls: Calls;
  readonly #users: UserDirectory;
  readonly #environment: Environment;

  constructor(options: { calls: Calls; users: UserDirectory; environment: Environment }) {
    this.#calls = options.calls;
    this.#users = options.users;
    this.#environment = options.environment;
  }

  async openDirect(user: UserRef): Promise<ConversationView> {
    const user_id = await this.#idOf(user);
    return (await this.#calls.ask({ type: 'open_direct', user_id }, 'conversation')).conversation;
  }

  async create({ title, members, history, clientMsgId }: NewGroup): Promise<ConversationView> {
    const client_msg_id = clientMsgIdOr(clientMsgId, this.#environment);
    const member_ids = await this.#users.idsOf(members);
    const more = history === undefined ? {} : { history };
    const frame = { type: 'create_group', client_msg_id, title, member_ids, ...more } as const;
    return (await this.#calls.ask(frame, 'conversation')).conversation;
  }

  rename(conversation_id: string, title: string, options?: ChangeOptions): Promise<Changed> {
    return this.#change('rename_group', { conversation_id, title }, options);
  }

  async add(conversation_id: string, members: readonly UserRef[], options?: ChangeOptions): Promise<Changed> {
    const user_ids = await this.#users.idsOf(members);
    return this.#change('add_members', { conversation_id, user_ids }, options);
  }

  async remove(conversation_id: string, member: UserRef, options?: ChangeOptions): Promise<Changed> {
    return this.#change('remove_member', { conversation_id, user_id: await this.#idOf(member) }, options);
  }

  leave(conversation_id: string, options?: ChangeOptions): Promise<Changed> {
    return this.#change('leave_group', { conversation_id }, options);
  }

  async setRole(
    conversation_id: string,
    { member, role }: { member: UserRef; role: Role },
    options?: ChangeOptions,
  ): Promise<Changed> {
    return this.#change('set_role', { conversation_id, user_id: await this.#idOf(member), role }, options);
  }

  async #change(
    type: ChangeType,
    fields: Record<string, unknown>,
    { clientMsgId }: ChangeOptions = {},
  ): Promise<Changed> {
    const client_msg_id = clientMsgIdOr(clientMsgId, this.#environment);
    return this.#calls.ask({ type, client_msg_id, ...fields }, 'changed');
  }

  async #idOf(user: UserRef): Promise<string> {
    if ('user_id' in user) return user.user_id;
    return (await this.#users.idsOf([user]))[0] ?? '';
  }
}
